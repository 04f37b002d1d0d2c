import { expect } from 'vitest';
import type { Store } from '../../src/store/store.js';
import type { TrailQuery, TrailRow } from '../../src/store/trail.js';
import type { TrailOrder } from '../../src/store/trail-position.js';

/** Every row of every page, which are as short as `limit`. */
export async function readAll(
  { trail }: Pick<Store, 'trail'>,
  query: TrailQuery,
  options: {
    readonly order?: TrailOrder;
    readonly limit?: number;
    readonly tenantIds?: readonly string[];
  } = {},
): Promise<TrailRow[]> {
  const { order, limit = 3, tenantIds = null } = options;
  const rows: TrailRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await trail.list(query, { limit, cursor, order }, { tenantIds });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    rows.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

/** The changes and events of an export, and its last line. */
export async function exported({ trail }: Pick<Store, 'trail'>, query: TrailQuery) {
  const lines: ReturnType<typeof JSON.parse>[] = [];
  for await (const line of trail.lines(query)) lines.push(JSON.parse(line));
  return { rows: lines.slice(0, -1), end: lines.at(-1) };
}
