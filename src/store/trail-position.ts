import { decodeCursor } from './cursor.js';
import { isInstant } from './instant.js';

/** What a row of the trail is: what was written to a tenant, or what happened outside of tenants' revisions. */
export type TrailKind = 'change' | 'event';

/** A place in the trail, which is in the order of these three. */
export interface TrailPosition {
  readonly at: Date;
  readonly kind: TrailKind;
  /** A bigint, as pg gives it. */
  readonly id: string;
}

export type TrailOrder = 'asc' | 'desc';

const ID = /^\d{1,19}$/;
const MAX_BIGINT = 2n ** 63n - 1n;

/** Below zero when `a` comes before `b` in the order. */
export function compareIn(order: TrailOrder): (a: TrailPosition, b: TrailPosition) => number {
  const sign = order === 'asc' ? 1 : -1;
  return (a, b) => {
    const byTime = a.at.getTime() - b.at.getTime();
    if (byTime !== 0) return sign * byTime;
    if (a.kind !== b.kind) return a.kind === 'change' ? -sign : sign;
    return BigInt(a.id) < BigInt(b.id) ? -sign : sign;
  };
}

/** From which id on, within the instant of `position`, rows of `kind` come after it. */
export function idBound(position: TrailPosition, kind: TrailKind, order: TrailOrder): string {
  if (position.kind === kind) return position.id;
  // At one instant changes come before events.
  const comesAfter = (kind === 'event') === (order === 'asc');
  return comesAfter === (order === 'asc') ? '0' : String(MAX_BIGINT);
}

export function positionKey({ at, kind, id }: TrailPosition): string {
  return `${at.toISOString()} ${kind} ${id}`;
}

/** @throws AppError `invalid_input` for a cursor that is none. */
export function positionOf(cursor: string | undefined): TrailPosition | undefined {
  const key = decodeCursor(cursor, (text) => parsePosition(text) !== undefined);
  return key === undefined ? undefined : parsePosition(key);
}

function parsePosition(key: string): TrailPosition | undefined {
  const [at = '', kind, id = '', ...rest] = key.split(' ');
  if (!isInstant(at) || !ID.test(id) || BigInt(id) > MAX_BIGINT || rest.length > 0) return undefined;
  return kind === 'change' || kind === 'event' ? { at: new Date(at), kind, id } : undefined;
}
