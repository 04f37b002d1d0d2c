import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { databaseUrl, templateName, withClient } from './database-template.js';

/** A database of one test file's own, with every migration applied. */
export interface TestDatabase {
  readonly url: string;
  /** Drops it, connections and all. Whatever is not dropped goes at the end of the run. */
  drop(): Promise<void>;
}

/** Copies the migrated template: `const database = await createTestDatabase()` in `beforeAll`, `drop` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return createDatabaseFrom(templateName(inject('databasePrefix')));
}

/** A database without a table, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabaseFrom('template0');
}

async function createDatabaseFrom(template: string): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl');
  const name = `${inject('databasePrefix')}_${randomBytes(6).toString('hex')}`;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  return {
    url: databaseUrl(serverUrl, name),
    drop: async () => {
      await withClient(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}
