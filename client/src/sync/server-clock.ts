/** The service's clock as far as it is known here, so that every node and SDK lets an entry expire at one moment. */
export interface ServerClock {
  /** How far the service's clock is ahead, in ms. 0 until the first answer. */
  offsetMs(): number;
  /**
   * Learns from one answer. What the header says was true about half the round trip before the answer arrived.
   *
   * @param header `X-Server-Time`, epoch milliseconds; anything else is passed over.
   */
  learn(header: string | null, sentAtMs: number, receivedAtMs: number): void;
  /**
   * Learns from what a stream says, which travels one way for who knows how long: only what differs by more than a second from what the
   * answers of calls told, as it does after a clock was set. While all streams well there are no calls that would tell.
   */
  hear(serverTimeMs: number, receivedAtMs: number): void;
}

const DOUBT_MS = 1_000;
/** As many digits as the header may have. */
const LATEST_MS = 999_999_999_999_999;

export function createServerClock(): ServerClock {
  let offsetMs = 0;
  return {
    offsetMs: () => offsetMs,
    learn(header, sentAtMs, receivedAtMs) {
      if (header === null || !/^\d{1,15}$/.test(header)) return;
      offsetMs = Math.round(Number(header) - (sentAtMs + receivedAtMs) / 2);
    },
    hear(serverTimeMs, receivedAtMs) {
      const heardMs = Math.round(serverTimeMs - receivedAtMs);
      if (serverTimeMs <= LATEST_MS && Math.abs(heardMs - offsetMs) > DOUBT_MS) offsetMs = heardMs;
    },
  };
}
