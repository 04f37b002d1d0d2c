import type { PatternKind } from '@origin-allowlist/client/core';
import type { Prisma } from './generated/client.js';

/**
 * Which entries to list; several fields narrow together. `status`: an entry that is disabled is `disabled`, whether or not
 * it has expired; the others are `expired` from their `expiresAt` on, and `active` before.
 */
export interface EntryFilters {
  readonly status?: 'active' | 'disabled' | 'expired' | undefined;
  readonly kind?: PatternKind | undefined;
  readonly ref?: string | undefined;
  /** One of the entry's labels. */
  readonly label?: string | undefined;
  /** Text within the pattern, note or ref, without regard to case. */
  readonly q?: string | undefined;
  /** ISO 8601; only entries that expire, and before then. */
  readonly expiresBefore?: string | undefined;
}

/** The filters as Prisma wants them, at the instant `now`. */
export function toEntryCondition(filters: EntryFilters, now: Date): Prisma.EntryWhereInput {
  const { status, kind, ref, label, q, expiresBefore } = filters;
  const conditions: Prisma.EntryWhereInput[] = [];
  if (status !== undefined) conditions.push(withStatus(status, now));
  if (kind !== undefined) conditions.push({ kind });
  if (ref !== undefined) conditions.push({ ref });
  if (label !== undefined) conditions.push({ labels: { has: label } });
  if (expiresBefore !== undefined) conditions.push({ expiresAt: { lt: new Date(expiresBefore) } });
  if (q !== undefined) {
    // Prisma hands the text to ILIKE as it is.
    const text = { contains: q.replace(/[\\%_]/g, '\\$&'), mode: 'insensitive' } as const;
    conditions.push({ OR: [{ pattern: text }, { note: text }, { ref: text }] });
  }
  return { AND: conditions };
}

function withStatus(status: 'active' | 'disabled' | 'expired', now: Date): Prisma.EntryWhereInput {
  switch (status) {
    case 'disabled':
      return { enabled: false };
    case 'expired':
      return { enabled: true, expiresAt: { lte: now } };
    case 'active':
      return { enabled: true, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  }
}
