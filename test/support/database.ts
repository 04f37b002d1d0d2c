import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { databaseUrl, dropDatabase, templateName, withClient } from './database-template.js';

/** A database of one test file's own, with every migration applied. */
export interface TestDatabase {
  readonly url: string;
  /** Drops it, connections and all. Whatever is not dropped goes at the end of the run. */
  drop(): Promise<void>;
}

/** Copies the migrated template: `const database = await createTestDatabase()` in `beforeAll`, `drop` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl');
  const prefix = inject('databasePrefix');
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await withClient(serverUrl, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName(prefix)}`),
  );
  return {
    url: databaseUrl(serverUrl, name),
    drop: () => dropDatabase(serverUrl, name),
  };
}
