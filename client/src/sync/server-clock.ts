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
}

export function createServerClock(): ServerClock {
  let offsetMs = 0;
  return {
    offsetMs: () => offsetMs,
    learn(header, sentAtMs, receivedAtMs) {
      if (header === null || !/^\d{1,15}$/.test(header)) return;
      offsetMs = Math.round(Number(header) - (sentAtMs + receivedAtMs) / 2);
    },
  };
}
