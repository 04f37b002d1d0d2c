import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepAdminKey } from '../../src/embedded/admin-key.js';
import { claimDataDirectory } from '../../src/embedded/data-directory.js';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { withClient } from '../support/database-template.js';
import { familyOf, stillRunning } from '../support/processes.js';

/** Above every Linux default limit: no process has this id. */
const NO_PROCESS = 4_194_304;

let folder: string;
/** Made by the first test that opens it, and used again by the others: initdb takes a second. */
let dataDir: string;
const opened = new Set<EmbeddedPostgres>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oa-test-data-'));
  dataDir = join(folder, 'shared');
});
afterEach(async () => {
  for (const postgres of opened) await close(postgres);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('given the embedded PostgreSQL', () => {
  it('runs in UTF-8 and UTC, reachable by password only', async () => {
    const { url } = await open();
    const settings = await withClient(url, (client) =>
      client.query(
        "SELECT current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS zone",
      ),
    );
    expect(settings.rows).toEqual([{ encoding: 'UTF8', zone: 'UTC' }]);
    const guessed = url.replace(/:[^:@]*@/, ':guessed@');
    await expect(withClient(guessed, (client) => client.query('SELECT 1'))).rejects.toMatchObject({
      code: '28P01', // invalid_password
    });
  });

  it('lets nobody else read its data directory', async () => {
    await open();
    expect(await modeOf(dataDir)).toBe('700');
    expect(await modeOf(join(dataDir, 'postgres'))).toBe('700');
    expect(await modeOf(join(dataDir, 'postgres/password'))).toBe('600');
    expect(await modeOf(join(dataDir, 'postgres.log'))).toBe('600');
  });

  it('leaves no process and no claim behind when closed', async () => {
    const earlier = new Set((await familyOf(process.pid)).map(({ pid }) => pid));
    const postgres = await open();
    const family = (await familyOf(process.pid)).filter(({ pid }) => !earlier.has(pid));
    expect(family.length).toBeGreaterThan(2);
    await close(postgres);
    expect(await stillRunning(family)).toEqual([]);
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log']);
  });

  it('keeps the data from one start to the next', async () => {
    const first = await open();
    await withClient(first.url, (client) => client.query('CREATE TABLE kept AS SELECT 7 AS seven'));
    await close(first);
    const { url } = await open();
    const { rows } = await withClient(url, (client) => client.query('SELECT seven FROM kept'));
    expect(rows).toEqual([{ seven: 7 }]);
  });

  it.each([
    ['of a process that is gone', NO_PROCESS],
    ['of an unrelated process with the same id', process.pid],
  ])('starts over a postmaster.pid %s', async (_whose, pid) => {
    await close(await open());
    const data = join(dataDir, 'postgres/data');
    const stale = `${pid}\n${data}\n1700000000\n5432\n\n127.0.0.1\n\nready   \n`;
    await writeFile(join(data, 'postmaster.pid'), stale);
    expect(await answers(await open())).toBe(true);
  });

  it('stops a server that has lost its owner, and starts its own', async () => {
    const orphan = await open();
    await rm(join(dataDir, 'service.pid'));
    const postgres = await open();
    await orphan.ended;
    expect(await answers(postgres)).toBe(true);
  });

  it('says who uses its data directory and what to do, and leaves that one alone', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      code: 'data_dir_in_use',
      message: `${dataDir} is in use by process ${process.pid}: stop that one first, or set another DATA_DIR (and PORT) for this one.`,
    });
    expect(await answers(first)).toBe(true);
  });

  it('clears away a first start that was cut short', async () => {
    const other = join(folder, 'cut-short');
    await mkdir(join(other, 'postgres.new-a1b2c3/data'), { recursive: true });
    await open(other);
    expect((await readdir(other)).sort()).toEqual(['postgres', 'postgres.log', 'service.pid']);
  });

  it("gives the server's last words when it does not start", async () => {
    const damaged = join(folder, 'damaged');
    await mkdir(join(damaged, 'postgres/data'), { recursive: true });
    await writeFile(join(damaged, 'postgres/password'), 'lost');
    await expect(open(damaged)).rejects.toMatchObject({
      code: 'embedded_failed',
      message: expect.stringMatching(
        /^The embedded PostgreSQL did not start: .{10,} \(log: .+\/postgres\.log\)$/,
      ),
    });
    expect(await readdir(damaged)).not.toContain('service.pid');
  });
});

describe('given the claim of a data directory', () => {
  it.each([['5\n'], ['not a pid\n'], [''], [`${NO_PROCESS}\n12345\n`], [`${process.pid}\n12345\n`]])(
    'takes over %j, which no running service wrote',
    async (claim) => {
      const directory = await mkdtemp(join(folder, 'claim-'));
      await writeFile(join(directory, 'service.pid'), claim);
      const { release } = await claimDataDirectory(directory);
      expect(await readFile(join(directory, 'service.pid'), 'utf8')).toMatch(
        new RegExp(`^${process.pid}\n.+\n$`),
      );
      await release();
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it('says in one line that a file cannot be one', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(claimDataDirectory(file)).rejects.toMatchObject({
      code: 'data_dir_unusable',
      message: `Cannot use ${file} (EEXIST: file already exists, mkdir '${file}'): set another DATA_DIR.`,
    });
  });
});

describe('given the admin key of a data directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(folder, 'key-'));
  });

  it('is made of 256 random bits, readable by its owner only, and kept', async () => {
    const made = await keepAdminKey(directory);
    expect(made.key).toMatch(/^oa_admin_[\w-]{43}$/);
    expect(made.path).toBe(join(directory, 'admin-key'));
    expect(await modeOf(made.path)).toBe('600');
    expect(await readFile(made.path, 'utf8')).toBe(`${made.key}\n`);
    expect(await keepAdminKey(directory)).toEqual(made);
  });

  it('may be one a person put there', async () => {
    await writeFile(join(directory, 'admin-key'), 'my-own-key-of-32-characters-here');
    expect((await keepAdminKey(directory)).key).toBe('my-own-key-of-32-characters-here');
  });

  it.each([
    ['', 'must have at least 32 characters'],
    ['short', 'must have at least 32 characters'],
    ['thirty-two characters with spaces', 'may hold only letters, digits and . _ ~ + / - (and = at the end)'],
  ])('is not taken from a file that holds %j', async (content, problem) => {
    await writeFile(join(directory, 'admin-key'), content);
    await expect(keepAdminKey(directory)).rejects.toMatchObject({
      code: 'data_dir_unusable',
      message: expect.stringContaining(problem),
    });
  });
});

async function open(path = dataDir): Promise<EmbeddedPostgres> {
  const postgres = await openEmbeddedPostgres(path);
  opened.add(postgres);
  return postgres;
}

async function close(postgres: EmbeddedPostgres): Promise<void> {
  opened.delete(postgres);
  await postgres.close();
}

async function answers(postgres: EmbeddedPostgres): Promise<boolean> {
  const { rows } = await withClient(postgres.url, (client) => client.query('SELECT 1 AS one'));
  return rows.length === 1;
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}
