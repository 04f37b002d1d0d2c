/** One event of a stream. */
export interface StreamEvent {
  readonly event: string;
  // Tests read what they expect out of it; a wrong shape fails the expectation.
  readonly data: ReturnType<typeof JSON.parse>;
}

/** A stream that is open. */
export interface StreamReader {
  readonly status: number;
  readonly headers: Headers;
  /** The next event that is no ping. Rejects after five seconds, and at the end. */
  next(): Promise<StreamEvent>;
  /** Resolves with the text after the last event when the service ends the stream. */
  ended(): Promise<string>;
  close(): void;
}

const NEXT_TIMEOUT_MS = 5_000;

/** Opens `/v1/stream`, for an app that listens. */
export async function openStream(
  url: string,
  key: string,
  tenants: readonly object[],
  instance = 'test',
): Promise<StreamReader> {
  const controller = new AbortController();
  const response = await fetch(`${url}/v1/stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ instance, tenants }),
    signal: controller.signal,
  });
  const events: StreamEvent[] = [];
  let rest = '';
  let wake = (): void => {};
  const end = read();
  end.catch(() => {});

  async function read(): Promise<string> {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      rest += decoder.decode(chunk, { stream: true });
      for (let at = rest.indexOf('\n\n'); at !== -1; at = rest.indexOf('\n\n')) {
        const event = /^event: (\w+)\ndata: (.*)$/.exec(rest.slice(0, at));
        if (event === null) return rest;
        const [, name = '', data = ''] = event;
        rest = rest.slice(at + 2);
        if (name !== 'ping') events.push({ event: name, data: JSON.parse(data) });
        wake();
      }
    }
    return rest;
  }

  return {
    status: response.status,
    headers: response.headers,
    async next() {
      const deadline = AbortSignal.timeout(NEXT_TIMEOUT_MS);
      for (;;) {
        const event = events.shift();
        if (event !== undefined) return event;
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          deadline.addEventListener('abort', () => reject(new Error('no event in time')), { once: true });
          end.then(() => reject(new Error('the stream ended')), reject);
        });
      }
    },
    ended: () => end,
    close: () => controller.abort(),
  };
}
