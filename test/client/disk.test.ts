import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createLeftBehind,
  DAY_MS,
  type DiskSetup,
  FROM_APP,
  HOUR_MS,
  holds,
  SOON,
  written,
} from './disk-setup.js';
import { eventually } from './setup.js';

const FROM_SOON = { ...FROM_APP, origin: 'https://soon.example.com' };

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
