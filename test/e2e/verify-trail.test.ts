import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tamper } from '../store/tamper.js';
import { context, newTenant, openTestStore, pattern, type TestStore } from '../store/test-store.js';

const ROOT = new URL('../../', import.meta.url);
const ARGS = ['--import', 'tsx', '--conditions', '@origin-allowlist/source', 'scripts/verify-trail.ts'];
/** A run takes two seconds; a slow machine may take many. */
const LIMIT_MS = 60_000;

let store: TestStore;
let whole: string;
let broken: string;
let head: string;

beforeAll(async () => {
  store = await openTestStore();
  const tenant = await newTenant(store);
  whole = tenant.slug;
  await store.tenants.update(whole, { name: 'Other' }, {}, context);
  head = (await store.tenants.get(whole)).headHash;
  broken = (await newTenant(store)).slug;
});
afterAll(() => store.close());

/** What `npm run verify-trail` runs. */
async function run(args: readonly string[], databaseUrl = store.databaseUrl) {
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const child = spawn(process.execPath, [...ARGS, ...args], { cwd: ROOT, env, timeout: LIMIT_MS });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const status = await new Promise((resolve) => child.once('close', resolve));
  return { status, ...output };
}

describe('given the command', () => {
  it(
    'ends with 0 and a line for each tenant when all hold, and when a pinned head is there',
    async () => {
      const all = await run([]);
      expect([all.status, all.stdout.split('\n').length]).toEqual([0, 3]);
      expect(all.stdout).toContain(`ok      ${whole}  revision 2  ${head}\n`);
      const pinned = await run(['--expect', `${whole}=${head}@2`, '--json']);
      expect([pinned.status, JSON.parse(pinned.stdout)]).toMatchObject([
        0,
        { tenant: whole, toRevision: 2, hash: head, broken: null, rowsCompared: true },
      ]);
    },
    LIMIT_MS,
  );

  it(
    'ends with 1 and names the first broken link',
    async () => {
      await store.sql.query(
        `UPDATE policies SET credentials = true FROM tenants t WHERE t.id = tenant_id AND t.slug = $1`,
        [broken],
      );
      const found = await run([]);
      expect(found.status).toBe(1);
      expect(found.stdout).toContain(
        `BROKEN  ${broken}  revision 1: rows_mismatch: policy default is not as change 1 left it\n`,
      );
      expect(found.stdout).toContain(`ok      ${whole}`);
      const forged = await run(['--expect', `${whole}=${'0'.repeat(64)}`]);
      expect([forged.status, forged.stdout]).toMatchObject([1, expect.stringContaining('pin_mismatch')]);
    },
    LIMIT_MS,
  );

  it(
    'ends with 1 and names a row of the past that was edited',
    async () => {
      const { slug, id } = await newTenant(store);
      const { value } = await store.entries.create(
        slug,
        { pattern: pattern('https://a.example.com') },
        context,
      );
      await store.entries.remove(slug, value.id, {}, context);
      const query = (text: string, values?: unknown[]) => store.sql.query(text, values);
      await tamper(query, 'UPDATE entry_versions SET enabled = false WHERE tenant_id = $1', [id]);
      const { status, stdout } = await run(['--tenant', slug]);
      expect([status, stdout]).toEqual([
        1,
        `BROKEN  ${slug}  revision 3: versions_mismatch: entry_versions ${value.id} until 3 is not as change 2 left it\n`,
      ]);
    },
    LIMIT_MS,
  );

  it.each([
    ['a tenant that is not there', ['--tenant', 'nobody'], undefined, 'There is no tenant nobody.'],
    ['an expectation it cannot read', ['--expect', 'acme=1'], undefined, 'Cannot read --expect acme=1.'],
    ['an option it does not know', ['--fast'], undefined, "Unknown option '--fast'"],
    ['no database', [], '', 'DATABASE_URL is not set.'],
    ['a database that does not answer', [], 'postgresql://x:x@127.0.0.1:1/x', 'The database does not answer'],
  ])(
    'ends with 2 for %s',
    async (_what, args, databaseUrl, message) => {
      const { status, stdout, stderr } = await run(args, databaseUrl);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(message);
    },
    LIMIT_MS,
  );
});
