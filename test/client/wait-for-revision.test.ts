import { describe, expect, it } from 'vitest';
import { problem, send } from './fake-service.js';
import { createSetup, createStreaming, eventually, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const SNAPSHOT_CALL = 'GET /v1/snapshot?tenant=acme';

describe('waitForRevision', () => {
  it('is there at once when the revision is, or a later one', async () => {
    const { allowlist, service } = await createStreaming();
    expect(await allowlist.waitForRevision('acme', 1)).toEqual({ ready: true, state: 'ready' });
    expect(await allowlist.waitForRevision('acme', 0)).toEqual({ ready: true, state: 'ready' });
    expect(service.calls()).toEqual([SNAPSHOT_CALL]);
  });

  it('waits for the stream, asks nothing meanwhile, and holds the process only until then', async () => {
    const { clock, allowlist, service } = await createStreaming();
    const waiting = allowlist.waitForRevision('acme', 3);
    expect(clock.holding()).toBe(1);
    service.tell('acme', { entries: [] });
    service.tell('acme', { entries: [APP] });
    expect(await waiting).toEqual({ ready: true, state: 'ready' });
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true, revision: 3 });
    expect(service.calls()).toEqual([SNAPSHOT_CALL]);
    expect(clock.holding()).toBe(0);
    expect(clock.pending()).toEqual([30_000, 45_000]);
  });

  it('asks the service after a second in which the stream said nothing', async () => {
    const { clock, allowlist, service } = await createStreaming();
    const waiting = allowlist.waitForRevision('acme', 2);
    service.write('acme', { entries: [] });
    clock.advance(1_000);
    expect(await waiting).toEqual({ ready: true, state: 'ready' });
  });

  it('without a stream asks at once, and again each second', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    await settled(clock, 30_000);
    const waiting = allowlist.waitForRevision('acme', 2);
    await eventually(() => expect(service.calls()).toHaveLength(2));
    await eventually(() => expect(clock.pending()).toEqual([1_000, 10_000, 30_000]));
    service.write('acme', { entries: [] });
    clock.advance(1_000);
    expect(await waiting).toEqual({ ready: true, state: 'ready' });
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 });
    await settled(clock, 29_000);
  });

  it('loads a tenant that was not held, also one that was not there a moment ago', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ tenant: ({ host }) => host });
    await settled(clock, 30_000);
    expect(await allowlist.decide({ ...FROM_APP, host: 'acme' })).toMatchObject({ reason: 'tenant_unknown' });
    service.write('acme', { entries: [APP] });
    expect(await allowlist.waitForRevision('acme', 1)).toEqual({ ready: true, state: 'ready' });
    expect(allowlist.decide({ ...FROM_APP, host: 'acme' })).toMatchObject({ allowed: true });
  });

  it('ends after timeoutMs, and says when there is no such tenant', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create({ tenant: ({ host }) => host });
    await settled(clock, 30_000);
    const late = allowlist.waitForRevision('acme', 9, { timeoutMs: 3_000 });
    const unknown = allowlist.waitForRevision('nobody', 1, { timeoutMs: 3_000 });
    await eventually(() => expect(service.calls()).toContain('GET /v1/snapshot?tenant=nobody'));
    await eventually(() => expect(allowlist.status().tenants).toHaveLength(1));
    await eventually(() => expect(clock.pending()).not.toContain(10_000));
    clock.advance(3_000);
    expect(await late).toEqual({ ready: false, state: 'timeout' });
    expect(await unknown).toEqual({ ready: false, state: 'tenant_unknown' });
  });

  it('says at once what cannot come: another tenant than the one, none at all, a refused key, a closed client', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', {});
    const allowlist = create();
    await settled(clock, 30_000);
    expect(await allowlist.waitForRevision('globex', 1)).toEqual({ ready: false, state: 'tenant_unknown' });
    const resolving = create({ tenant: () => 'acme' });
    expect(await resolving.waitForRevision('../keys', 1)).toEqual({ ready: false, state: 'tenant_unknown' });
    const waiting = allowlist.waitForRevision('acme', 2);
    allowlist.close();
    expect(await waiting).toEqual({ ready: false, state: 'closed' });
    expect(await allowlist.waitForRevision('acme', 1)).toEqual({ ready: false, state: 'closed' });
    service.override((_request, response) => {
      send(response, problem(401, 'unauthorized'));
      return 'answered';
    });
    expect(await create().waitForRevision('acme', 1)).toEqual({ ready: false, state: 'unauthorized' });
  });

  it('lets a thousand wait: the next is told at once', async () => {
    const { allowlist } = await createStreaming();
    const waiting = Array.from({ length: 1_000 }, () => allowlist.waitForRevision('acme', 2));
    expect(await allowlist.waitForRevision('acme', 2)).toEqual({ ready: false, state: 'timeout' });
    allowlist.close();
    expect((await Promise.all(waiting))[999]).toEqual({ ready: false, state: 'closed' });
  });
});
