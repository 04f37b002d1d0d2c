import { randomBytes } from 'node:crypto';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { Pool, type QueryResultRow } from 'pg';
import { buildApp } from '../../src/app.js';
import type { Quotas, RateLimits } from '../../src/limits.js';
import { openStore, type Store } from '../../src/store/store.js';
import { createTestDatabase } from '../support/database.js';
import { silentLog } from '../support/silent-log.js';

const CLOSE_GRACE_MS = 1_000;
/** Tests of access send more wrong keys than a person would. */
const PATIENT = { failuresPerMinute: 10_000 };

export const ADMIN_KEY = 'test-admin-key-of-at-least-32-characters';

/** One answer, its JSON parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, number | string | string[] | undefined>>;
  // Tests read what they expect out of it; a wrong shape fails the expectation.
  readonly body: ReturnType<typeof JSON.parse>;
}

/** The app over a database of its own, called without a socket. */
export interface TestService {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly databaseUrl: string;
  call(method: InjectOptions['method'], url: string, options?: CallOptions): Promise<Answer>;
  /** A new tenant; answers its slug. */
  tenant(): Promise<string>;
  /** A new key; answers its text. */
  key(input: object): Promise<string>;
  /** The tenant's revision and how many changes it has: what must not move when a write is refused. */
  revisionOf(slug: string): Promise<number>;
  /** A look into the tables, past the service. */
  sql(text: string, values?: readonly unknown[]): Promise<readonly QueryResultRow[]>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly body?: unknown;
  /** The key to send; `null` sends none. Default the admin key. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param on another service's database: the node is a second one over it, and leaves it when it is closed. */
export async function openService(
  options: {
    readonly on?: TestService;
    readonly redisUrl?: string;
    readonly rateLimits?: Partial<RateLimits>;
    readonly quotas?: Partial<Quotas>;
  } = {},
): Promise<TestService> {
  const { on, redisUrl, rateLimits, quotas } = options;
  const database = on ? { url: on.databaseUrl, drop: async () => {} } : await createTestDatabase();
  const store = await openStore({ databaseUrl: database.url, redisUrl, quotas, log: silentLog });
  const app = await buildApp({
    store,
    adminKey: ADMIN_KEY,
    rateLimits: { ...PATIENT, ...rateLimits },
    quotas,
  });
  const pool = new Pool({ connectionString: database.url, max: 4 });

  async function call(
    method: InjectOptions['method'],
    url: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const { body, key = ADMIN_KEY, headers = {} } = options;
    const response = await app.inject({
      method,
      url,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const json = /[/+]json/.test(response.headers['content-type']?.toString() ?? '') && response.body !== '';
    return {
      status: response.statusCode,
      headers: response.headers,
      body: json ? response.json() : response.body,
    };
  }

  return {
    app,
    store,
    databaseUrl: database.url,
    call,
    tenant: async () => {
      const slug = `t-${randomBytes(6).toString('hex')}`;
      const { status, body } = await call('POST', '/v1/tenants', { body: { slug, name: 'A tenant' } });
      if (status !== 201) throw new Error(`the tenant was not created: ${JSON.stringify(body)}`);
      return slug;
    },
    key: async (input) => (await call('POST', '/v1/keys', { body: { name: 'a key', ...input } })).body.key,
    revisionOf: async (slug) => (await call('GET', `/v1/tenants/${slug}`)).body.revision,
    sql: async (text, values = []) => (await pool.query(text, [...values])).rows,
    close: async () => {
      // A connection that `fetch` opened and never used is not idle to Node, and would be waited for.
      const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
      await app.close();
      clearTimeout(cut);
      await store.close();
      await pool.end();
      await database.drop();
    },
  };
}
