/** Levels of the tree: as many bits as a revision has. */
const LEVELS = 31;

/**
 * Where to look for the spans of revisions that hold `revision`. Each span hangs on one node of a binary tree over all
 * revisions, the number in it that is divisible by the highest power of two (`version_fork` in the database). Only a span that
 * hangs on an ancestor of a revision can hold it, so 31 look-ups in an ordinary index find all of them, and find nothing
 * else: how much happened before and after plays no part. (Kriegel, Pötke, Seidl: "Managing Intervals Efficiently in
 * Object-Relational Databases", VLDB 2000. A range type with a GiST index would do as well, but for one tenant only with an
 * extension that not every host has.)
 *
 * @returns `before`: nodes up to `revision`, on which a span holds it that ends later; `after`: the others, on which a span
 * holds it that began by then.
 */
export function forksOver(revision: number): {
  readonly before: readonly number[];
  readonly after: readonly number[];
} {
  const before: number[] = [];
  const after: number[] = [];
  for (let level = 0; level < LEVELS; level += 1) {
    const node = ((revision >> level) | 1) << level;
    if (node <= revision) before.push(node);
    // Below the revision's own node there are only nodes of its descendants.
    else if (before.length > 0) after.push(node);
  }
  return { before, after };
}

/** The node on which the span of a row hangs that was so from `revision` on and before `until`: `version_fork` of the database. */
export function forkOf(revision: number, until: number): number {
  const shift = LEVELS - Math.clz32((revision - 1) ^ (until - 1));
  return ((until - 1) >> shift) << shift;
}
