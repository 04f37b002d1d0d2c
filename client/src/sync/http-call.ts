import type { CallProblem } from '../events.js';
import type { Settings } from '../settings.js';
import type { ServerClock } from './server-clock.js';

/** A whole answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** When the call began: what the service said is at least as new as that. */
  readonly sentAtMs: number;
}

/** A call that came to nothing. */
export interface CallFailure {
  readonly kind: 'failure';
  readonly problem: CallProblem;
  /** What is wrong: the `service` as a whole, so that other calls wait too, or the answer about one `tenant`. */
  readonly scope: 'service' | 'tenant';
  readonly sentAtMs: number;
  readonly status?: number;
  /** How long the service asked to be left alone. */
  readonly retryAfterMs?: number;
}

/** Calls the service: one AbortController each, since a long-lived signal would keep a listener of every call. */
export interface HttpCalls {
  call(path: string, init: CallInit): Promise<Answer | CallFailure>;
  /** Aborts what is under way. */
  close(): void;
}

interface CallInit {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The largest list the service takes is 32 MiB as written by its admins; its snapshot says less about each entry, and policies more. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** An error is a small problem document or somebody else's page, which is not read further. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

export function createHttpCalls(settings: Settings, serverClock: ServerClock): HttpCalls {
  const { deps, baseUrl, key, service, requestTimeoutMs } = settings;
  const underWay = new Set<AbortController>();
  const commonHeaders = {
    accept: 'application/json',
    authorization: `Bearer ${key}`,
    'user-agent': `origin-allowlist-client${service === undefined ? '' : ` (${service})`}`,
  };

  return {
    async call(path, init) {
      const controller = new AbortController();
      underWay.add(controller);
      const sentAtMs = deps.now();
      let timedOut = false;
      const cancelTimeout = deps.after(requestTimeoutMs, () => {
        timedOut = true;
        controller.abort();
      });
      try {
        const response = await deps.fetch(`${baseUrl}${path}`, {
          ...init,
          headers: { ...commonHeaders, ...init.headers },
          // Followed, the key would go wherever the answer says.
          redirect: 'manual',
          signal: controller.signal,
        });
        serverClock.learn(response.headers.get('x-server-time'), sentAtMs, deps.now());
        const body = await readBody(response, response.ok ? MAX_BODY_BYTES : MAX_ERROR_BODY_BYTES);
        const { status, headers } = response;
        if (body === undefined && response.ok)
          return failure('body_too_large', 'The answer is too large.', sentAtMs);
        return { status, headers, body: body ?? new Uint8Array(), sentAtMs };
      } catch (error) {
        if (timedOut) return failure('timeout', `No whole answer within ${requestTimeoutMs} ms.`, sentAtMs);
        return failure('unreachable', `The service cannot be reached (${reasonOf(error)}).`, sentAtMs);
      } finally {
        cancelTimeout();
        underWay.delete(controller);
      }
    },
    close() {
      for (const controller of underWay) controller.abort();
    },
  };
}

function failure(code: CallProblem['code'], detail: string, sentAtMs: number): CallFailure {
  const scope = code === 'body_too_large' ? 'tenant' : 'service';
  return { kind: 'failure', problem: { code, detail }, scope, sentAtMs };
}

/** @returns `undefined` when there is more than `limitBytes`; the rest is not received. */
async function readBody(response: Response, limitBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the stream, which frees the connection.
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Node's fetch says only "fetch failed"; the system's code is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : error.message;
}
