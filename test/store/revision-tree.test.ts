import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forkOf, forksOver } from '../../src/store/revision-tree.js';

const MAX_REVISION = 2 ** 31 - 1;
const revision = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: MAX_REVISION }));

describe('given any span of revisions', () => {
  it('hangs on the number in it that is divisible by the highest power of two', () => {
    fc.assert(
      fc.property(revision, revision, (a, b) => {
        const [since, last] = [Math.min(a, b), Math.min(Math.max(a, b), MAX_REVISION - 1)];
        fc.pre(since <= last);
        expect(forkOf(since, last + 1)).toBe(nodeOf(since, last));
      }),
    );
  });

  it('is looked for at the node it hangs on, by every revision it holds', () => {
    fc.assert(
      fc.property(revision, revision, revision, (...three) => {
        const [since = 0, held = 0, last = 0] = three.toSorted((a, b) => a - b);
        const node = nodeOf(since, last);
        const { before, after } = forksOver(held);
        expect(node <= held ? before : after).toContain(node);
      }),
    );
  });

  it('is not found by any other revision, going by its near end alone', () => {
    fc.assert(
      fc.property(revision, revision, revision, (a, b, other) => {
        const [since, last] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(other < since || other > last);
        const node = nodeOf(since, last);
        const { before, after } = forksOver(other);
        const isFound = (before.includes(node) && last >= other) || (after.includes(node) && since <= other);
        expect(isFound).toBe(false);
      }),
    );
  });
});

describe('given any revision', () => {
  it('is looked for at no more nodes than it has bits', () => {
    fc.assert(
      fc.property(revision, (held) => {
        const { before, after } = forksOver(held);
        expect(before.length + after.length).toBeLessThanOrEqual(31);
        expect([...before, ...after].every((node) => node >= 1 && node <= MAX_REVISION)).toBe(true);
      }),
    );
  });

  it('is looked for where the words say', () => {
    expect(forksOver(6)).toEqual({
      before: [6, 4],
      after: [...Array(28)].map((_, level) => 2 ** (level + 3)),
    });
  });
});

/** The number in the span that is divisible by the highest power of two. */
function nodeOf(since: number, last: number): number {
  for (let level = 30; level >= 0; level -= 1) {
    const node = Math.floor(last / 2 ** level) * 2 ** level;
    if (node >= since) return node;
  }
  throw new Error('every span holds a multiple of one');
}
