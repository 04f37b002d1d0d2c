import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  APP,
  createDiskSetup,
  createLeftBehind,
  DAY_MS,
  FROM_APP,
  HOUR_MS,
  holds,
  SOON,
  written,
} from './disk-setup.js';
import { eventually } from './setup.js';

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
