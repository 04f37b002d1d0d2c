import type { Version } from '../events.js';
import type { Settings } from '../settings.js';
import { askedPauseMs, streamBackoffMs } from './backoff.js';
import type { CatchUp } from './catch-up.js';
import type { HttpCalls } from './http-call.js';
import type { SyncParts } from './loader.js';
import type { ServerClock } from './server-clock.js';
import { openStream, type StreamConnection, type StreamEnd } from './stream-connection.js';
import type { StreamMessage } from './stream-message.js';
import { versionOf } from './tenants.js';

/** Keeps one stream open for all tenants that are held, for ever. */
export interface Stream {
  /** Whether all that is held is kept current by the stream, so that nobody need ask. */
  coversAll(): boolean;
  covers(slug: string): boolean;
  /**
   * Looks whether the stream tells of what is held, and opens another one in its place a second after the last such look when not.
   * Does nothing while it pauses after a failure.
   */
  refresh(): void;
  /** What the stream says of the tenant does not lead on to what is held: it needs a stream that begins there. */
  uncover(slug: string): void;
  /** The service could not be reached for a stream, and will be tried again: a poll that failed the same way need not hurry. */
  isWaiting(): boolean;
  close(): void;
}

/** A stream takes no more; who holds more polls. */
const MAX_STREAMED = 1_000;
/** Many tenants load one after the other: one new stream for all of them. */
const DEBOUNCE_MS = 1_000;
/** Also while tenants load without a pause. */
const LONGEST_DEBOUNCE_MS = 10_000;

/** A connection and what it was opened for. */
interface Place {
  /** Less those that were dropped, or loaded another way, since. */
  readonly covered: Set<string>;
  /** It has lived to its first ping. */
  isProven: boolean;
  connection: StreamConnection | undefined;
}

export function createStream(
  settings: Settings,
  instance: string,
  http: HttpCalls,
  { tenants, link, counters }: SyncParts,
  catchUp: CatchUp,
  serverClock: ServerClock,
): Stream {
  const { deps, tenant, service } = settings;
  let current: Place | undefined;
  /** Takes the place of `current` once it is greeted, so that nothing is missed between the two. */
  let next: Place | undefined;
  let failures = 0;
  let hasStreamed = false;
  let isUnreachable = false;
  let cancelRetry: (() => void) | undefined;
  let cancelDebounce: (() => void) | undefined;
  let debouncedSinceMs = 0;

  /** What the stream should tell of. A tenant named in the options is asked for also while there is none. */
  function wanted(): ReadonlyMap<string, Version | undefined> {
    const versions = new Map<string, Version | undefined>();
    if (typeof tenant === 'string') versions.set(tenant, undefined);
    for (const { slug, compiled } of tenants.all()) versions.set(slug, versionOf(compiled));
    return versions;
  }

  function refresh(): void {
    if (!settings.stream || link.state() === 'closed' || cancelRetry !== undefined) return;
    const slugs = [...wanted().keys()];
    const place = next ?? current;
    if (slugs.length === 0 || slugs.length > MAX_STREAMED) hangUp();
    else if (place !== undefined && slugs.every((slug) => place.covered.has(slug))) return;
    // The first one of a single tenant has nothing to wait for.
    else if (!hasStreamed && typeof tenant === 'string') open();
    else debounce();
  }

  function debounce(): void {
    if (cancelDebounce === undefined) debouncedSinceMs = deps.now();
    cancelDebounce?.();
    const leftMs = LONGEST_DEBOUNCE_MS - Math.abs(deps.now() - debouncedSinceMs);
    cancelDebounce = deps.after(Math.max(0, Math.min(DEBOUNCE_MS, leftMs)), () => {
      cancelDebounce = undefined;
      open();
    });
  }

  function open(): void {
    const versions = wanted();
    // One at a time; its greeting looks again.
    if (next !== undefined || versions.size === 0 || versions.size > MAX_STREAMED) return;
    if (link.retryInMs() > 0) {
      retryIn(link.retryInMs());
      return;
    }
    const place: Place = { covered: new Set(versions.keys()), isProven: false, connection: undefined };
    next = place;
    place.connection = openStream(
      settings,
      http,
      { instance, service, tenants: versions },
      { message: (message) => hear(place, message), ended: (end) => ended(place, end) },
    );
  }

  function hear(place: Place, message: StreamMessage): void {
    switch (message.kind) {
      case 'hello':
        hearTime(message.serverTimeMs);
        takeOver(place);
        return;
      case 'ping':
        hearTime(message.serverTimeMs);
        confirm(place, message.checkedAgeMs);
        return;
      default:
        catchUp.take(message);
    }
  }

  function hearTime(serverTimeMs: number | undefined): void {
    if (serverTimeMs !== undefined) serverClock.hear(serverTimeMs, deps.now());
  }

  function takeOver(place: Place): void {
    current?.connection?.close();
    current = place;
    next = undefined;
    if (hasStreamed) counters.reconnects += 1;
    hasStreamed = true;
    link.streamOpened();
    refresh();
  }

  function confirm(place: Place, checkedAgeMs: number | undefined): void {
    place.isProven = true;
    failures = 0;
    catchUp.forgive();
    if (checkedAgeMs === undefined || place !== current) return;
    const nowMs = deps.now();
    const atMs = nowMs - checkedAgeMs;
    for (const held of tenants.all()) {
      // Never earlier than another call showed, save where the clock was set back.
      const isLater = atMs > held.confirmedAtMs || held.confirmedAtMs > nowMs;
      if (isLater && covers(held.slug)) tenants.confirm(held, atMs);
    }
  }

  function ended(place: Place, { failure, retryMs = 0 }: StreamEnd): void {
    if (failure !== undefined) counters.callsFailed += 1;
    if (place === current) {
      current = undefined;
      link.streamEnded(failure);
    } else {
      next = undefined;
      if (failure !== undefined) link.failed(failure);
    }
    if (link.state() === 'closed') return;
    const isPlanned = failure === undefined && place.isProven;
    if (!isPlanned) failures += 1;
    isUnreachable = failure?.problem.code === 'unreachable';
    const pauseMs = isPlanned ? 0 : streamBackoffMs(deps, failures);
    const askedMs = askedPauseMs(deps, failure?.retryAfterMs ?? retryMs);
    // The one that is being opened may do.
    if (next === undefined) retryIn(Math.max(pauseMs, askedMs, link.retryInMs()));
  }

  function retryIn(delayMs: number): void {
    cancelDebounce?.();
    cancelDebounce = undefined;
    cancelRetry?.();
    cancelRetry = deps.after(delayMs, () => {
      cancelRetry = undefined;
      open();
    });
  }

  function covers(slug: string): boolean {
    return current?.covered.has(slug) === true && !catchUp.isBehind(slug);
  }

  function hangUp(): void {
    cancelDebounce?.();
    cancelDebounce = undefined;
    next?.connection?.close();
    current?.connection?.close();
    next = undefined;
    current = undefined;
    link.streamEnded();
  }

  return {
    coversAll() {
      const held = tenants.all();
      const isLoaded = typeof tenant !== 'string' || tenants.get(tenant) !== undefined;
      return current !== undefined && isLoaded && held.every(({ slug }) => covers(slug));
    },
    covers,
    refresh,
    uncover(slug) {
      current?.covered.delete(slug);
      next?.covered.delete(slug);
      refresh();
    },
    isWaiting: () => isUnreachable && cancelRetry !== undefined,
    close() {
      cancelRetry?.();
      hangUp();
    },
  };
}
