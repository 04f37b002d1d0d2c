import { type Delta, isSlug, parseDelta } from '../core/index.js';

/** What the service says on a stream. */
export type StreamMessage =
  | { readonly kind: 'hello'; readonly serverTimeMs: number | undefined }
  | { readonly kind: 'delta'; readonly tenant: string; readonly delta: Delta; readonly ack: boolean }
  /** Also what a delta is that cannot be read: the list has to be loaded all the same. */
  | { readonly kind: 'resync'; readonly tenant: string; readonly ack: boolean }
  | { readonly kind: 'gone'; readonly tenant: string }
  /** `checkedAgeMs` ago the service knew that it had told everything; `undefined` = it never did. */
  | {
      readonly kind: 'ping';
      readonly checkedAgeMs: number | undefined;
      readonly serverTimeMs: number | undefined;
    };

/**
 * Reads one event of a stream.
 *
 * @returns `undefined` for an event of a kind it does not know, which a newer service may send, and for one that names no tenant.
 */
export function readMessage(name: string, data: string): StreamMessage | undefined {
  const fields = readFields(data);
  if (name === 'hello') return { kind: 'hello', serverTimeMs: durationOf(fields?.serverTimeMs) };
  if (fields === undefined) return undefined;
  if (name === 'ping') {
    const { checkedAgeMs, serverTimeMs } = fields;
    return { kind: 'ping', checkedAgeMs: durationOf(checkedAgeMs), serverTimeMs: durationOf(serverTimeMs) };
  }
  const { tenant } = fields;
  if (typeof tenant !== 'string' || !isSlug(tenant)) return undefined;
  const ack = fields.ack === true;
  switch (name) {
    case 'delta': {
      const delta = tryDelta(fields);
      return delta === undefined ? { kind: 'resync', tenant, ack } : { kind: 'delta', tenant, delta, ack };
    }
    case 'resync':
      return { kind: 'resync', tenant, ack };
    case 'gone':
      return { kind: 'gone', tenant };
    default:
      return undefined;
  }
}

function readFields(data: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An age, or a time since 1970. */
function durationOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

function tryDelta(fields: Readonly<Record<string, unknown>>): Delta | undefined {
  try {
    return parseDelta(fields);
  } catch {
    return undefined;
  }
}
