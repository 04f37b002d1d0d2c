import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.js';
import { violatedIndex } from './database-error.js';
import { insertEvent } from './event-row.js';
import { KEY_COLUMNS, type KeyRecord, type KeyRow, requireStandingKey, toKeyRow } from './key-rows.js';
import type { KeyScope } from './key-scope.js';
import type { Transaction } from './transaction.js';
import type { WriteContext } from './write-context.js';

/** What the store keeps of a key's text. */
export interface KeyText {
  /** SHA-256 of it, lower-case hex. */
  readonly hash: string;
  /** Its first characters, to tell it from others. */
  readonly prefix: string;
}

/** A key to be. */
export interface KeyInput extends KeyText {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** Ids of the tenants it may see; `null` = all, later ones included. */
  readonly tenantIds: readonly string[] | null;
  /** ISO 8601. Default `null`: never. */
  readonly expiresAt?: string | null | undefined;
}

/** The key that replaces another, with its name, scopes and tenants. */
export interface KeyRotation extends KeyText {
  /** How long the old key goes on; 0 = it is revoked. */
  readonly overlapSeconds: number;
  /** When the new key ends, ISO 8601. Default: when the old one would have. */
  readonly expiresAt?: string | null | undefined;
}

/** What came of a rotation. */
export interface RotatedKey {
  readonly key: KeyRow;
  /** When the key that was replaced ends. */
  readonly oldKeyEndsAt: string;
}

type StoredKey = KeyRow & { readonly hash: string };

export async function insertKey(
  transaction: Transaction,
  input: KeyInput,
  context: WriteContext,
): Promise<KeyRow> {
  const { name, prefix, scopes, tenantIds, expiresAt = null } = input;
  const { hash: _hash, ...key } = await insertRow(transaction, input, context, null);
  const detail = { id: key.id, name, prefix, scopes, tenantIds, expiresAt };
  await insertEvent(transaction, context, 'key.create', detail, tenantIds);
  await requireStandingKey(transaction, context);
  return key;
}

/** @throws AppError `key_not_found`, also for one that is revoked already. */
export async function revokeKey(
  transaction: Transaction,
  id: string,
  context: WriteContext,
): Promise<StoredKey> {
  const key = await requireKey(transaction, id);
  if (key.revokedAt !== null) throw keyNotFound();
  await transaction.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [id]);
  const { name, prefix, tenantIds } = key;
  await insertEvent(transaction, context, 'key.revoke', { id, name, prefix }, tenantIds);
  // A key may revoke itself.
  if (context.keyId !== id) await requireStandingKey(transaction, context);
  return requireKey(transaction, id);
}

/**
 * @returns also the hash of the key that was replaced.
 * @throws AppError `key_not_found`, also for one that has ended; `key_replaced`.
 */
export async function rotateKey(
  transaction: Transaction,
  id: string,
  rotation: KeyRotation,
  context: WriteContext,
): Promise<RotatedKey & { readonly oldHash: string }> {
  const old = await requireKey(transaction, id);
  if (old.replacedBy !== null) throw keyReplaced(old.replacedBy);
  const { prefix, hash, overlapSeconds, expiresAt = old.expiresAt } = rotation;
  const { name, scopes, tenantIds } = old;
  const { hash: _hash, ...key } = await insertRow(
    transaction,
    { name, scopes, tenantIds, expiresAt, hash, prefix },
    context,
    id,
  );
  // Before the old one ends: it may be the one that asks.
  await requireStandingKey(transaction, context);
  const oldKeyEndsAt = await endKey(transaction, id, overlapSeconds);
  const detail = {
    ...{ id, name, prefix: old.prefix, endsAt: oldKeyEndsAt },
    replacedBy: { id: key.id, prefix, scopes, tenantIds, expiresAt },
  };
  await insertEvent(transaction, context, 'key.rotate', detail, tenantIds);
  return { key, oldKeyEndsAt, oldHash: old.hash };
}

/** @throws AppError `key_not_found`, also when the key has ended. */
async function endKey(transaction: Transaction, id: string, overlapSeconds: number): Promise<string> {
  const [ended] = await transaction.query<{ readonly endsAt: Date }>(
    `UPDATE api_keys SET revoked_at = CASE WHEN $2 = 0 THEN now() END,
       expires_at = CASE WHEN $2 = 0 THEN expires_at ELSE least(expires_at, now() + make_interval(secs => $2)) END
     WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
     RETURNING coalesce(revoked_at, expires_at) AS "endsAt"`,
    [id, overlapSeconds],
  );
  if (ended === undefined) throw keyNotFound();
  return ended.endsAt.toISOString();
}

async function insertRow(
  transaction: Transaction,
  { name, scopes, tenantIds, expiresAt = null, hash, prefix }: KeyInput,
  { actor }: WriteContext,
  rotatedFrom: string | null,
): Promise<StoredKey> {
  const id = randomUUID();
  await transaction
    .query(
      `INSERT INTO api_keys (id, name, hash, prefix, scopes, tenants, created_at, created_by, expires_at, rotated_from, line_id)
       VALUES ($1, $2, $3, $4, $5, $6, now(), $7, $8, $9, (SELECT coalesce(line_id, id) FROM api_keys WHERE id = $9))`,
      [id, name, hash, prefix, scopes, tenantIds, actor, expiresAt, rotatedFrom],
    )
    .catch((error: unknown) => {
      // Of two rotations at once the second has waited, and read what was before the first.
      throw violatedIndex(error) === 'api_keys_rotated_from_key' ? keyReplaced() : error;
    });
  return requireKey(transaction, id);
}

async function requireKey(transaction: Transaction, id: string): Promise<StoredKey> {
  const [found] = await transaction.query<KeyRecord>(
    `SELECT ${KEY_COLUMNS} FROM api_keys k WHERE k.id = $1 FOR UPDATE OF k`,
    [id],
  );
  if (found === undefined) throw keyNotFound();
  return { ...toKeyRow(found), hash: found.hash };
}

export function keyNotFound(): AppError {
  return new AppError('key_not_found', 'There is no such key.');
}

function keyReplaced(replacedBy?: string): AppError {
  return new AppError('key_replaced', 'The key was rotated already: rotate the one that replaced it.', {
    ...(replacedBy !== undefined && { extra: { replacedBy } }),
  });
}
