/** How many times each key was counted. Keys that were counted out are gone, so `size` and `keys()` tell what exists. */
export type Tally<Key> = Map<Key, number>;

/** Counts a key in. */
export function increment<Key>(tally: Tally<Key>, key: Key): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}

/** Counts a key out. */
export function decrement<Key>(tally: Tally<Key>, key: Key): void {
  const count = tally.get(key) ?? 0;
  if (count > 1) tally.set(key, count - 1);
  else tally.delete(key);
}

/** The same of small numbers that every request is asked about: a map takes ten times as long to tell. */
export type Counts = Uint32Array;

/** @param largest number that there may be; any other is never counted. */
export function createCounts(largest: number): Counts {
  return new Uint32Array(largest + 1);
}

/** Counts a number in. */
export function countIn(counts: Counts, number: number): void {
  counts[number] = (counts[number] ?? 0) + 1;
}

/** Counts a number out. */
export function countOut(counts: Counts, number: number): void {
  counts[number] = Math.max(0, (counts[number] ?? 0) - 1);
}

/** Whether a number is counted at all. */
export function isCounted(counts: Counts, number: number): boolean {
  return (counts[number] ?? 0) > 0;
}
