import { describe, expect, it } from 'vitest';
import { createSetup, createStreaming, eventually, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const SHOP = { pattern: 'https://shop.example.com' };
const tenant = ({ host }: { readonly host: string | undefined }) => host?.split('.')[0];
const from = ({ pattern }: { readonly pattern: string }, host = 'acme.example') => ({
  ...{ method: 'GET', target: '/', origin: pattern, host },
});

/** A client that has seen its tenant deleted and made anew, by polls, each half a minute after the last. */
async function createRecreated(options: object = {}) {
  const setup = await createSetup();
  const { clock, service, create } = setup;
  const old = service.write('acme', { entries: [APP] });
  const allowlist = create(options);
  await settled(clock, 30_000);
  await allowlist.decide(from(APP));
  service.remove('acme');
  const recreated = service.write('acme', { entries: [SHOP] });
  clock.advance(30_000);
  await settled(clock, 30_000);
  expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, lineage: recreated.lineage });
  return { ...setup, allowlist, old, recreated };
}

describe('given a tenant that was deleted and made anew', () => {
  it('never takes the list of before from a node that lags, nor is confirmed by it', async () => {
    const { clock, service, allowlist, old, recreated } = await createRecreated();
    service.show(old);
    clock.advance(30_000);
    await settled(clock, 1_000);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, lineage: recreated.lineage });
    expect(allowlist.status().tenants[0]?.ageMs).toBe(30_000);
    service.show(recreated);
    clock.advance(1_000);
    await settled(clock, 30_000);
    expect(allowlist.status().tenants[0]?.ageMs).toBe(0);
  });

  it('does not as long as others confirm the new one, however often and however long', async () => {
    const { clock, service, allowlist, old, recreated } = await createRecreated();
    for (let round = 0; round < 10; round += 1) {
      service.show(old);
      clock.advance(30_000);
      await settled(clock, 1_000);
      expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, lineage: recreated.lineage });
      service.show(recreated);
      clock.advance(1_000);
      await settled(clock, 30_000);
    }
    expect(allowlist.status().counters.listsLoaded).toBe(2);
  });

  it('does not load it for what the node says of versions', async () => {
    const { clock, service, allowlist, old } = await createRecreated({ tenant });
    service.write('globex', { entries: [APP] });
    await allowlist.decide(from(APP, 'globex.example'));
    service.show(old);
    const before = service.calls().length;
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(service.calls().slice(before)).toEqual(['POST /v1/versions']);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    expect(allowlist.status().tenants.map(({ ageMs }) => ageMs)).toEqual([30_000, 0]);
  });

  it('loads once more after a resync that such a node answers', async () => {
    const { clock, service, allowlist } = await createStreaming();
    const old = service.write('acme', { entries: [APP] });
    service.streams[0]?.send('gone', { tenant: 'acme' });
    await eventually(() => expect(allowlist.decide(from(APP))).toMatchObject({ reason: 'tenant_unknown' }));
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await eventually(() => expect(service.calls()).toHaveLength(2));
    await eventually(() => expect(clock.pending().filter((ms) => ms === 1_000)).toHaveLength(2));
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    service.show({ ...old, lineage: '11111111-1111-4111-8111-111111111111', revision: 1 });
    clock.advance(1_000);
    await eventually(() => expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true, revision: 1 }));
  });

  it('comes back from a wrong turn: the lineage it left is taken once nobody confirms the other', async () => {
    const { clock, service, allowlist, recreated } = await createRecreated();
    // A node that lags still further behind, in a lineage this process never saw.
    const lineage = '22222222-2222-4222-8222-222222222222';
    service.show({ ...recreated, lineage, entries: [APP] });
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true, lineage });
    service.show(recreated);
    clock.advance(30_000);
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]) {
      await settled(clock, pauseMs);
      clock.advance(pauseMs);
    }
    await settled(clock, 30_000);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, lineage: recreated.lineage });
  });
});

describe('given a tenant that is remembered as unknown', () => {
  it('is loaded at the next request once the stream speaks of it', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ stream: true, tenant });
    for (const host of ['acme.example', 'globex.example']) await allowlist.decide(from(APP, host));
    clock.advance(1_000);
    await eventually(() => expect(allowlist.status().transport.state).toBe('streaming'));
    service.remove('acme');
    service.streams[0]?.send('gone', { tenant: 'acme' });
    await eventually(() => expect(allowlist.decide(from(APP))).toMatchObject({ reason: 'tenant_unknown' }));
    service.write('acme', { entries: [SHOP] });
    service.streams[0]?.send('resync', { tenant: 'acme' });
    // Heard after it.
    service.tell('globex', { entries: [] });
    await eventually(() =>
      expect(allowlist.decide(from(APP, 'globex.example'))).toMatchObject({ revision: 2 }),
    );
    expect(await allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 1 });
  });
});
