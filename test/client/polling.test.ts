import type { AllowlistEvents } from '@origin-allowlist/client';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { problem, send, snapshotAnswer } from './fake-service.js';
import { createSetup, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const SHOP = { pattern: 'https://shop.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const FROM_SHOP = { method: 'GET', target: '/', origin: 'https://shop.example.com' };
const SNAPSHOT_CALL = 'GET /v1/snapshot?tenant=acme';

describe('given one tenant by name', () => {
  it('loads its list at once and decides by it without a promise', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    await settled(clock, 30_000);
    expect(service.calls()).toEqual([SNAPSHOT_CALL]);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true, tenant: 'acme', revision: 1 });
    expect(allowlist.decide(FROM_SHOP)).toMatchObject({ allowed: false, reason: 'origin_not_listed' });
  });

  it('asks every 30 s whether its version is current, and counts a 304 as fresh', async () => {
    const { clock, service, create } = await createSetup();
    const { lineage } = service.write('acme', { entries: [APP] });
    const allowlist = create();
    await settled(clock, 30_000);
    clock.advance(30_000);
    expect(allowlist.status().tenants[0]?.ageMs).toBe(30_000);
    await settled(clock, 30_000);
    expect(service.calls()).toEqual([SNAPSHOT_CALL, SNAPSHOT_CALL]);
    expect(service.seen[1]?.headers['if-none-match']).toBe(`"${lineage}.1"`);
    expect(allowlist.status().tenants[0]?.ageMs).toBe(0);
    expect(allowlist.status().counters.listsLoaded).toBe(1);
  });

  it('spreads the polls by a fifth to either side', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', {});
    create({ deps: { ...clock.deps, random: () => 0 } });
    await settled(clock, 24_000);
  });

  it('enforces a change after the next poll and tells it', async () => {
    const { clock, service, create } = await createSetup();
    const { lineage } = service.write('acme', { entries: [APP] });
    const allowlist = create();
    const changes: AllowlistEvents['changed'][] = [];
    allowlist.on('changed', (change) => changes.push(change));
    await settled(clock, 30_000);
    service.write('acme', { entries: [SHOP] });
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 });
    expect(allowlist.decide(FROM_SHOP)).toMatchObject({ allowed: true, revision: 2 });
    expect(changes).toEqual([
      { tenant: 'acme', to: { lineage, revision: 1 } },
      { tenant: 'acme', from: { lineage, revision: 1 }, to: { lineage, revision: 2 } },
    ]);
  });

  it('never goes back to a lower revision of a lineage: a node may lag', async () => {
    const { clock, service, create } = await createSetup();
    const old = service.write('acme', { entries: [APP] });
    service.write('acme', { entries: [] });
    const allowlist = create();
    await settled(clock, 30_000);
    service.show(old);
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 });
    expect(allowlist.status().tenants[0]?.ageMs).toBe(30_000);
  });

  it('takes any revision of another lineage: the database was restored', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [] });
    const current = service.write('acme', { entries: [] });
    const allowlist = create();
    await settled(clock, 30_000);
    const lineage = '11111111-1111-4111-8111-111111111111';
    service.show({ ...current, lineage, revision: 1, count: 1, entries: [APP] });
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true, lineage, revision: 1 });
  });

  it('drops a tenant that is gone and refuses, until it is there again', async () => {
    const { clock, service, create } = await createSetup();
    const { lineage } = service.write('acme', { entries: [APP] });
    const allowlist = create();
    const changes: AllowlistEvents['changed'][] = [];
    await settled(clock, 30_000);
    allowlist.on('changed', (change) => changes.push(change));
    service.remove('acme');
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'tenant_unknown' });
    expect(changes).toEqual([{ tenant: 'acme', from: { lineage, revision: 1 } }]);
    service.write('acme', { entries: [APP] });
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
  });

  it('keeps its list when a 404 does not speak of the tenant', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    await settled(clock, 30_000);
    service.override((_request, response) => {
      send(response, problem(404, 'route_not_found'));
      return 'answered';
    });
    clock.advance(30_000);
    await settled(clock, 1_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    expect(allowlist.status().transport).toMatchObject({
      state: 'retrying',
      lastProblem: { code: 'unexpected_status' },
    });
  });
});

describe('given a snapshot that is not what the service declared', () => {
  const shop = (revision: number) => ({
    tenant: 'acme',
    lineage: '22222222-2222-4222-8222-222222222222',
    revision,
    count: 1,
    policies: [DEFAULT_POLICY],
    entries: [SHOP],
  });
  const whole = snapshotAnswer(shop(2), 0);
  const cases = [
    ['its digest differs', { ...whole, body: whole.body.replace('shop', 'evil') }, 'digest_mismatch'],
    ['it has no digest', { ...whole, headers: {} }, 'digest_mismatch'],
    ['its count differs', snapshotAnswer({ ...shop(2), count: 2 }, 0), 'snapshot_invalid'],
    ['it is of another tenant', snapshotAnswer({ ...shop(2), tenant: 'globex' }, 0), 'snapshot_invalid'],
    ['it lacks the default policy', snapshotAnswer({ ...shop(2), policies: [] }, 0), 'snapshot_invalid'],
  ] as const;

  it.each(cases)('%s: it keeps the list it has and tries again in a second', async (_title, answer, code) => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    await settled(clock, 30_000);
    service.override((_request, response) => {
      send(response, answer);
      return 'answered';
    });
    clock.advance(30_000);
    await settled(clock, 1_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true, revision: 1 });
    expect(allowlist.status().transport.lastProblem?.code).toBe(code);
    service.override(undefined);
    clock.advance(1_000);
    await settled(clock, 30_000);
    expect(allowlist.status().transport.state).toBe('polling');
  });

  it('tries again after a 304 to a call that named no version', async () => {
    const { clock, service, create } = await createSetup();
    service.override((_request, response) => {
      send(response, { status: 304, headers: {}, body: '' });
      return 'answered';
    });
    const allowlist = create();
    await settled(clock, 1_000);
    expect(allowlist.status().transport.lastProblem?.code).toBe('unexpected_status');
  });
});

describe('given an entry that expires', () => {
  it("stops matching at that moment by the service's clock, with no call", async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [{ ...APP, expiresAt: '2026-01-01T00:00:10.000Z' }] });
    const allowlist = create();
    await settled(clock, 30_000);
    const calls = service.calls().length;
    clock.set(Date.parse('2026-01-01T00:00:09.999Z'));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    clock.set(Date.parse('2026-01-01T00:00:10.000Z'));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false });
    expect(service.calls().length).toBe(calls);
  });

  it('follows the service when its clock is an hour ahead of this machine', async () => {
    const { clock, service, create } = await createSetup({ serviceAheadMs: 3_600_000 });
    service.write('acme', { entries: [{ ...APP, expiresAt: '2026-01-01T00:30:00.000Z' }] });
    const allowlist = create();
    await settled(clock, 30_000);
    expect(allowlist.status().serverClockOffsetMs).toBe(3_600_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false });
  });
});
