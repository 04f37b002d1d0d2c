import type { ServerResponse } from 'node:http';
import type { FeedEvent, FollowedTenant, Store } from '../store/store.js';
import type { Principal } from './auth.js';

/** The connections on which SDKs hear of changes: server-sent events, written by hand so that every buffer has a bound. */
export interface Streams {
  /** Whether one more of this key fits on this node. */
  hasRoom(principal: Principal): boolean;
  /** Takes over a response whose head was written, until either side ends it. */
  open(response: ServerResponse, principal: Principal, tenants: readonly FollowedTenant[]): void;
  /** Ends all of them, each with a hint when to come back. */
  close(): void;
}

/** What {@link createStreams} stands on. */
export interface StreamsOptions {
  readonly store: {
    readonly feed: Pick<Store['feed'], 'follow'>;
    readonly keys: Pick<Store['keys'], 'onForgotten' | 'verify'>;
  };
  /** Names this node to the SDK. */
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 (included) to 1 (excluded). Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const PING_INTERVAL_MS = 15_000;
const MAX_STREAMS = 10_000;
/** So that one key cannot take them all. */
const MAX_STREAMS_PER_KEY = 5_000;
/** A reader with more unread than this is cut at once; with more than the second at two pings in a row, too. */
const MAX_UNREAD_BYTES = 1_024 * 1_024;
const SLOW_UNREAD_BYTES = 256 * 1_024;
/** Streams end by themselves, so that nodes that are added get their share and old connections do not pile up. */
const MIN_AGE_MS = 600_000;
const AGE_SPREAD_MS = 300_000;
/** A reader that is sent away alone comes back within this. */
const RETRY_SPREAD_MS = 1_000;
/** When all are sent away, each adds to the spread, so that 40 a second come back; to this at most. */
const RETRY_SPREAD_MS_EACH = 25;
const MAX_RETRY_SPREAD_MS = 30_000;
/** How long a reader that is behind has to hear the end. */
const LAST_WORDS_TIMEOUT_MS = 1_000;

interface Stream {
  readonly response: ServerResponse;
  readonly keyHash: string;
  readonly checkedAgeMs: () => number | undefined;
  /** Whether the reader was slow at the last ping. */
  wasSlow: boolean;
  /** @param retrySpreadMs within which it is to come back. */
  end(retrySpreadMs?: number): void;
  /** Has it end with its key (`null` = never), if not before of age. */
  endWithKey(expiresAt: string | null): void;
}

export function createStreams({ store, node, now, random = Math.random }: StreamsOptions): Streams {
  const streams = new Set<Stream>();
  /** What all who are told the same are told is written out once. */
  const frames = new WeakMap<FeedEvent, string>();
  const countByKey = new Map<string, number>();
  let isClosed = false;
  let pings: NodeJS.Timeout | undefined;

  store.keys.onForgotten((hash) => {
    for (const stream of streams) if (hash === 'all' || stream.keyHash === hash) void followKey(stream);
  });

  /** Its key was revoked, or replaced and ends earlier now. One that cannot be looked up may be either. */
  async function followKey(stream: Stream): Promise<void> {
    const key = await store.keys.verify(stream.keyHash).catch(() => undefined);
    if (key === undefined) stream.end();
    else stream.endWithKey(key.expiresAt);
  }

  function frameOf(event: FeedEvent): string {
    const known = frames.get(event);
    if (known !== undefined) return known;
    const { kind, ...data } = event;
    const frame = toFrame(kind, 'ack' in data && !data.ack ? { ...data, ack: undefined } : data);
    frames.set(event, frame);
    return frame;
  }

  function write({ response }: Pick<Stream, 'response'>, frame: string): void {
    if (response.destroyed || response.writableEnded) return;
    response.write(frame);
    // `destroy`, not `end`: the end would wait behind everything that is not read.
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  }

  function ping(): void {
    const serverTimeMs = now();
    for (const stream of streams) {
      const isSlow = stream.response.writableLength > SLOW_UNREAD_BYTES;
      if (isSlow && stream.wasSlow) stream.response.destroy();
      stream.wasSlow = isSlow;
      const ageMs = stream.checkedAgeMs();
      const checkedAgeMs = ageMs === undefined ? null : Math.round(ageMs);
      write(stream, toFrame('ping', { serverTimeMs, checkedAgeMs }));
    }
  }

  function count(keyHash: string, difference: number): void {
    const next = (countByKey.get(keyHash) ?? 0) + difference;
    if (next === 0) countByKey.delete(keyHash);
    else countByKey.set(keyHash, next);
  }

  return {
    hasRoom: ({ keyHash }) =>
      !isClosed && streams.size < MAX_STREAMS && (countByKey.get(keyHash) ?? 0) < MAX_STREAMS_PER_KEY,

    open(response, principal, tenants) {
      write({ response }, toFrame('hello', { node, serverTimeMs: now(), pingIntervalMs: PING_INTERVAL_MS }));
      const following = store.feed.follow(tenants, principal, (event) => write(stream, frameOf(event)));
      const agedAtMs = now() + MIN_AGE_MS + random() * AGE_SPREAD_MS;
      let aging: NodeJS.Timeout | undefined;
      const stream: Stream = {
        response,
        keyHash: principal.keyHash,
        checkedAgeMs: following.checkedAgeMs,
        wasSlow: false,
        end: (retrySpreadMs = RETRY_SPREAD_MS) =>
          end(response, `retry: ${Math.round(random() * retrySpreadMs)}\n\n`),
        endWithKey(expiresAt) {
          clearTimeout(aging);
          const endAtMs = expiresAt === null ? agedAtMs : Math.min(agedAtMs, Date.parse(expiresAt));
          if (!response.writableEnded)
            aging = setTimeout(() => stream.end(), Math.max(0, endAtMs - now())).unref();
        },
      };
      stream.endWithKey(principal.expiresAt);
      streams.add(stream);
      count(principal.keyHash, 1);
      // The key may have been revoked or replaced since it was read: a body takes its time.
      if (principal.keyId !== null) void followKey(stream);
      pings ??= setInterval(ping, PING_INTERVAL_MS).unref();
      response.once('close', () => {
        clearTimeout(aging);
        following.stop();
        streams.delete(stream);
        count(principal.keyHash, -1);
        if (streams.size > 0) return;
        clearInterval(pings);
        pings = undefined;
      });
    },

    close() {
      isClosed = true;
      const spreadMs = Math.max(RETRY_SPREAD_MS, streams.size * RETRY_SPREAD_MS_EACH);
      for (const stream of streams) stream.end(Math.min(spreadMs, MAX_RETRY_SPREAD_MS));
    },
  };
}

// The socket goes as soon as the last bytes have: what a reader leaves open would keep a server that stops from stopping.
function end(response: ServerResponse, lastWords: string): void {
  const { socket } = response;
  const cut = setTimeout(() => socket?.destroy(), LAST_WORDS_TIMEOUT_MS).unref();
  response.end(lastWords, () => {
    clearTimeout(cut);
    socket?.destroy();
  });
}

function toFrame(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
