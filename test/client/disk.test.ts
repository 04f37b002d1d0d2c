import { mkdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDiskSetup, type DiskSetup, holds, written } from './disk-setup.js';
import { eventually } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const SOON = { pattern: 'https://soon.example.com', expiresAt: '2026-01-01T01:00:00.000Z' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const FROM_SOON = { ...FROM_APP, origin: 'https://soon.example.com' };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A directory with the copy of a client that ran before, and no way to the service. */
async function createLeftBehind() {
  const setup = await createDiskSetup();
  const { lineage } = setup.service.write('acme', { entries: [APP, SOON] });
  const { allowlist } = setup.start();
  await holds(allowlist, 1);
  setup.clock.advance(1_000);
  const content = await written(setup.fileOf('acme'), '"revision":1');
  allowlist.close();
  setup.line.isCut = true;
  return { ...setup, lineage, path: setup.fileOf('acme'), content };
}

describe('given a start while the service cannot be reached', () => {
  it('it decides as before', async () => {
    const { start, lineage, clock } = await createLeftBehind();
    clock.advance(10_000);
    const { allowlist, news } = start();
    expect(await allowlist.ready()).toEqual({ ready: true, state: 'ready' });
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    expect(allowlist.decide({ ...FROM_APP, origin: 'https://other.example' })).toMatchObject({
      allowed: false,
    });
    expect(news).toEqual([{ outcome: 'used', tenant: 'acme', lineage, revision: 1, ageMs: 11_000 }]);
    expect(allowlist.status().tenants).toMatchObject([{ revision: 1, ageMs: 11_000, stale: false }]);
  });

  it('entries expire by the clock all the same', async () => {
    const { start, clock } = await createLeftBehind();
    const { allowlist } = start();
    await holds(allowlist, 1);
    expect(allowlist.decide(FROM_SOON)).toMatchObject({ allowed: true });
    clock.set(Date.parse(SOON.expiresAt));
    expect(allowlist.decide(FROM_SOON)).toMatchObject({ allowed: false });
  });

  it('what the service says replaces it as soon as it answers', async () => {
    const { start, clock, service, line } = await createLeftBehind();
    const { allowlist } = start();
    await holds(allowlist, 1);
    service.write('acme', { entries: [] });
    line.isCut = false;
    clock.advance(1_000);
    await holds(allowlist, 2);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false });
  });

  it('a service that only keeps it waiting is waited for a second', async () => {
    const { start, clock } = await createLeftBehind();
    const { allowlist } = start({ deps: { fetch: () => new Promise(() => {}) } });
    clock.advance(999);
    expect(allowlist.status().tenants).toEqual([]);
    clock.advance(1);
    await holds(allowlist, 1);
  });

  it('counts its age from the last confirmation: it goes stale in time, and refuses where that is asked for', async () => {
    const { start, clock } = await createLeftBehind();
    const { allowlist } = start({ onStale: 'refuse' });
    await holds(allowlist, 1);
    clock.set(clock.now() + DAY_MS - 1_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    clock.set(clock.now() + 1);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'stale' });
  });

  it('a key that the service refuses opens no copy', async () => {
    const { start } = await createLeftBehind();
    const deps = { fetch: () => Promise.resolve(new Response(null, { status: 401 })) };
    const { allowlist, news } = start({ deps });
    expect(await allowlist.ready()).toEqual({ ready: false, state: 'unauthorized' });
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'not_loaded' });
    expect(news).toEqual([]);
  });
});

describe('given a copy that must not be decided by', () => {
  type Spoil = (setup: DiskSetup & { readonly path: string; readonly content: string }) => unknown;
  const cases: readonly [string, string, Spoil][] = [
    ['planted', 'not_genuine', ({ path }) => writeFile(path, '{"tenant":"acme"}\nAAAA\n{}')],
    ['empty', 'not_genuine', ({ path }) => writeFile(path, '')],
    ['cut', 'not_genuine', ({ path, content }) => truncate(path, content.length - 1)],
    ['longer', 'not_genuine', ({ path, content }) => writeFile(path, `${content} `)],
    [
      'tampered with in its list',
      'not_genuine',
      ({ path, content }) => writeFile(path, content.replace('app.example', 'bad.example')),
    ],
    [
      'tampered with in its head',
      'not_genuine',
      ({ path, content }) => writeFile(path, content.replace('"confirmedAtMs":1', '"confirmedAtMs":2')),
    ],
    ['too old', 'too_old', ({ clock }) => clock.set(clock.now() + DAY_MS - 999)],
    ['of the future', 'of_the_future', ({ clock }) => clock.set(clock.now() - HOUR_MS)],
    [
      'no file',
      'unreadable',
      async ({ path }) => {
        await rm(path);
        await mkdir(path);
      },
    ],
    [
      'a link to another file',
      'unreadable',
      async ({ path, parent, content }) => {
        await writeFile(join(parent, 'elsewhere'), content);
        await rm(path);
        await symlink(join(parent, 'elsewhere'), path);
      },
    ],
  ];

  it.each(cases)('%s: refused as %s, once', async (_title, reason, spoil) => {
    const setup = await createLeftBehind();
    await spoil(setup);
    const { allowlist, news } = setup.start();
    await eventually(() => expect(news).toEqual([{ outcome: 'refused', tenant: 'acme', reason }]));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'not_loaded' });
    setup.clock.advance(1_000);
    await eventually(() => expect(allowlist.status().counters.callsFailed).toBe(2));
    expect(news).toHaveLength(1);
  });

  it.each<[string, (setup: DiskSetup) => object]>([
    ['another key', () => ({ key: 'oa_test_another' })],
    ['another service', () => ({ url: 'http://127.0.0.1:1/other' })],
  ])('written under %s: refused', async (_title, change) => {
    const setup = await createLeftBehind();
    const { allowlist, news } = setup.start(change(setup));
    await eventually(() =>
      expect(news).toEqual([{ outcome: 'refused', tenant: 'acme', reason: 'not_genuine' }]),
    );
    expect(allowlist.status().tenants).toEqual([]);
  });

  it('moved to another tenant: refused', async () => {
    const { start, fileOf, content } = await createLeftBehind();
    await writeFile(fileOf('globex'), content);
    const { allowlist, news } = start({ tenant: 'globex' });
    await eventually(() =>
      expect(news).toEqual([{ outcome: 'refused', tenant: 'globex', reason: 'not_genuine' }]),
    );
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'not_loaded' });
  });

  it('is overwritten once the service answers', async () => {
    const { start, line, clock, path, content } = await createLeftBehind();
    await writeFile(path, content.slice(0, -1));
    const { allowlist, news } = start();
    await eventually(() => expect(news).toHaveLength(1));
    line.isCut = false;
    clock.advance(1_000);
    await holds(allowlist, 1);
    clock.advance(1_000);
    await written(path, ']}');
  });
});

describe('given a tenant named by a resolver', () => {
  const tenant = () => 'acme';

  it('its first request is decided by the copy, also while the service is left alone', async () => {
    const { start } = await createLeftBehind();
    const { allowlist } = start({ tenant });
    await eventually(() => expect(allowlist.status().transport.state).toBe('retrying'));
    expect(await allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    expect(allowlist.status().counters.callsFailed).toBe(1);
  });

  it('a slug without a copy is refused at once meanwhile', async () => {
    const { start } = await createLeftBehind();
    const { allowlist } = start({ tenant: () => 'globex' });
    await eventually(() => expect(allowlist.status().transport.state).toBe('retrying'));
    // Once the directory was read.
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ reason: 'not_loaded' }));
  });

  it('keeps at most maxTenants files: the oldest that is not held goes', async () => {
    const { start, service, clock, files } = await createDiskSetup();
    for (const slug of ['a', 'b', 'c']) service.write(slug, { entries: [APP] });
    const { allowlist } = start({ tenant: ({ host }) => host, maxTenants: 2 });
    for (const host of ['a', 'b', 'c']) {
      await allowlist.decide({ ...FROM_APP, host });
      clock.advance(1_000);
      await eventually(async () => expect(await files()).toContain(`tenant-${host}.allowlist`));
    }
    await eventually(async () => expect(await files()).toEqual(['tenant-b.allowlist', 'tenant-c.allowlist']));
  });

  it('files that nobody holds go when they are too old to be used', async () => {
    const { start, clock, files, line } = await createLeftBehind();
    line.isCut = false;
    clock.set(clock.now() + DAY_MS);
    start({ tenant: () => undefined });
    await eventually(async () => expect(await files()).toEqual([]));
  });
});

describe('given a tenant that is gone', () => {
  it('its copy is removed, also when its list was never held', async () => {
    const { start, service, line, files } = await createLeftBehind();
    service.remove('acme');
    line.isCut = false;
    const { allowlist } = start();
    await eventually(async () => expect(await files()).toEqual([]));
    expect(allowlist.status().tenants).toEqual([]);
  });
});

describe('given a directory', () => {
  it('it is made for the owner alone, and so are the files', async () => {
    const { directory, path } = await createLeftBehind();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('that cannot be used is told once, and nothing else changes', async () => {
    const { start, service, clock, directory, fileOf } = await createDiskSetup();
    await writeFile(directory, 'a file in its place');
    service.write('acme', { entries: [APP] });
    const { allowlist, news } = start({ pollIntervalMs: 45_000 });
    await holds(allowlist, 1);
    await eventually(() => expect(news).toMatchObject([{ outcome: 'failed' }]));
    clock.advance(1_000);
    // The write has failed as well, and is tried again.
    await eventually(() => expect(clock.pending()).toContain(30_000));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    await rm(directory);
    clock.advance(30_000);
    await written(fileOf('acme'), APP.pattern);
    expect(news).toHaveLength(1);
  });

  it('with a half-written file of a killed process: the whole one counts, and the half goes in time', async () => {
    const { start, path, files, clock } = await createLeftBehind();
    for (const [name, ageMs] of [
      ['killed', 2 * HOUR_MS],
      ['writing', 0],
    ] as const) {
      await writeFile(`${path}.${name}.tmp`, '{"format":1,');
      await utimes(`${path}.${name}.tmp`, new Date(clock.now() - ageMs), new Date(clock.now() - ageMs));
    }
    const { allowlist } = start();
    await holds(allowlist, 1);
    expect(await files()).toEqual(['tenant-acme.allowlist', 'tenant-acme.allowlist.writing.tmp']);
  });

  it('shared by a process that lags: the newer copy stays', async () => {
    const { start, service, line, clock, path, fileOf } = await createLeftBehind();
    line.isCut = false;
    const lagging = start({ tenant: ({ host }) => host });
    await lagging.allowlist.decide({ ...FROM_APP, host: 'acme' });
    service.write('acme', { entries: [] });
    service.write('globex', { entries: [] });
    const { allowlist } = start();
    await holds(allowlist, 2);
    allowlist.close();
    const newer = await written(path, '"revision":2');
    await lagging.allowlist.decide({ ...FROM_APP, host: 'globex' });
    clock.advance(1_000);
    // Its files are written one after the other.
    await written(fileOf('globex'), '"revision":1');
    expect(lagging.allowlist.status().tenants).toMatchObject([{ revision: 1 }, { revision: 1 }]);
    expect(await readFile(path, 'utf8')).toBe(newer);
  });
});

describe('given changes', () => {
  it('many of them are written once, a second after the first', async () => {
    const { start, service, clock, fileOf } = await createDiskSetup();
    service.write('acme', { entries: [APP] });
    const { allowlist } = start({ stream: true });
    await eventually(() => expect(allowlist.status().transport.state).toBe('streaming'));
    service.tell('acme', { entries: [SOON] });
    await holds(allowlist, 2);
    service.tell('acme', { entries: [APP, SOON] });
    await holds(allowlist, 3);
    await expect(stat(fileOf('acme'))).rejects.toThrow('ENOENT');
    clock.advance(1_000);
    expect(await written(fileOf('acme'), '"revision":3')).toContain(SOON.pattern);
  });

  it('what is not written yet is written by close()', async () => {
    const { start, service, fileOf } = await createDiskSetup();
    service.write('acme', { entries: [APP] });
    const { allowlist } = start();
    await holds(allowlist, 1);
    allowlist.close();
    await written(fileOf('acme'), APP.pattern);
  });

  it('a list that never changes is written anew as it is confirmed', async () => {
    const { start, service, clock, fileOf } = await createDiskSetup();
    service.write('acme', { entries: [APP] });
    const { allowlist } = start({ maxStalenessMs: 300_000, pollIntervalMs: 45_000 });
    await holds(allowlist, 1);
    const startMs = clock.now();
    clock.advance(1_000);
    await written(fileOf('acme'), `"confirmedAtMs":${startMs}`);
    clock.advance(44_000);
    await eventually(() => expect(allowlist.status().tenants[0]?.ageMs).toBe(0));
    // At 30 s there was nothing new; at 60 s there is.
    clock.advance(15_000);
    await written(fileOf('acme'), `"confirmedAtMs":${startMs + 45_000}`);
  });
});
