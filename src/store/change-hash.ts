import { createHash } from 'node:crypto';
import { inTurns } from '../turns.js';

/** What one operation of a change is about, and the row before (`null` = created) and after it (`null` = deleted). */
export interface Operation {
  readonly subject: 'tenant' | 'entry' | 'policy';
  readonly before: object | null;
  readonly after: object | null;
}

/** A change without its operations. */
export interface ChangeHead {
  readonly lineage: string;
  readonly revision: number;
  /** ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  readonly actor: string;
  readonly requestId: string;
  readonly action: string;
  /** `hash` of the tenant's change before; `null` for its first. */
  readonly prevHash: string | null;
}

/** A change's operations as JSON, and the hash that covers them and the head. */
export interface SealedChange {
  readonly operations: string;
  readonly hash: string;
}

/**
 * Seals a change: `hash` is the SHA-256, in lower-case hex, of the RFC 8785 form of the object of all fields of `head` and
 * `operations`. It needs nothing but what `GET …/changes` shows, so anybody can check the chain.
 */
export async function sealChange(head: ChangeHead, operations: readonly Operation[]): Promise<SealedChange> {
  const { action, actor, at, lineage, prevHash, requestId, revision } = head;
  const hash = createHash('sha256');
  // The same text as toCanonicalJson({ ...head, operations }), which would hold up every request of the process when a whole
  // list is replaced.
  hash.update(`${toCanonicalJson({ action, actor, at, lineage }).slice(0, -1)},"operations":[`);
  const pieces: string[] = [];
  for await (const turn of inTurns(operations)) {
    const piece = toCanonicalJson(turn).slice(1, -1);
    hash.update(pieces.length === 0 ? piece : `,${piece}`);
    pieces.push(piece);
  }
  hash.update(`],${toCanonicalJson({ prevHash, requestId, revision }).slice(1)}`);
  return { operations: `[${pieces.join(',')}]`, hash: hash.digest('hex') };
}

/**
 * JSON by RFC 8785 for values that are JSON already: what JSON.stringify writes, with the keys in code unit order. (The
 * package `canonicalize`, which the tests compare with, takes ten times as long for a whole list: it concatenates.)
 */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(hasSortedKeys(value) ? value : withSortedKeys(value));
}

function hasSortedKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!Array.isArray(value)) {
    const keys = Object.keys(value);
    if (keys.some((key, index) => index > 0 && key < (keys[index - 1] ?? ''))) return false;
  }
  return Object.values(value).every(hasSortedKeys);
}

function withSortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, member]) => [key, withSortedKeys(member)]));
}
