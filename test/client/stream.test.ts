import type { AllowlistEvents } from '@origin-allowlist/client';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { createSetup, createStreaming, eventually, settled, streaming } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const SHOP = { pattern: 'https://shop.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const FROM_SHOP = { method: 'GET', target: '/', origin: 'https://shop.example.com' };
const SNAPSHOT_CALL = 'GET /v1/snapshot?tenant=acme';
const tenant = ({ host }: { readonly host: string | undefined }) => host?.split('.')[0];
const fromApp = (slug: string) => ({ ...FROM_APP, host: `${slug}.example` });

describe('given one tenant by name', () => {
  it('loads its list, then opens a stream from the version it holds', async () => {
    const { service, allowlist, lineage } = await createStreaming({ service: 'checkout' });
    expect(service.calls()).toEqual([SNAPSHOT_CALL]);
    expect(service.streams.map(({ request }) => request)).toEqual([
      {
        instance: allowlist.status().instance,
        service: 'checkout',
        tenants: [{ slug: 'acme', lineage, revision: 1 }],
      },
    ]);
  });

  it('decides by a change as soon as it comes, tells it, and loads nothing', async () => {
    const { service, allowlist, lineage } = await createStreaming();
    const changes: AllowlistEvents['changed'][] = [];
    allowlist.on('changed', (change) => changes.push(change));
    service.tell('acme', { entries: [SHOP] });
    await eventually(() => expect(allowlist.decide(FROM_SHOP)).toMatchObject({ allowed: true, revision: 2 }));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 });
    expect(changes).toEqual([
      { tenant: 'acme', from: { lineage, revision: 1 }, to: { lineage, revision: 2 } },
    ]);
    expect(service.calls()).toEqual([SNAPSHOT_CALL]);
    expect(allowlist.status().counters).toMatchObject({ deltasApplied: 1, listsLoaded: 1, resyncs: 0 });
  });

  it('does not poll while it streams, and a ping confirms the list as of what the node knows', async () => {
    const { clock, service, allowlist } = await createStreaming();
    clock.advance(40_000);
    // The stream's timeout and the next look: no call is under way.
    expect(clock.pending()).toEqual([5_000, 20_000]);
    expect(service.calls()).toEqual([SNAPSHOT_CALL]);
    service.streams[0]?.send('ping', { serverTimeMs: clock.now(), checkedAgeMs: null });
    service.streams[0]?.send('ping', { serverTimeMs: clock.now(), checkedAgeMs: 700 });
    await eventually(() => expect(allowlist.status().tenants[0]?.ageMs).toBe(700));
    service.streams[0]?.send('ping', { serverTimeMs: clock.now(), checkedAgeMs: 3_000 });
    service.tell('acme', { entries: [SHOP] });
    await eventually(() => expect(allowlist.status().counters.deltasApplied).toBe(1));
    expect(allowlist.status().tenants[0]?.ageMs).toBe(700);
  });

  it('also asks for a tenant that is not there yet, and has it as soon as it is made', async () => {
    const { service, create } = await createSetup();
    const allowlist = create({ stream: true });
    await streaming(allowlist);
    expect(service.streams[0]?.request.tenants).toEqual([{ slug: 'acme', lineage: null, revision: null }]);
    const { lineage } = service.write('acme', { entries: [APP] });
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true, lineage }));
  });

  it('polls for a tenant that is not there, whatever the stream says', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ stream: true });
    await streaming(allowlist);
    service.write('acme', { entries: [APP] });
    clock.advance(30_000);
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true }));
  });

  it('drops a tenant that is gone, refuses, and takes its successor', async () => {
    const { service, allowlist, lineage } = await createStreaming();
    const changes: unknown[] = [];
    allowlist.on('changed', (change) => changes.push(change));
    service.remove('acme');
    service.streams[0]?.send('gone', { tenant: 'acme' });
    await eventually(() =>
      expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'tenant_unknown' }),
    );
    expect(changes).toEqual([{ tenant: 'acme', from: { lineage, revision: 1 } }]);
    service.write('acme', { entries: [SHOP] });
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await eventually(() => expect(allowlist.decide(FROM_SHOP)).toMatchObject({ allowed: true, revision: 1 }));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'origin_not_listed' });
  });

  it('follows a change of a policy', async () => {
    const { service, allowlist, lineage } = await createStreaming();
    expect(allowlist.decide(FROM_APP)).not.toHaveProperty(['headers', 'access-control-allow-credentials']);
    const policy = { ...DEFAULT_POLICY, credentials: true };
    const ops = [{ op: 'putPolicy', policy }];
    service.streams[0]?.send('delta', { tenant: 'acme', lineage, from: 1, to: 2, ops, count: 1 });
    await eventually(() =>
      expect(allowlist.decide(FROM_APP)).toMatchObject({
        headers: { 'access-control-allow-credentials': 'true' },
      }),
    );
  });

  it('never opens one where stream is false', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    create();
    await settled(clock, 30_000);
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(service.streams).toEqual([]);
  });
});

describe('given several tenants told by a resolver', () => {
  it('opens no stream before there is a list, then one for all that load within a second of each other', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ stream: true, tenant });
    expect(await allowlist.ready()).toEqual({ ready: true, state: 'ready' });
    await allowlist.decide(fromApp('acme'));
    clock.advance(999);
    await allowlist.decide(fromApp('globex'));
    clock.advance(999);
    expect(service.streams).toEqual([]);
    clock.advance(1);
    await streaming(allowlist);
    expect(service.streams.map(({ request }) => request.tenants.map(({ slug }) => slug))).toEqual([
      ['acme', 'globex'],
    ]);
  });

  it('opens another stream for a tenant that is loaded later, and only then closes the old one', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ stream: true, tenant });
    await allowlist.decide(fromApp('acme'));
    clock.advance(1_000);
    await streaming(allowlist);
    service.greet(false);
    await allowlist.decide(fromApp('globex'));
    clock.advance(1_000);
    await eventually(() => expect(service.openStreams()).toHaveLength(2));
    service.tell('acme', { entries: [] });
    await eventually(() =>
      expect(allowlist.decide(fromApp('acme'))).toMatchObject({ allowed: false, revision: 2 }),
    );
    service.streams[1]?.send('hello', {});
    await eventually(() => expect(service.openStreams()).toEqual([service.streams[1]]));
    service.tell('globex', { entries: [] });
    await eventually(() => expect(allowlist.decide(fromApp('globex'))).toMatchObject({ allowed: false }));
    expect(allowlist.status()).toMatchObject({
      transport: { state: 'streaming' },
      counters: { reconnects: 1, resyncs: 0, deltasApplied: 2 },
    });
  });

  it('opens it after ten seconds at the latest, also while tenants load without a pause', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ stream: true, tenant });
    for (let index = 0; index < 20; index += 1) {
      service.write(`tenant-${index}`, {});
      await allowlist.decide(fromApp(`tenant-${index}`));
      clock.advance(500);
    }
    await streaming(allowlist);
    expect(service.streams).toHaveLength(1);
  });

  it('polls, and streams no more, while it holds more than a thousand', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ stream: true, tenant, maxTenants: 2_000 });
    // As many at once as may be loaded in a second.
    for (let index = 0; index < 1_000; index += 20) {
      const slugs = Array.from({ length: 20 }, (_, offset) => `tenant-${index + offset}`);
      for (const slug of slugs) service.write(slug, {});
      await Promise.all(slugs.map((slug) => allowlist.decide(fromApp(slug))));
      clock.advance(1_000);
    }
    await streaming(allowlist);
    await eventually(() => expect(service.openStreams()[0]?.request.tenants).toHaveLength(1_000));
    service.write('one-more', {});
    await allowlist.decide(fromApp('one-more'));
    await eventually(() => expect(service.openStreams()).toEqual([]));
    expect(allowlist.status().transport.state).toBe('polling');
  }, 20_000);

  it('has none told to one that was dropped meanwhile', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ stream: true, tenant, maxTenants: 1 });
    await allowlist.decide(fromApp('acme'));
    clock.advance(1_000);
    await streaming(allowlist);
    await allowlist.decide(fromApp('globex'));
    service.tell('acme', { entries: [] });
    await allowlist.decide(fromApp('acme'));
    expect(allowlist.decide(fromApp('acme'))).toMatchObject({ allowed: false, revision: 2 });
    clock.advance(1_000);
    await eventually(() => expect(service.streams).toHaveLength(2));
    expect(service.streams[1]?.request.tenants).toMatchObject([{ slug: 'acme', revision: 2 }]);
    expect(allowlist.status().counters.resyncs).toBe(0);
  });
});
