import { randomUUID } from 'node:crypto';
import { type Pattern, parsePattern } from '@origin-allowlist/client/core';
import { Pool } from 'pg';
import { type Database, openDatabase } from '../../src/store/database.js';
import type { EntryInput } from '../../src/store/entry-input.js';
import type { TenantRow } from '../../src/store/rows.js';
import { openStore, type Store, type StoreOptions } from '../../src/store/store.js';
import { createTestDatabase } from '../support/database.js';
import { silentLog } from '../support/silent-log.js';

/** A store over a database of one test file's own, and a way to look into its tables. */
export interface TestStore extends Store {
  readonly databaseUrl: string;
  readonly sql: Pool;
  /** Opens what a store works on; it is closed with this one. */
  openDatabase(): Promise<Database>;
}

/** Who writes in these tests. */
export const context = { actor: 'key:test', requestId: 'request-1' };

/** Opens one in `beforeAll`; `close` it in `afterAll`, which drops the database. */
export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const database = await createTestDatabase();
  const sql = new Pool({ connectionString: database.url, max: 4 });
  const store = await openStore({ databaseUrl: database.url, log: silentLog, ...options });
  const databases: Database[] = [];
  return {
    ...store,
    databaseUrl: database.url,
    sql,
    openDatabase: async () => {
      const opened = await openDatabase({ databaseUrl: database.url, log: silentLog });
      databases.push(opened);
      return opened;
    },
    close: async () => {
      for (const opened of databases) await opened.close();
      await store.close();
      await sql.end();
      await database.drop();
    },
  };
}

/** Creates a tenant under a slug of its own. */
export async function newTenant(store: Store): Promise<TenantRow> {
  const slug = `t-${randomUUID()}`;
  return (await store.tenants.create({ slug, name: 'A tenant' }, context)).value;
}

/** A pattern as the HTTP layer hands it over. */
export function pattern(text: string): Pattern {
  const result = parsePattern(text);
  if (!result.ok) throw new Error(`not a pattern: ${text}`);
  return result.pattern;
}

/** Entries for `https://<name>.example.com`. */
export function inputs(...names: string[]): EntryInput[] {
  return names.map((name) => ({ pattern: pattern(`https://${name}.example.com`) }));
}
