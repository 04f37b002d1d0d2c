import type { CallProblem, Version } from '../events.js';
import type { Settings } from '../settings.js';
import { type CallFailure, failure, failureOf } from './call-failure.js';
import { type AnswerHead, type HttpCalls, reasonOf } from './http-call.js';
import { createSseParser, SseError } from './sse-parser.js';
import { readMessage, type StreamMessage } from './stream-message.js';

/** What the client asks to be told about. */
export interface StreamRequest {
  readonly instance: string;
  readonly service: string | undefined;
  /** `undefined` = not held. */
  readonly tenants: ReadonlyMap<string, Version | undefined>;
}

/** How a connection ended that was not closed from here. */
export interface StreamEnd {
  /** Absent when the service said beforehand when to come back. */
  readonly failure?: CallFailure;
  /** When to come back, as the service has it. */
  readonly retryMs?: number;
}

/** Who hears a connection. Nothing is told after it was closed, nor after its end. */
export interface StreamListener {
  /** `hello` comes once, before all others. */
  readonly message: (message: StreamMessage) => void;
  readonly ended: (end: StreamEnd) => void;
}

/** One connection on which the service tells of changes. */
export interface StreamConnection {
  /** Hangs up. May be called again. */
  close(): void;
}

/** The service greets at once: what keeps the greeting back would keep changes back. */
const HELLO_TIMEOUT_MS = 10_000;
/** Three pings. */
const READ_TIMEOUT_MS = 45_000;

/** Opens a connection; it has an AbortController of its own. */
export function openStream(
  { deps }: Settings,
  http: HttpCalls,
  request: StreamRequest,
  listener: StreamListener,
): StreamConnection {
  const controller = new AbortController();
  const sentAtMs = deps.now();
  let isOver = false;
  let hasGreeted = false;
  let retryMs: number | undefined;
  let cancelTimeout = deps.after(HELLO_TIMEOUT_MS, () =>
    fail('timeout', `The stream sent no greeting within ${HELLO_TIMEOUT_MS / 1000} s.`),
  );

  function end(how: StreamEnd): void {
    if (isOver) return;
    hangUp();
    listener.ended(how);
  }

  function hangUp(): void {
    isOver = true;
    cancelTimeout();
    controller.abort();
  }

  function fail(code: CallProblem['code'], detail: string): void {
    end({ failure: { kind: 'failure', problem: { code, detail }, scope: 'stream', sentAtMs } });
  }

  function waitForMore(): void {
    cancelTimeout();
    cancelTimeout = deps.after(READ_TIMEOUT_MS, () =>
      fail('timeout', `The stream was silent for ${READ_TIMEOUT_MS / 1000} s.`),
    );
  }

  function tell(message: StreamMessage): void {
    if (message.kind === 'hello') {
      if (hasGreeted) return;
      hasGreeted = true;
      waitForMore();
    }
    // What comes before the greeting is not of this protocol.
    if (hasGreeted) listener.message(message);
  }

  async function run(): Promise<void> {
    const answer = await http.open(
      'v1/stream',
      { method: 'POST', headers: { accept: 'text/event-stream' }, json: bodyOf(request) },
      controller.signal,
    );
    const refusal = refusalOf(answer, deps.now());
    if (refusal !== undefined) return end({ failure: refusal });
    const parser = createSseParser();
    for await (const chunk of answer.body ?? []) {
      // Bytes may still come after hanging up from within a listener.
      if (isOver) return;
      if (hasGreeted) waitForMore();
      for (const said of parser.push(chunk)) {
        if (said.kind === 'retry') retryMs = said.retryMs;
        const message = said.kind === 'event' ? readMessage(said.name, said.data) : undefined;
        if (message !== undefined && !isOver) tell(message);
      }
    }
    if (retryMs !== undefined) return end({ retryMs });
    fail('unreachable', 'The service ended the stream.');
  }

  run().catch((error: unknown) => {
    if (error instanceof SseError) fail('body_invalid', `The stream cannot be read: ${error.message}`);
    else fail('unreachable', `The stream was cut (${reasonOf(error)}).`);
  });

  return { close: hangUp };
}

function bodyOf({ instance, service, tenants }: StreamRequest): object {
  return {
    instance,
    ...(service !== undefined && { service }),
    tenants: [...tenants].map(([slug, version]) => ({
      slug,
      lineage: version?.lineage ?? null,
      revision: version?.revision ?? null,
    })),
  };
}

/** @returns `undefined` for an answer that is a stream. */
function refusalOf(answer: AnswerHead, nowMs: number): CallFailure | undefined {
  if (answer.status === 200) {
    const isStream = /^text\/event-stream\b/i.test(answer.headers.get('content-type') ?? '');
    return isStream ? undefined : failure(answer, 'body_invalid', 'The answer is no stream.', 'stream');
  }
  const refusal = failureOf(answer, nowMs);
  // A key that is refused here is refused everywhere; without a stream all else can still be had.
  return refusal.problem.code === 'unauthorized' ? refusal : { ...refusal, scope: 'stream' };
}
