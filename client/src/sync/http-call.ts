import type { CallProblem } from '../events.js';
import type { Settings } from '../settings.js';
import type { CallFailure } from './call-failure.js';
import type { ServerClock } from './server-clock.js';
import { letGoOfSocket } from './unheld-socket.js';

/** How an answer begins, whatever its status. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
  /** When the call began: what the service said is at least as new as that. */
  readonly sentAtMs: number;
}

/** A whole answer. */
export interface Answer extends AnswerHead {
  readonly body: Uint8Array;
}

/** An answer whose body is read as it comes. */
export interface OpenAnswer extends AnswerHead {
  readonly body: Response['body'];
}

/** Calls the service: one AbortController each, since a long-lived signal would keep a listener of every call. */
export interface HttpCalls {
  call(path: string, init: CallInit): Promise<Answer | CallFailure>;
  /**
   * Begins a call and leaves its body to the caller, who ends it by the signal: no timeout is kept here. It does not hold the process.
   *
   * @throws what `fetch` throws.
   */
  open(path: string, init: CallInit, signal: AbortSignal): Promise<OpenAnswer>;
  /** Aborts what {@link call} has under way. Later calls are made all the same. */
  close(): void;
}

interface CallInit {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: object;
  /** Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number;
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

  async function begin(
    path: string,
    { method, headers, json }: CallInit,
    signal: AbortSignal,
  ): Promise<Response> {
    const sentAtMs = deps.now();
    const response = await deps.fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...commonHeaders,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      // Followed, the key would go wherever the answer says.
      redirect: 'manual',
      signal,
    });
    serverClock.learn(response.headers.get('x-server-time'), sentAtMs, deps.now());
    return response;
  }

  return {
    async call(path, init) {
      const { timeoutMs = requestTimeoutMs } = init;
      const controller = new AbortController();
      underWay.add(controller);
      const sentAtMs = deps.now();
      let timedOut = false;
      const cancelTimeout = deps.after(timeoutMs, () => {
        timedOut = true;
        controller.abort();
      });
      try {
        const response = await begin(path, init, controller.signal);
        const body = await readBody(response, response.ok ? MAX_BODY_BYTES : MAX_ERROR_BODY_BYTES);
        const { status, headers } = response;
        if (body === undefined && response.ok)
          return failure('body_too_large', 'The answer is too large.', sentAtMs);
        return { status, headers, body: body ?? new Uint8Array(), sentAtMs };
      } catch (error) {
        if (timedOut) return failure('timeout', `No whole answer within ${timeoutMs} ms.`, sentAtMs);
        return failure('unreachable', `The service cannot be reached (${reasonOf(error)}).`, sentAtMs);
      } finally {
        cancelTimeout();
        underWay.delete(controller);
      }
    },
    async open(path, init, signal) {
      const sentAtMs = deps.now();
      const stopLettingGo = letGoOfSocket(`${baseUrl}${path}`);
      try {
        const { status, headers, body } = await begin(path, init, signal);
        return { status, headers, body, sentAtMs };
      } finally {
        stopLettingGo();
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
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : error.message;
}
