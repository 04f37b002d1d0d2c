import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accountsToTest } from '../support/accounts.js';
import { type Checkout, makeCheckout } from '../support/checkout.js';
import { stillRunning } from '../support/processes.js';
import { killServices, startService } from '../support/service-process.js';

const run = promisify(execFile);

describe.each(await accountsToTest())(
  'given a fresh checkout only $name may enter, and a umask of 077',
  ({ uid }) => {
    let checkout: Checkout;
    let dataDir: string;
    /** For the copy of the binaries, which the account of the server must reach. */
    let temp: string;

    beforeAll(async () => {
      checkout = await makeCheckout({ mode: 0o700, embedded: true });
      if (uid !== undefined) await chown(checkout.folder, uid, uid);
      dataDir = join(checkout.folder, '.data');
      temp = await mkdtemp(join(tmpdir(), 'oa-test-temp-'));
      await chmod(temp, 0o1777);
    });
    afterEach(killServices);
    afterAll(async () => {
      await checkout.remove();
      await rm(temp, { recursive: true, force: true });
    });

    it('starts, answers the calls it prints, and has the data after SIGTERM and another start', async () => {
      const first = start();
      const address = await first.ready;
      expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(first.stderr()).toBe('');
      expect(first.stdout()).toContain(`\nOrigin Allowlist   ${address}\n`);
      expect(first.stdout()).toContain(`\nAdmin key          ${dataDir}/admin-key\n`);
      expect((await stat(join(dataDir, 'admin-key'))).mode & 0o777).toBe(0o600);
      expect(await pasteCalls(first.stdout())).toMatchObject([
        { slug: 'acme', revision: 1 },
        { pattern: 'https://app.example.com' },
        { tenant: 'acme', allowed: true, revision: 2 },
      ]);

      const family = await first.family();
      expect(family.length).toBeGreaterThan(3); // Node, the watchdog, PostgreSQL and its own processes
      first.kill('SIGTERM');
      expect(await first.exited).toEqual({ code: 0, signal: null });
      expect(await stillRunning(family)).toEqual([]);

      const second = start();
      const key = (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim();
      const response = await fetch(`${await second.ready}/v1/tenants/acme`, {
        headers: { authorization: `Bearer ${key}` },
      });
      expect(await response.json()).toMatchObject({ slug: 'acme', revision: 2 });
    });

    /** Without DATA_DIR, without a PATH to find anything on, and with a PostgreSQL setting meant for another server. */
    function start() {
      return startService({
        folder: checkout.folder,
        env: { TMPDIR: temp, PGSSLMODE: 'require', PGDATA: '/nowhere' },
        umask: '077',
        ...(uid !== undefined && { uid }),
      });
    }
  },
);

/** Does what each printed curl line says, as a shell reads it; the shell's own `curl` only tells what it was called with. */
async function pasteCalls(printed: string): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const line of printed.split('\n').filter((text) => text.startsWith('curl '))) {
    const tellArguments = `curl() { for argument; do printf '%s\\0' "$argument"; done; }`;
    const { stdout } = await run('/bin/sh', ['-c', `${tellArguments}\n${line}`]);
    answers.push(await callLikeCurl(stdout.split('\0').slice(0, -1)));
  }
  return answers;
}

async function callLikeCurl(args: readonly string[]): Promise<unknown> {
  const valuesOf = (flag: string) => args.filter((_arg, index) => args[index - 1] === flag);
  const [body] = valuesOf('-d');
  const response = await fetch(args.at(-1) ?? '', {
    headers: valuesOf('-H').map((header): [string, string] => {
      const [name = '', value = ''] = header.split(/: (.*)/);
      return [name, value];
    }),
    ...(body !== undefined && { method: 'POST', body }),
  });
  return response.json();
}
