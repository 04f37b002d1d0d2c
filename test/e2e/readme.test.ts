import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { SETTINGS } from '../../src/config.js';
import { stillRunning } from '../support/processes.js';
import { killServices, startService } from '../support/service-process.js';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const FROM_SOURCE = `exec '${process.execPath}' --import tsx --conditions @origin-allowlist/source`;

const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
/** The shell commands of the README, one block each. */
const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
const callsBlock = blocks.find((block) => block.includes('curl')) ?? '';

afterEach(killServices);

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oa-readme-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('given the README', () => {
  it('has shell blocks this file and .ci/run know of, no others', () => {
    expect(blocks.map((block) => block.trim().split('\n').at(-1)?.trim())).toEqual([
      'npm ci && npm start', // test/e2e/start*.test.ts
      `-d '{"tenant": "acme", "method": "GET", "origin": "https://app.example.com"}'`, // below
      'npm run demo', // below
      'npm ci && npm test', // .ci/run
      'docker compose up --build --wait', // test/packaging/compose.test.ts, as far as it goes without an engine
    ]);
  });

  it('lists every setting with its default and meaning', () => {
    const rows = SETTINGS.map(
      ({ name, default: value, description }) =>
        `| \`${name}\` | ${value === undefined ? '' : `\`${value}\``} | ${description} |`,
    );
    const table = readme.split('<!-- settings -->')[1]?.split('<!-- /settings -->')[0] ?? '';
    expect(table.trim().split('\n').slice(2)).toEqual(rows);
  });

  it('has calls that work when pasted beside a fresh `npm start`', async () => {
    const dataDir = await temporaryFolder();
    const service = startService({
      folder: ROOT,
      env: { DATA_DIR: dataDir },
      command: `${FROM_SOURCE} src/main.ts`,
    });
    const script = callsBlock
      .replace('.data/admin-key', join(dataDir, 'admin-key'))
      .replace('http://127.0.0.1:8080', await service.ready);
    const { stdout } = await run('bash', ['-euc', script]);
    expect(stdout).toContain('"slug":"acme"');
    expect(stdout).toContain('"pattern":"https://app.example.com"');
    expect(stdout).toContain('"allowed":true');
  });
});

describe('given `npm run demo`', () => {
  it('starts, says where to look, and leaves nothing behind when it is stopped', async () => {
    const demo = startService({
      folder: ROOT,
      env: { DEMO_PORT: '0', DATA_DIR: await temporaryFolder() },
      command: `${FROM_SOURCE} examples/demo/main.ts`,
      readyWhen: /http:\/\/demo\.localhost:\d+/,
    });
    const page = await fetch((await demo.ready).replace('demo.localhost', '127.0.0.1'));
    expect(await page.text()).toContain('Origin Allowlist, live');
    const family = await demo.family();
    demo.kill('SIGTERM');
    expect(await demo.exited).toEqual({ code: 0, signal: null });
    expect(await stillRunning(family)).toEqual([]);
  });
});
