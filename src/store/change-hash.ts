import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';

// Its types describe an ES module, but it is CommonJS: an import of it could not be called.
const canonicalize: (value: unknown) => string = createRequire(import.meta.url)('canonicalize');

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

/** Operations written as JSON before other work of the process gets its turn. */
const OPERATIONS_PER_TURN = 1_000;

/**
 * Seals a change: `hash` is the SHA-256, in lower-case hex, of the RFC 8785 form of the object of all fields of `head` and
 * `operations`. It needs nothing but what `GET …/changes` shows, so anybody can check the chain.
 */
export async function sealChange(head: ChangeHead, operations: readonly Operation[]): Promise<SealedChange> {
  const hash = createHash('sha256');
  const parts: string[] = [];
  // The same text as canonicalize({ ...head, operations }), which would hold up every request of the process for a second
  // when a whole list is replaced. Keys in code unit order, RFC 8785 §3.2.3.
  const { action, actor, at, lineage, prevHash, requestId, revision } = head;
  hash.update(`${canonicalize({ action, actor, at, lineage }).slice(0, -1)},"operations":[`);
  for (const [index, operation] of operations.entries()) {
    if (index > 0 && index % OPERATIONS_PER_TURN === 0) await setImmediate();
    const part = canonicalize(operation);
    hash.update(index === 0 ? part : `,${part}`);
    parts.push(part);
  }
  hash.update(`],${canonicalize({ prevHash, requestId, revision }).slice(1)}`);
  return { operations: `[${parts.join(',')}]`, hash: hash.digest('hex') };
}
