import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.js';
import type { Logger } from '../log.js';
import type { WriteContext } from './change-log.js';
import { decodeCursor, toPage } from './cursor.js';
import type { Database } from './database.js';
import { insertEvent } from './event-row.js';
import { KEY_COLUMNS, type KeyRecord, type KeyRow, toKeyRow } from './key-rows.js';
import type { KeyScope } from './key-scope.js';
import { createKeyVerifier } from './key-verifier.js';
import type { Page, PageRequest } from './rows.js';
import type { Transaction } from './transaction.js';
import { isUuid } from './uuid.js';

/** A key to be. */
export interface KeyInput {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** Ids of the tenants it may see; `null` = all, later ones included. */
  readonly tenantIds: readonly string[] | null;
  /** ISO 8601. Default `null`: never. */
  readonly expiresAt?: string | null | undefined;
  /** SHA-256 of the key's text, lower-case hex. */
  readonly hash: string;
  /** The first characters of the key, to tell it from others. */
  readonly prefix: string;
}

/** The keys. Every method but `recall`, `forget`, `onRevoked` and `onForgotten`: AppError `store_unavailable`. */
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
   * The key with this hash, if it may be used. Answered from memory for up to an hour in an outage; its `lastUsedAt` is
   * written about once a minute.
   */
  verify(hash: string): Promise<KeyRow | undefined>;
  /** What memory says of the key with this hash; `undefined` = only the database can tell, `asked` = it is being asked. */
  recall(hash: string): 'usable' | 'unusable' | 'asked' | undefined;
  /** Drops a key from memory, by hash, or all keys: the next use asks the database. */
  forget(hash: string | 'all'): void;
  /** Drops the keys that were revoked anywhere since the last call. One cheap statement, for every second. */
  forgetRevoked(): Promise<void>;
  /** Hears the hash of every key this node has revoked. Must not throw. */
  onRevoked(listener: (hash: string) => void): void;
  /** Hears the hash of every key that is dropped from memory, `all` for all: its holder may be let in no more. Must not throw. */
  onForgotten(listener: (hash: string | 'all') => void): void;
}

/** An instant as `toISOString` writes it. To Postgres there is no year 0. */
const INSTANT = /^(?!0000)\d{4}-\d\d-\d\dT[\d:.]{12}Z$/;

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
  let revocationsReadAt: Date | null = null;

  function forget(hash: string | 'all'): void {
    verifier.forget(hash);
    for (const forgetter of forgetters) forgetter(hash);
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
      const [found] = await db.query<KeyRecord>(`SELECT ${KEY_COLUMNS} FROM api_keys k WHERE k.id = $1`, [
        id,
      ]);
      if (found === undefined) throw keyNotFound();
      return toKeyRow(found);
    },

    async revoke(id, context) {
      if (!isUuid(id)) throw keyNotFound();
      const { hash, ...key } = await db.write((transaction) => revokeKey(transaction, id, context));
      forget(hash);
      for (const listener of listeners) listener(hash);
      return key;
    },

    verify: verifier.verify,
    recall: verifier.recall,
    forget,

    async forgetRevoked() {
      const [found] = await db.query<{ readonly at: Date; readonly hashes: readonly string[] }>(REVOKED, [
        revocationsReadAt,
      ]);
      if (found === undefined) return;
      revocationsReadAt = found.at;
      for (const hash of found.hashes) forget(hash);
    },

    onRevoked: (listener) => listeners.push(listener),
    onForgotten: (listener) => forgetters.push(listener),
  };
}

function isListKey(text: string): boolean {
  const [createdAt = '', id = '', ...rest] = text.split(' ');
  return isInstant(createdAt) && isUuid(id) && rest.length === 0;
}

function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return INSTANT.test(text) && !Number.isNaN(time) && new Date(time).toISOString() === text;
}

/** A revocation that took longer than this to commit after it was dated could be missed by {@link Keys.forgetRevoked}. */
const REVOCATION_OVERLAP = `interval '10 seconds'`;
/** No key is held longer. */
const FIRST_LOOK_BACK = `interval '1 hour'`;

const REVOKED = `SELECT now() AS at, ARRAY(SELECT hash FROM api_keys
  WHERE revoked_at > coalesce($1::timestamptz - ${REVOCATION_OVERLAP}, now() - ${FIRST_LOOK_BACK})) AS hashes`;

async function insertKey(transaction: Transaction, input: KeyInput, context: WriteContext): Promise<KeyRow> {
  const { name, scopes, tenantIds, expiresAt = null, hash, prefix } = input;
  const id = randomUUID();
  await transaction.query(
    `INSERT INTO api_keys (id, name, hash, prefix, scopes, tenants, created_at, created_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, now(), $7, $8)`,
    [id, name, hash, prefix, scopes, tenantIds, context.actor, expiresAt],
  );
  const { hash: _hash, ...key } = await requireKey(transaction, id);
  await insertEvent(transaction, context, 'key.create', { id, name, prefix, scopes, tenantIds, expiresAt });
  return key;
}

async function revokeKey(transaction: Transaction, id: string, context: WriteContext) {
  const key = await requireKey(transaction, id);
  if (key.revokedAt !== null) throw keyNotFound();
  await transaction.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [id]);
  const { name, prefix } = key;
  await insertEvent(transaction, context, 'key.revoke', { id, name, prefix });
  return requireKey(transaction, id);
}

async function requireKey(transaction: Transaction, id: string): Promise<KeyRow & { readonly hash: string }> {
  const [found] = await transaction.query<KeyRecord>(
    `SELECT ${KEY_COLUMNS} FROM api_keys k WHERE k.id = $1 FOR UPDATE OF k`,
    [id],
  );
  if (found === undefined) throw keyNotFound();
  return { ...toKeyRow(found), hash: found.hash };
}

function noteUse(db: Database, id: string): Promise<unknown> {
  return db.write((transaction) =>
    transaction.query(
      `UPDATE api_keys SET last_used_at = now()
       WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      [id],
    ),
  );
}

function keyNotFound(): AppError {
  return new AppError('key_not_found', 'There is no such key.');
}
