import { setImmediate } from 'node:timers/promises';

/** How long a list is worked on before other work of the process gets its turn. */
const TURN_MS = 10;
/** Items between two looks at the clock: few enough that even slow ones make a turn little longer. */
const ITEMS_PER_GROUP = 16;

/**
 * The items in groups; when the work on them has taken its time, the process gets to answer others before the next. By time
 * and not by number, since what an item costs can be its sender's choice.
 */
export async function* inTurns<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  let startMs = performance.now();
  for (let start = 0; start < items.length; start += ITEMS_PER_GROUP) {
    if (performance.now() - startMs >= TURN_MS) {
      await setImmediate();
      startMs = performance.now();
    }
    yield items.slice(start, start + ITEMS_PER_GROUP);
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
