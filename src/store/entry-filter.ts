import type { PatternKind } from '@origin-allowlist/client/core';

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

/**
 * The filters as a condition on columns of `entries`.
 *
 * @param now the instant by which the status is judged.
 * @param bind gives the placeholder of a value.
 */
export function toEntryCondition(
  filters: EntryFilters,
  now: Date,
  bind: (value: unknown) => string,
): readonly string[] {
  const { status, kind, ref, label, q, expiresBefore } = filters;
  const conditions: string[] = [];
  if (status !== undefined) conditions.push(withStatus(status, () => bind(now)));
  if (kind !== undefined) conditions.push(`kind = ${bind(kind)}::pattern_kind`);
  if (ref !== undefined) conditions.push(`ref = ${bind(ref)}`);
  if (label !== undefined) conditions.push(`labels @> ARRAY[${bind(label)}]::text[]`);
  if (expiresBefore !== undefined) conditions.push(`expires_at < ${bind(new Date(expiresBefore))}`);
  if (q !== undefined) {
    const text = bind(`%${q.replace(/[\\%_]/g, '\\$&')}%`);
    conditions.push(`(pattern ILIKE ${text} OR note ILIKE ${text} OR ref ILIKE ${text})`);
  }
  return conditions;
}

function withStatus(status: 'active' | 'disabled' | 'expired', now: () => string): string {
  switch (status) {
    case 'disabled':
      return 'NOT enabled';
    case 'expired':
      return `enabled AND expires_at <= ${now()}`;
    case 'active':
      return `enabled AND (expires_at IS NULL OR expires_at > ${now()})`;
  }
}
