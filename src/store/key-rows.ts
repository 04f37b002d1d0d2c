import { AppError } from '../errors.js';
import { isKeyScope, type KeyScope } from './key-scope.js';
import type { Transaction } from './transaction.js';

/** A key as callers see it: never its text, nor the hash of it. */
export interface KeyRow {
  readonly id: string;
  readonly name: string;
  /** The first characters of the key, to tell it from others. */
  readonly prefix: string;
  readonly scopes: KeyScope[];
  /** Ids of the tenants it may see; `null` = all, later ones included. */
  readonly tenantIds: string[] | null;
  /** Their slugs, deleted tenants' too. */
  readonly tenants: string[] | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  /** Id of the key that it replaced. */
  readonly rotatedFrom: string | null;
  /** Id of the key that replaced it. */
  readonly replacedBy: string | null;
}

/** A key as read. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly tenantIds: string[] | null;
  readonly tenants: string[] | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly rotatedFrom: string | null;
  readonly replacedBy: string | null;
}

// Not through Prisma: it reads a NULL list as an empty one, and here NULL means all tenants and empty means none.
export const KEY_COLUMNS = `k.id, k.name, k.prefix, k.hash, k.scopes, k.tenants AS "tenantIds",
  CASE WHEN k.tenants IS NOT NULL THEN ARRAY(SELECT t.slug FROM unnest(k.tenants) WITH ORDINALITY AS u(id, position)
    JOIN tenants t ON t.id = u.id ORDER BY u.position) END AS tenants,
  k.created_at AS "createdAt", k.created_by AS "createdBy", k.expires_at AS "expiresAt",
  k.last_used_at AS "lastUsedAt", k.revoked_at AS "revokedAt", k.rotated_from AS "rotatedFrom",
  (SELECT n.id FROM api_keys n WHERE n.rotated_from = k.id) AS "replacedBy"`;

export function toKeyRow({ hash: _hash, ...key }: KeyRecord): KeyRow {
  return {
    ...key,
    // A scope that this version does not know gives nothing.
    scopes: key.scopes.filter(isKeyScope),
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}

/** How a key is named as the one who did something. */
export function keyActor(id: string): string {
  return `key:${id}`;
}

/**
 * Whether the key may still be used, for the last statement before a COMMIT: a write may wait for its tenant, or take long over
 * many rows, and its key may be revoked meanwhile. The key of the settings (`null`) and the service itself always may.
 *
 * @throws AppError `unauthorized`: rolls the write back.
 */
export async function requireStandingKey(
  transaction: Transaction,
  { keyId = null }: { readonly keyId?: string | null | undefined },
): Promise<void> {
  if (keyId === null) return;
  const standing = await transaction.query(
    `SELECT FROM api_keys WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
    [keyId],
  );
  if (standing.length === 0) {
    throw new AppError('unauthorized', 'The key was revoked or has expired meanwhile; nothing was written.');
  }
}
