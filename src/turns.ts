import { setImmediate } from 'node:timers/promises';

/** How much of a long list is worked on before other work of the process gets its turn: a few milliseconds' worth. */
const ITEMS_PER_TURN = 1_000;

/** The items in groups; between two groups the process gets to answer others. */
export async function* inTurns<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  for (let start = 0; start < items.length; start += ITEMS_PER_TURN) {
    if (start > 0) await setImmediate();
    yield items.slice(start, start + ITEMS_PER_TURN);
  }
}

/** `items.map(map)`, in turns. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for await (const turn of inTurns(items)) {
    for (const item of turn) results.push(map(item));
  }
  return results;
}
