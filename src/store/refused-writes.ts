import type { Logger } from '../log.js';
import type { Database } from './database.js';
import { type RepeatingTask, startRepeatingTask } from './repeating-task.js';

/** A write that was refused, as far as it is counted. */
export interface RefusedWrite {
  /** `nobody` without a valid key. */
  readonly actor: string;
  readonly keyId: string | null;
  /** Method and path, with names for what varies: there are few. */
  readonly route: string;
  /** Of the problem. */
  readonly code: string;
  readonly requestId: string;
}

/** Counts refused writes in memory, and writes the counts down each minute: whoever floods the service adds numbers, not rows. */
export interface RefusedWrites {
  /** Never waits, never throws. */
  count(write: RefusedWrite): void;
  /** Writes down what is counted; what cannot be written is kept. @throws AppError `store_unavailable`. */
  flush(): Promise<void>;
  /** Stops the timer and writes the rest, if the database answers. */
  close(): Promise<void>;
}

const FLUSH_INTERVAL_MS = 60_000;
const MINUTE_MS = 60_000;
/** Counts held at once, while the database is away too; what does not fit is counted together. */
export const MAX_COUNTS = 1_000;
const OTHER = 'other';

interface Count {
  readonly actor: string;
  readonly keyId: string | null;
  /** Of the first of them. */
  readonly requestId: string;
  readonly route: string;
  readonly code: string;
  /** When it began, ISO 8601. */
  readonly minute: string;
  count: number;
}

/** @param now milliseconds since the epoch. */
export function createRefusedWrites(db: Database, log: Logger, now: () => number): RefusedWrites {
  let counts = new Map<string, Count>();
  const task: RepeatingTask = startRepeatingTask({
    name: 'count of refused writes',
    intervalMs: FLUSH_INTERVAL_MS,
    log,
    task: flush,
  });

  function add(count: Count): void {
    const { minute, actor, route, code } = count;
    const key = [minute, actor, route, code].join(' ');
    const known = counts.get(key);
    if (known !== undefined) known.count += count.count;
    else if (counts.size < MAX_COUNTS) counts.set(key, count);
    else addOther(count);
  }

  // Beside the others, and without a minute: an outage must not make them many.
  function addOther(count: Count): void {
    const other = counts.get(OTHER);
    if (other !== undefined) other.count += count.count;
    else counts.set(OTHER, { ...count, actor: OTHER, keyId: null, route: OTHER, code: OTHER });
  }

  async function flush(): Promise<void> {
    if (counts.size === 0) return;
    const taken = counts;
    counts = new Map();
    try {
      await db.write((transaction) => transaction.query(INSERT, [JSON.stringify([...taken.values()])]));
    } catch (error) {
      for (const count of taken.values()) add(count);
      throw error;
    }
  }

  return {
    count(write) {
      const minute = new Date(Math.floor(now() / MINUTE_MS) * MINUTE_MS).toISOString();
      add({ ...write, minute, count: 1 });
    },
    flush,
    async close() {
      await task.stop();
      await flush().catch((err: unknown) => log.warn({ err }, 'refused writes were not written down'));
    },
  };
}

// Of the tenants of the key, as every event about a key. No row of any other table is locked.
const INSERT = `
  INSERT INTO events (at, actor, request_id, action, detail, tenants)
  SELECT date_trunc('milliseconds', clock_timestamp()), r.actor, r."requestId", 'write.refused',
    jsonb_build_object('route', r.route, 'code', r.code, 'minute', r.minute, 'count', r.count), k.tenants
  FROM jsonb_to_recordset($1::jsonb) AS r(actor text, "keyId" uuid, "requestId" text, route text, code text, minute text,
    count integer) LEFT JOIN api_keys k ON k.id = r."keyId"`;
