import type { Deps } from '../deps.js';
import type { CallProblem, Emitter, TransportState } from '../events.js';
import { askedPauseMs, backoffMs } from './backoff.js';
import type { CallFailure } from './call-failure.js';

/** How the client stands with the service as a whole, and when it may be called again. Every call reports here. */
export interface Link {
  state(): TransportState;
  /** 0 = call now. */
  retryInMs(): number;
  succeeded(): void;
  failed(failure: CallFailure): void;
  /** The stream is there: the state is `streaming` until {@link streamEnded}, whatever becomes of other calls. */
  streamOpened(): void;
  /** @param failure absent when the stream was not cut, but given up or to be opened again later. */
  streamEnded(failure?: CallFailure): void;
  report(): LinkReport;
  close(): void;
}

/** What `status()` shows of it. */
export interface LinkReport {
  readonly state: TransportState;
  /** Since the service last answered as it should; absent before the first time. */
  readonly lastSuccessAgeMs?: number;
  /** Until the service is called again after a failure; absent when nothing is wrong. */
  readonly retryInMs?: number;
  /** Kept after recovery, for whoever looks later. */
  readonly lastProblem?: CallProblem & { readonly ageMs: number };
}

const UNAUTHORIZED_RETRY_MS = 60_000;

/** @param onChange is called after every report, so that whoever waits for the service can look again. */
export function createLink(deps: Deps, events: Emitter, onChange: () => void): Link {
  let state: TransportState = 'connecting';
  let isStreaming = false;
  let failures = 0;
  let pauseMs = 0;
  let pausedAtMs = 0;
  let lastSuccessAtMs: number | undefined;
  let lastProblem: { readonly problem: CallProblem; readonly atMs: number } | undefined;

  function enter(next: TransportState, problem?: CallProblem): void {
    const isNews = next !== state || problem !== undefined;
    state = next;
    if (isNews) events.emit('transport', problem === undefined ? { state } : { state, problem });
    onChange();
  }

  function pauseAfter({ problem, retryAfterMs }: CallFailure): number {
    // The key may become good at any time, but trying a refused key over and over looks like an attack.
    if (problem.code === 'unauthorized') return UNAUTHORIZED_RETRY_MS;
    return Math.max(backoffMs(deps, failures), askedPauseMs(deps, retryAfterMs ?? 0));
  }

  function retryInMs(): number {
    const sinceMs = deps.now() - pausedAtMs;
    // A clock set back ends the pause: better a call too early than none until the clock has caught up.
    return sinceMs < 0 ? 0 : Math.max(0, pauseMs - sinceMs);
  }

  function succeeded(): void {
    if (state === 'closed') return;
    failures = 0;
    pauseMs = 0;
    lastSuccessAtMs = deps.now();
    enter(isStreaming ? 'streaming' : 'polling');
  }

  function failed(failure: CallFailure): void {
    if (state === 'closed') return;
    const { problem, scope, status, sentAtMs } = failure;
    lastProblem = { problem, atMs: deps.now() };
    if (scope !== 'service') {
      enter(state === 'streaming' && !isStreaming ? 'retrying' : state, problem);
      return;
    }
    // Calls that were under way together fail together: only the first of them lengthens the pause.
    if (retryInMs() > 0 && sentAtMs <= pausedAtMs) return;
    failures += 1;
    pauseMs = pauseAfter(failure);
    pausedAtMs = deps.now();
    if (status === 401 || status === 403) events.emit('unauthorized', { status });
    const next = problem.code === 'unauthorized' ? 'unauthorized' : 'retrying';
    enter(isStreaming ? 'streaming' : next, problem);
  }

  return {
    state: () => state,
    retryInMs,
    succeeded,
    failed,
    streamOpened() {
      isStreaming = true;
      succeeded();
    },
    streamEnded(failure) {
      isStreaming = false;
      if (failure !== undefined) failed(failure);
      else if (state === 'streaming') enter('polling');
    },
    report() {
      const nowMs = deps.now();
      const retry = retryInMs();
      return {
        state,
        ...(lastSuccessAtMs === undefined ? {} : { lastSuccessAgeMs: nowMs - lastSuccessAtMs }),
        ...(retry === 0 ? {} : { retryInMs: retry }),
        ...(lastProblem === undefined
          ? {}
          : { lastProblem: { ...lastProblem.problem, ageMs: nowMs - lastProblem.atMs } }),
      };
    },
    close: () => enter('closed'),
  };
}
