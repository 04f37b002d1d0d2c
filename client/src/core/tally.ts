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
