import { isKeyScope, type KeyScope } from './key-scope.js';

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
}

// Not through Prisma: it reads a NULL list as an empty one, and here NULL means all tenants and empty means none.
export const KEY_COLUMNS = `k.id, k.name, k.prefix, k.hash, k.scopes, k.tenants AS "tenantIds",
  CASE WHEN k.tenants IS NOT NULL THEN ARRAY(SELECT t.slug FROM unnest(k.tenants) WITH ORDINALITY AS u(id, position)
    JOIN tenants t ON t.id = u.id ORDER BY u.position) END AS tenants,
  k.created_at AS "createdAt", k.created_by AS "createdBy", k.expires_at AS "expiresAt",
  k.last_used_at AS "lastUsedAt", k.revoked_at AS "revokedAt"`;

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
