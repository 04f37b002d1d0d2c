import type { Conflict } from './conflicts.js';
import type { Decision, DecisionRequest } from './core/decision.js';

/** A tenant's version: the revision counts within its lineage only. */
export interface Version {
  readonly lineage: string;
  readonly revision: number;
}

/**
 * How the client stands with the service: `connecting` until the first answer · `streaming` while it hears of every change as it
 * happens · `polling` while it does not · `retrying` after a failure, with growing pauses · `unauthorized` while the key is refused,
 * one try a minute · `closed`.
 */
export type TransportState = 'connecting' | 'streaming' | 'polling' | 'retrying' | 'unauthorized' | 'closed';

/** Why a call to the service came to nothing. */
export interface CallProblem {
  readonly code:
    | 'unreachable'
    | 'timeout'
    | 'unauthorized'
    | 'busy'
    | 'redirected'
    | 'unexpected_status'
    | 'body_too_large'
    | 'body_invalid'
    | 'digest_mismatch'
    | 'snapshot_invalid';
  /** One sentence for people. Holds neither the key nor anything of a body. */
  readonly detail: string;
}

/**
 * Why a copy on disk is not decided by: `not_genuine`: not, or not as a whole, what was written under this key for this tenant and service ·
 * `too_old`: confirmed longer ago than `maxStalenessMs` · `of_the_future` · `unreadable`: the file system, or a copy of another format.
 */
export type DiskRefusal = 'not_genuine' | 'too_old' | 'of_the_future' | 'unreadable';

/**
 * `used`: a tenant is decided by its copy until the service answers · `refused`: its copy is not, and is overwritten in time · `failed`:
 * copies cannot be written or listed, told once until it succeeds again.
 */
export type DiskNews =
  | ({ readonly outcome: 'used'; readonly tenant: string; readonly ageMs: number } & Version)
  | { readonly outcome: 'refused'; readonly tenant: string; readonly reason: DiskRefusal }
  | { readonly outcome: 'failed'; readonly detail: string };

/** What each event tells its listeners. */
export interface AllowlistEvents {
  /** The first list was loaded. Once. */
  readonly ready: { readonly tenant: string } & Version;
  /** A tenant is decided by another version from now on. `from` is absent when it was not held, `to` when it is gone. */
  readonly changed: { readonly tenant: string; readonly from?: Version; readonly to?: Version };
  /** The service has not confirmed a tenant's list for `maxStalenessMs`. */
  readonly stale: { readonly tenant: string; readonly ageMs: number };
  /** A stale list is confirmed again. */
  readonly recovered: { readonly tenant: string };
  /** The service refused the key. Lists that are held stay in use. At each try, so once a minute. */
  readonly unauthorized: { readonly status: 401 | 403 };
  /** A cross-origin request was refused. At most 10 a second; `suppressed` counts those left out since the last one told. */
  readonly refused: {
    readonly request: DecisionRequest;
    readonly decision: Decision;
    readonly suppressed: number;
  };
  /** Other code writes CORS headers too, as a rule a second CORS layer: take it out. Once for each adapter. */
  readonly conflict: Conflict;
  /** The standing with the service changed, or a try failed again. */
  readonly transport: { readonly state: TransportState; readonly problem?: CallProblem };
  /** What became of the copies under `cacheDirectory`. */
  readonly disk: DiskNews;
  /** Code of the application failed: the tenant resolver or a listener. At most 10 a second. */
  readonly error: {
    readonly source: 'tenant' | 'listener';
    readonly error: unknown;
    readonly suppressed: number;
  };
}

/** The name of an event. */
export type AllowlistEvent = keyof AllowlistEvents;

/** Hears one event. It may throw or reject: that is told as an `error` event and stops nothing. */
export type Listener<E extends AllowlistEvent> = (event: AllowlistEvents[E]) => void;

/** Tells listeners what happened. */
export interface Emitter {
  /** @returns removes the listener. */
  on<E extends AllowlistEvent>(event: E, listener: Listener<E>): () => void;
  emit<E extends AllowlistEvent>(event: E, detail: AllowlistEvents[E]): void;
  /** Whether anybody listens, so that a hot path need not build what nobody hears. */
  hears(event: AllowlistEvent): boolean;
}

/** @param onFailure is told what a listener threw or rejected with; not for listeners of `error`, which could go round in circles. */
export function createEmitter(onFailure: (error: unknown) => void): Emitter {
  // A map of boxes, not of functions: one function may be added twice and removed once.
  const listeners: { readonly [E in AllowlistEvent]: Set<{ readonly listener: Listener<E> }> } = {
    ready: new Set(),
    changed: new Set(),
    stale: new Set(),
    recovered: new Set(),
    unauthorized: new Set(),
    refused: new Set(),
    conflict: new Set(),
    transport: new Set(),
    disk: new Set(),
    error: new Set(),
  };

  function run<E extends AllowlistEvent>(event: E, listener: Listener<E>, detail: AllowlistEvents[E]): void {
    const report = event === 'error' ? () => {} : onFailure;
    try {
      const result: unknown = listener(detail);
      if (result instanceof Promise) result.catch(report);
    } catch (error) {
      report(error);
    }
  }

  return {
    on(event, listener) {
      const box = { listener };
      listeners[event].add(box);
      return () => listeners[event].delete(box);
    },
    emit(event, detail) {
      for (const { listener } of [...listeners[event]]) run(event, listener, detail);
    },
    hears: (event) => listeners[event].size > 0,
  };
}
