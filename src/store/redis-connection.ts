import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../log.js';
import { CircuitOpenError, createCircuitBreaker } from './circuit-breaker.js';
import { inFairTime } from './fair-timeout.js';
import { ADD_TO_COUNT, WRITE_SNAPSHOT } from './redis-script.js';

/** The longest any single command may take before its caller goes on without Redis. */
const REDIS_COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1_000;
/** A socket that owes answers and stays silent this long is replaced. */
const SILENT_SOCKET_MS = 2_000;
/** How long the start waits for Redis; the connection goes on being tried. */
const OPEN_TIMEOUT_MS = 1_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;
/** Failures in a row after which Redis is not asked for {@link BREAKER_OPEN_MS}: a hung server costs each caller 250 ms. */
const BREAKER_FAILURES = 3;
const BREAKER_OPEN_MS = 1_000;

/** Everything {@link openRedis} needs from outside. */
export interface RedisConnectionOptions {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url: string;
  readonly log: Logger;
}

/** Redis as a helper that may be away: nothing here throws because Redis is down, slow or hung. */
export interface RedisConnection {
  /**
   * Runs one command (the call starts synchronously, so commands are sent in the order of calls) and gives its
   * reply, or `undefined` when there was none within {@link REDIS_COMMAND_TIMEOUT_MS}. A command without a reply
   * may still have run. Calls may overlap.
   */
  attempt<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined>;
  /** Listens on a channel over a connection of its own, which resubscribes by itself. Messages may be lost. */
  subscribe(channel: string, onMessage: (text: string) => void): void;
  /** Calls `listener` each time either connection is ready again after it was lost. */
  onReconnect(listener: () => void): void;
  /** Whether Redis answers right now, asked of the server. */
  ping(): Promise<'up' | 'down'>;
  /** Cuts both connections without waiting for the server. Commands after it give `undefined`. */
  close(): void;
}

/**
 * Connects to Redis and waits for the first connection or its first failure, at most a second. Never rejects: a
 * Redis that is down at start is used when it comes up. Losing and finding Redis is logged once each.
 */
export async function openRedis({ url, log }: RedisConnectionOptions): Promise<RedisConnection> {
  const reconnectListeners = new Set<() => void>();
  const connections: Redis[] = [];
  let reachable = true;

  function noteState(up: boolean, cause?: unknown): void {
    if (up === reachable) return;
    reachable = up;
    if (up) log.info({}, 'redis is back');
    else log.warn({ err: cause }, 'redis is away: reading from memory and postgres, announcing nothing');
  }

  const breaker = createCircuitBreaker({
    failures: BREAKER_FAILURES,
    openMs: BREAKER_OPEN_MS,
    now: () => performance.now(),
    onChange: (state, cause) => noteState(state === 'closed', cause),
  });

  function connect(options: RedisOptions): Redis {
    const redis = new Redis(url, { ...COMMON_OPTIONS, ...options });
    let wasReady = false;
    // Without a listener ioredis prints to the console.
    redis.on('error', () => {});
    redis.on('ready', () => {
      if (wasReady) for (const listener of reconnectListeners) listener();
      wasReady = true;
    });
    connections.push(redis);
    return redis;
  }

  const commands = connect(COMMAND_OPTIONS);
  commands.on('error', (cause) => noteState(false, cause));
  commands.on('ready', () => {
    breaker.reset();
    noteState(true);
  });
  await inFairTime(commands.connect(), OPEN_TIMEOUT_MS).catch(() => {});

  async function attempt<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    try {
      // Not by ioredis' own commandTimeout: it takes a reply that waits to be read for one that is missing.
      return await breaker.run(() => inFairTime(command(commands), REDIS_COMMAND_TIMEOUT_MS));
    } catch (cause) {
      if (!(cause instanceof CircuitOpenError)) log.debug({ err: cause }, 'a redis command failed');
      return undefined;
    }
  }

  return {
    attempt,
    subscribe(channel, onMessage) {
      const subscriber = connect(SUBSCRIBER_OPTIONS);
      subscriber.on('message', (_channel, text) => onMessage(text));
      // Waits in the offline queue until connected; rejects only when the connection is closed for good.
      subscriber.subscribe(channel).catch((err: unknown) => log.debug({ err, channel }, 'not subscribed'));
    },
    onReconnect(listener) {
      reconnectListeners.add(listener);
    },
    async ping() {
      return (await attempt((redis) => redis.ping())) === undefined ? 'down' : 'up';
    },
    close() {
      reconnectListeners.clear();
      for (const redis of connections) redis.disconnect();
    },
  };
}

const COMMON_OPTIONS: RedisOptions = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  retryStrategy: (attempt) => Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS),
  // After a failover the old primary answers READONLY: reconnecting finds the new one.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

// Fail fast: a command for a server that is away is the caller's cue to go on, not something to queue or resend.
const COMMAND_OPTIONS: RedisOptions = {
  connectionName: 'origin-allowlist',
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  autoResendUnfulfilledCommands: false,
  socketTimeout: SILENT_SOCKET_MS,
  // Sent by its hash, and in full once after a restart emptied the server's script cache.
  scripts: { addToCount: ADD_TO_COUNT, writeSnapshot: WRITE_SNAPSHOT },
};

// The opposite: a subscription is worth waiting for, and is renewed after every reconnect.
const SUBSCRIBER_OPTIONS: RedisOptions = {
  connectionName: 'origin-allowlist-subscriber',
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  autoResubscribe: true,
};
