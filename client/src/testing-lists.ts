import { parseSnapshot, type Snapshot, type SnapshotEntry } from './core/index.js';
import { checkPattern, snapshotOf, type TestEntry, type TestList } from './testing-list.js';

/** What the service of a test has: the newest snapshot of each tenant, whether the client has heard of it or not. */
export interface TestLists {
  all(): readonly Snapshot[];
  set(list: TestList): void;
  add(entries: readonly TestEntry[]): void;
  remove(pattern: string): boolean;
  load(snapshot: unknown): void;
}

const LINEAGE = '00000000-0000-4000-8000-000000000000';

/**
 * @param slug of the lists that name no tenant.
 * @param isOnly whether there is no other tenant.
 */
export function createTestLists(slug: string, isOnly: boolean): TestLists {
  const lists = new Map<string, Snapshot>();

  function put(snapshot: Snapshot): void {
    const { tenant } = snapshot;
    if (isOnly && tenant !== slug)
      throw new TypeError(`The list is of the tenant ${tenant}, and the options name ${slug}.`);
    lists.set(tenant, snapshot);
  }

  function write(list: TestList): void {
    const tenant = list.tenant ?? slug;
    const { lineage = LINEAGE, revision = 0 } = lists.get(tenant) ?? {};
    put(snapshotOf(list, { tenant, lineage, revision: revision + 1 }));
  }

  /** By their patterns; of two with one pattern the later counts. */
  function writeEntries(entries: ReadonlyMap<string, SnapshotEntry>): void {
    write({ policies: lists.get(slug)?.policies ?? [], entries: [...entries.values()] });
  }

  function entriesNow(): Map<string, SnapshotEntry> {
    return new Map(lists.get(slug)?.entries.map((entry) => [entry.pattern, entry]));
  }

  return {
    all: () => [...lists.values()],
    set: write,
    add(added) {
      const entries = entriesNow();
      for (const entry of added) {
        const whole = typeof entry === 'string' ? { pattern: entry } : entry;
        entries.set(whole.pattern, whole);
      }
      writeEntries(entries);
    },
    remove(pattern) {
      // A slip of the pen would leave the entry there, and the test none the wiser.
      checkPattern(pattern);
      const entries = entriesNow();
      if (!entries.delete(pattern)) return false;
      writeEntries(entries);
      return true;
    },
    load: (snapshot) => put(parseSnapshot(snapshot)),
  };
}
