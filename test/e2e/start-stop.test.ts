import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandLine } from '../../src/embedded/process-state.js';
import { accountsToTest } from '../support/accounts.js';
import { type Checkout, makeCheckout } from '../support/checkout.js';
import { openHalfRequest } from '../support/half-request.js';
import { type SeenProcess, sendSignal, stillRunning } from '../support/processes.js';
import { killServices, type ServiceProcess, startService } from '../support/service-process.js';

const PROJECT = resolve(import.meta.dirname, '../..');

const SOON = { timeout: 30_000, interval: 10 };

let checkout: Checkout;
let folder: string;
let dataDir: string;

beforeAll(async () => {
  checkout = await makeCheckout({ mode: 0o755, embedded: true });
  folder = await mkdtemp(join(tmpdir(), 'oa-test-stop-'));
  dataDir = join(folder, 'data');
});
afterEach(killServices);
afterAll(async () => {
  await checkout.remove();
  await rm(folder, { recursive: true, force: true });
});

describe('given a service on its embedded PostgreSQL', () => {
  it('leaves nothing behind when killed, and starts again', async () => {
    const first = start();
    await first.ready;
    const family = await first.family();
    first.kill('SIGKILL');
    expect(await stillRunning(family)).toEqual([]);
    expect(await isUp(start())).toBe(true);
  });

  it('stops the PostgreSQL of a killed one whose watchdog was killed too', async () => {
    const first = start();
    await first.ready;
    const family = await first.family();
    await killAll('SIGKILL', family, 'read -r');
    first.kill('SIGKILL');
    expect(await isUp(start())).toBe(true);
    expect(await stillRunning(family)).toEqual([]);
  });

  it('leaves nothing behind when killed in its first start, and starts the next time', async () => {
    const fresh = { DATA_DIR: join(folder, 'fresh') };
    const first = start(fresh);
    await vi.waitFor(async () => {
      expect((await readdir(fresh.DATA_DIR)).join()).toContain('postgres.new-');
    }, SOON);
    const family = await first.family();
    first.kill('SIGKILL');
    await first.exited;
    expect(await stillRunning(family)).toEqual([]);
    expect(await isUp(start(fresh))).toBe(true);
    expect((await readdir(fresh.DATA_DIR)).join()).not.toContain('postgres.new-');
  });

  it('says in one line that the port is taken, and gives everything up', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const PORT = typeof address === 'object' && address !== null ? String(address.port) : '';
    const service = start({ DATA_DIR: dataDir, PORT });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr()).toBe(
      `origin-allowlist: Port ${PORT} of 127.0.0.1 is taken: stop what listens there, or set another PORT.\n`,
    );
    expect(service.stdout()).not.toContain('/docs');
    expect((await readdir(dataDir)).sort()).toEqual(['admin-key', 'postgres', 'postgres.log']);
    expect(await readdir(join(dataDir, 'postgres/data'))).not.toContain('postmaster.pid');
    other.close();
  });

  it('says what to do when started twice, and goes on', async () => {
    const first = start();
    await first.ready;
    const second = start();
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stderr()).toBe(
      `origin-allowlist: ${dataDir} is in use by process ${first.pid}: stop that one first, or set another DATA_DIR (and PORT) for this one.\n`,
    );
    expect(second.stdout()).toBe('');
    expect(await isUp(first)).toBe(true);
  });

  it('runs once when started twice at the same moment over what a killed one left', async () => {
    const killed = start();
    await killed.ready;
    killed.kill('SIGKILL');
    await killed.exited;
    const both = [start(), start()];
    const outcomes = await Promise.allSettled(both.map((service) => service.ready));
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = both.find((_service, index) => outcomes[index]?.status === 'rejected');
    expect(loser?.stderr()).toMatch(/^origin-allowlist: .+ is in use by process \d+: .+\n$/);
  });

  it('takes the second SIGINT that npm sends for one Ctrl-C as the first, and ends in order', async () => {
    const service = start();
    const request = await openHalfRequest(await service.ready, await adminKey());
    service.kill('SIGINT');
    service.kill('SIGINT');
    await delay(300); // Were the second signal one of its own, the process would be gone by now.
    expect(await request.finish()).toMatch(/^HTTP\/1\.1 422 /);
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(service.stdout()).not.toContain('closing the HTTP server failed');
  });

  it('exits at once on a second signal later, and still leaves no process', async () => {
    const service = start();
    await openHalfRequest(await service.ready, await adminKey());
    const family = await service.family();
    service.kill('SIGTERM');
    await vi.waitFor(() => expect(service.stdout()).toContain('stopping'), SOON);
    await delay(1_100); // Past the time in which it counts as the same signal.
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 143, signal: null });
    expect(await stillRunning(family)).toEqual([]);
  });

  it('ends, and says why, when its PostgreSQL is killed', async () => {
    const service = start();
    await service.ready;
    const family = await service.family();
    await killAll('SIGKILL', family, '-D ');
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr()).toBe(
      `origin-allowlist: the embedded PostgreSQL ended by itself; its log is ${dataDir}/postgres.log\n`,
    );
    expect(await stillRunning(family)).toEqual([]);
  });
});

const others = (await accountsToTest()).filter(({ uid }) => uid !== undefined);
describe.each(others)('given a data directory of the user $name', ({ uid = 0 }) => {
  it('can be started by root too, and then by its owner again', async () => {
    const home = join(folder, 'home');
    await mkdir(home);
    await chown(home, uid, uid);
    await chmod(folder, 0o711);
    const env = { DATA_DIR: join(home, 'data') };
    for (const who of [{ uid }, {}, { uid }]) {
      const service = startService({ folder: checkout.folder, env, ...who });
      expect(await isUp(service)).toBe(true);
      service.kill('SIGTERM');
      expect(await service.exited).toEqual({ code: 0, signal: null });
    }
  });
});

describe('given npm start', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('leaves no process behind when npm gets %s', async (signal) => {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATA_DIR: dataDir };
    const npm = startService({ folder: PROJECT, command: 'exec npm start --silent', env });
    await npm.ready;
    const family = await npm.family();
    npm.kill(signal);
    await npm.exited;
    expect(await stillRunning(family)).toEqual([]);
  });
});

function start(env: Readonly<Record<string, string>> = { DATA_DIR: dataDir }): ServiceProcess {
  return startService({ folder: checkout.folder, env });
}

async function adminKey(): Promise<string> {
  return (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim();
}

async function isUp(service: ServiceProcess): Promise<boolean> {
  return (await fetch(`${await service.ready}/readyz`)).ok;
}

/** Signals those of the processes whose command line holds `text`. */
async function killAll(signal: NodeJS.Signals, family: readonly SeenProcess[], text: string): Promise<void> {
  const commands = await Promise.all(family.map(({ pid }) => commandLine(pid)));
  const meant = family.filter((_seen, index) => commands[index]?.includes(text));
  expect(meant.length).toBeGreaterThan(0);
  for (const { pid } of meant) sendSignal(pid, signal);
}
