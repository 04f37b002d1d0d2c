import { AppError } from '../errors.js';

/**
 * The key in a cursor; `undefined` when there is no cursor: the first page.
 *
 * @param isKey Whether a text can be a key of the list, so that only what {@link toPage} was given gets into a query.
 * @throws AppError `invalid_input` for anything else.
 */
export function decodeCursor(
  cursor: string | undefined,
  isKey: (text: string) => boolean,
): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (isKey(key) && encodeCursor(key) === cursor) return key;
  throw new AppError('invalid_input', 'The cursor is none that this list gave.', {
    errors: [
      { pointer: '/query/cursor', code: 'cursor_invalid', detail: 'Take it from `nextCursor` as it is.' },
    ],
  });
}

/** A page of `limit` rows out of one row more, which only tells that there is another page. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { rows: page, nextCursor: hasMore ? encodeCursor(keyOf(last)) : null };
}

/** The cursor that {@link decodeCursor} reads. */
export function encodeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}
