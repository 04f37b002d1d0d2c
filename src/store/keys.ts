import type { Logger } from '../log.js';
import { decodeCursor, toPage } from './cursor.js';
import type { Database } from './database.js';
import { isInstant } from './instant.js';
import { KEY_COLUMNS, type KeyRecord, type KeyRow, toKeyRow } from './key-rows.js';
import { createKeyVerifier } from './key-verifier.js';
import {
  insertKey,
  type KeyInput,
  type KeyRotation,
  keyNotFound,
  type RotatedKey,
  revokeKey,
  rotateKey,
} from './key-writes.js';
import type { Page, PageRequest } from './rows.js';
import { isUuid } from './uuid.js';
import type { WriteContext } from './write-context.js';

/**
 * The keys. Every method but `recall`, `forget`, `onChanged` and `onForgotten`: AppError `store_unavailable`; every write: `unauthorized`, when
 * the key that asks for it has ended meanwhile.
 */
export interface Keys {
  create(input: KeyInput, context: WriteContext): Promise<KeyRow>;
  /** Newest first, revoked ones included. `tenantIds`: only keys bound to some of these; absent or `null` = all. */
  list(
    page: PageRequest & { readonly tenantIds?: readonly string[] | null | undefined },
  ): Promise<Page<KeyRow>>;
  /** @throws AppError `key_not_found`. */
  get(id: string): Promise<KeyRow>;
  /** Revokes a key, on this node at once. @throws AppError `key_not_found`, also for one that is revoked already. */
  revoke(id: string, context: WriteContext): Promise<KeyRow>;
  /**
   * Makes a key that replaces another, which goes on for the overlap; this node knows at once. Both are of one line: what one made
   * counts as made by each.
   *
   * @throws AppError `key_not_found`, also for one that has ended; `key_replaced`, with `replacedBy`.
   */
  rotate(id: string, rotation: KeyRotation, context: WriteContext): Promise<RotatedKey>;
  /**
   * The key with this hash, if it may be used. Answered from memory for up to an hour in an outage; its `lastUsedAt` is
   * written about once a minute.
   */
  verify(hash: string): Promise<KeyRow | undefined>;
  /** What memory says of the key with this hash; `undefined` = only the database can tell, `asked` = it is being asked. */
  recall(hash: string): 'usable' | 'unusable' | 'asked' | undefined;
  /** Drops a key from memory, by hash, or all keys: the next use asks the database. */
  forget(hash: string | 'all'): void;
  /** Drops the keys that were revoked or rotated anywhere since the last call. One cheap statement, for every half second. */
  forgetChanged(): Promise<void>;
  /** Hears the hash of every key this node has revoked or rotated. Must not throw. */
  onChanged(listener: (hash: string) => void): void;
  /** Hears the hash of every key that is dropped from memory, `all` for all: it may have ended, or end earlier. Must not throw. */
  onForgotten(listener: (hash: string | 'all') => void): void;
}

// What it takes to revoke a key, and to hear of it, goes apart from the rest: a stolen key is revoked while it floods the service.
export function createKeys(db: Database, log: Logger, now: () => number): Keys {
  const listeners: ((hash: string) => void)[] = [];
  const forgetters: ((hash: string | 'all') => void)[] = [];
  const verifier = createKeyVerifier({
    now,
    load: async (hash) => {
      const [found] = await db.query<KeyRecord>(`SELECT ${KEY_COLUMNS} FROM api_keys k WHERE k.hash = $1`, [
        hash,
      ]);
      return found && toKeyRow(found);
    },
    onUse: (id) => {
      noteUse(db, id).catch((error: unknown) => log.debug({ err: error, keyId: id }, 'could not note a use'));
    },
  });
  let changesReadAt: Date | null = null;
  /** What was heard of lately: the look back overlaps, and each change is to be acted on once. */
  let heard: ReadonlySet<string> = new Set();

  function forget(hash: string | 'all'): void {
    verifier.forget(hash);
    for (const forgetter of forgetters) forgetter(hash);
  }

  function change(hash: string): void {
    forget(hash);
    for (const listener of listeners) listener(hash);
  }

  return {
    create: (input, context) => db.write((transaction) => insertKey(transaction, input, context)),

    async list({ limit, cursor, tenantIds = null }) {
      const [createdAt = null, id = null] = decodeCursor(cursor, isListKey)?.split(' ') ?? [];
      const found = await db.query<KeyRecord>(
        `SELECT ${KEY_COLUMNS} FROM api_keys k
         WHERE ($1::uuid[] IS NULL OR (k.tenants <@ $1 AND k.tenants && $1))
           AND ($2::timestamptz IS NULL OR (k.created_at, k.id) < ($2, $3::uuid))
         ORDER BY k.created_at DESC, k.id DESC LIMIT $4`,
        [tenantIds, createdAt, id, limit + 1],
      );
      const { rows, nextCursor } = toPage(found, limit, (key) => `${key.createdAt.toISOString()} ${key.id}`);
      return { items: rows.map(toKeyRow), nextCursor };
    },

    async get(id) {
      if (!isUuid(id)) throw keyNotFound();
      const [found] = await db.apart.query<KeyRecord>(
        `SELECT ${KEY_COLUMNS} FROM api_keys k WHERE k.id = $1`,
        [id],
      );
      if (found === undefined) throw keyNotFound();
      return toKeyRow(found);
    },

    async revoke(id, context) {
      if (!isUuid(id)) throw keyNotFound();
      const { hash, ...key } = await db.apart.write((transaction) => revokeKey(transaction, id, context));
      change(hash);
      return key;
    },

    async rotate(id, rotation, context) {
      if (!isUuid(id)) throw keyNotFound();
      const { oldHash, ...rotated } = await db.apart.write((transaction) =>
        rotateKey(transaction, id, rotation, context),
      );
      change(oldHash);
      return rotated;
    },

    verify: verifier.verify,
    recall: verifier.recall,
    forget,

    async forgetChanged() {
      const [found] = await db.apart.query<{ readonly at: Date; readonly changes: readonly string[] }>(
        CHANGED,
        [changesReadAt],
      );
      if (found === undefined) return;
      changesReadAt = found.at;
      const fresh = found.changes.filter((one) => !heard.has(one));
      heard = new Set(found.changes);
      for (const one of fresh) forget(one.slice(0, HASH_LENGTH));
    },

    onChanged: (listener) => listeners.push(listener),
    onForgotten: (listener) => forgetters.push(listener),
  };
}

function isListKey(text: string): boolean {
  const [createdAt = '', id = '', ...rest] = text.split(' ');
  return isInstant(createdAt) && isUuid(id) && rest.length === 0;
}

const HASH_LENGTH = 64;
/** A change that took longer than this to commit after it was dated could be missed by {@link Keys.forgetChanged}. */
const CHANGE_OVERLAP = `interval '10 seconds'`;
/** No key is held longer. */
const FIRST_LOOK_BACK = `interval '1 hour'`;

// A rotation is dated by the key that it made. Each is told with its date: a key may be rotated first and revoked then.
const CHANGED = `WITH since AS (SELECT coalesce($1::timestamptz - ${CHANGE_OVERLAP}, now() - ${FIRST_LOOK_BACK}) AS at)
  SELECT now() AS at, ARRAY(
    SELECT k.hash || k.revoked_at FROM api_keys k, since WHERE k.revoked_at > since.at
    UNION ALL
    SELECT k.hash || n.created_at FROM since, api_keys n JOIN api_keys k ON k.id = n.rotated_from WHERE n.created_at > since.at
  ) AS changes`;

function noteUse(db: Database, id: string): Promise<unknown> {
  return db.write((transaction) =>
    transaction.query(
      `UPDATE api_keys SET last_used_at = now()
       WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      [id],
    ),
  );
}
