import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { TestDatabase } from '../support/database.js';
import { databaseUrl, dropDatabase, withClient } from '../support/database-template.js';

/** A database without a table, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl');
  const name = `${inject('databasePrefix')}_${randomBytes(6).toString('hex')}`;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
  return {
    url: databaseUrl(serverUrl, name),
    drop: () => dropDatabase(serverUrl, name),
  };
}
