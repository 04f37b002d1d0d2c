import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { deltaBetween, problem, send, snapshotAnswer } from './fake-service.js';
import { createStreaming, eventually } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const SHOP = { pattern: 'https://shop.example.com' };
const NEWS = { pattern: 'https://news.example.com' };
const from = ({ pattern }: { readonly pattern: string }) => ({ method: 'GET', target: '/', origin: pattern });

/** A client that streams, and whose next loads are kept waiting until they are answered here. */
async function createHeld() {
  const setup = await createStreaming();
  const waiting: ServerResponse[] = [];
  setup.service.override(({ call }, response) => {
    if (!call.startsWith('GET')) return 'pass';
    waiting.push(response);
    return 'answered';
  });
  const loads = (count: number) => eventually(() => expect(waiting).toHaveLength(count));
  /** Ends the stream and waits for that: then all that was said on it was heard. */
  async function heard(): Promise<void> {
    setup.service.streams[0]?.end(0);
    await eventually(() => expect(setup.allowlist.status().transport.state).toBe('polling'));
  }
  return { ...setup, waiting, loads, heard };
}

describe('given deltas that do not come in order', () => {
  it('a doubled one changes nothing', async () => {
    const { service, allowlist } = await createStreaming();
    const first = service.tell('acme', { entries: [APP, SHOP] });
    service.streams[0]?.send('delta', first);
    service.tell('acme', { entries: [SHOP] });
    service.streams[0]?.send('delta', first);
    service.tell('acme', { entries: [SHOP, NEWS] });
    await eventually(() =>
      expect(allowlist.decide(from(NEWS))).toMatchObject({ allowed: true, revision: 4 }),
    );
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    expect(allowlist.status().counters).toMatchObject({ deltasApplied: 3, resyncs: 0, listsLoaded: 1 });
  });

  it('a lost one is made up for by loading the list', async () => {
    const { clock, service, allowlist } = await createStreaming();
    service.write('acme', { entries: [] });
    service.tell('acme', { entries: [SHOP] });
    await eventually(() =>
      expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 3 }),
    );
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    expect(allowlist.status().counters).toMatchObject({ resyncs: 1, listsLoaded: 2 });
    await eventually(() => expect(clock.pending()).toContain(1_000));
    clock.advance(1_000);
    await eventually(() => expect(service.openStreams()).toEqual([service.streams[1]]));
    expect(service.streams[1]?.request.tenants).toMatchObject([{ slug: 'acme', revision: 3 }]);
  });

  it('two that changed places are', async () => {
    const { service, allowlist } = await createStreaming();
    const one = service.write('acme', { entries: [APP, SHOP] });
    const two = service.write('acme', { entries: [SHOP] });
    service.streams[0]?.send('delta', deltaBetween(one, two));
    service.streams[0]?.send('delta', { ...deltaBetween(undefined, one), from: 1 });
    await eventually(() =>
      expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, revision: 3 }),
    );
    expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true });
  });

  it('one of another lineage has the list loaded: the database was restored', async () => {
    const { service, allowlist, lineage } = await createStreaming();
    const restored = '11111111-1111-4111-8111-111111111111';
    const list = { tenant: 'acme', policies: service.write('acme', {}).policies, entries: [SHOP], count: 1 };
    service.show({ ...list, lineage: restored, revision: 1 });
    service.streams[0]?.send('delta', {
      tenant: 'acme',
      lineage: restored,
      from: 1,
      to: 2,
      ops: [],
      count: 1,
    });
    await eventually(() =>
      expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, lineage: restored }),
    );
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    expect(lineage).not.toBe(restored);
  });
});

describe('given a delta that cannot be used', () => {
  it.each<[string, object]>([
    ['an operation of a kind it does not know', { ops: [{ op: 'move' }] }],
    ['a pattern that does not parse', { ops: [{ op: 'put', entry: { pattern: 'shop' } }] }],
    ['no operations', { ops: undefined }],
    ['a count that differs', { count: 7 }],
  ])('for %s it loads the list', async (_title, change) => {
    const { service, allowlist } = await createStreaming();
    service.tell('acme', { entries: [SHOP] }, change);
    await eventually(() =>
      expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 2 }),
    );
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    expect(allowlist.status().counters).toMatchObject({ deltasApplied: 0, resyncs: 1, listsLoaded: 2 });
  });

  it('when the count differs what was removed is refused until a list of that revision is there', async () => {
    const { clock, service, allowlist, waiting, loads, lineage } = await createHeld();
    service.streams[0]?.send('delta', {
      ...{ tenant: 'acme', lineage, from: 1, to: 2, count: 7 },
      ops: [{ op: 'delete', pattern: APP.pattern }],
    });
    await loads(1);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, revision: 1 });
    const policies = service.write('globex', {}).policies;
    const whole = { tenant: 'acme', lineage, revision: 1, count: 1, policies, entries: [APP] };
    for (const response of waiting.splice(0)) send(response, snapshotAnswer(whole, 0));
    await eventually(() => expect(clock.pending()).toContain(1_000));
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, revision: 1 });
    clock.advance(1_000);
    await loads(1);
    for (const response of waiting) send(response, snapshotAnswer({ ...whole, revision: 2 }, 0));
    await eventually(() => expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true, revision: 2 }));
  });
});

describe('given deltas that come while the list loads', () => {
  it('drops those that are in it and applies the rest in order', async () => {
    const { service, allowlist, waiting, loads, heard } = await createHeld();
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await loads(1);
    service.tell('acme', { entries: [SHOP] });
    const loaded = service.write('acme', { entries: [] });
    for (const stream of service.openStreams()) {
      stream.send('delta', {
        ...deltaBetween(undefined, loaded),
        from: 2,
        ops: [{ op: 'delete', pattern: SHOP.pattern }],
      });
    }
    service.tell('acme', { entries: [NEWS] });
    service.tell('acme', { entries: [NEWS, SHOP] });
    await heard();
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true, revision: 1 });
    for (const response of waiting) send(response, snapshotAnswer(loaded, 0));
    await eventually(() =>
      expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 5 }),
    );
    expect(allowlist.status().counters).toMatchObject({ resyncs: 1, listsLoaded: 2, deltasApplied: 2 });
  });

  it('loads once more when they do not fit the list: another node may lag', async () => {
    const { clock, service, allowlist, waiting, loads } = await createHeld();
    const old = service.write('acme', { entries: [APP] });
    service.write('acme', { entries: [] });
    service.tell('acme', { entries: [SHOP] });
    await loads(1);
    for (const response of waiting) send(response, snapshotAnswer(old, 0));
    await eventually(() => expect(allowlist.status().tenants[0]?.revision).toBe(2));
    await eventually(() => expect(clock.pending()).toContain(1_000));
    service.override(undefined);
    clock.advance(1_000);
    await eventually(() =>
      expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 4 }),
    );
  });

  it('keeps a thousand operations, and loads once more beyond it', async () => {
    const { clock, service, allowlist, waiting, loads, heard } = await createHeld();
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await loads(1);
    const loaded = service.write('acme', { entries: [] });
    for (let count = 0; count < 501; count += 1) service.tell('acme', { entries: [NEWS] });
    await heard();
    service.override(undefined);
    for (const response of waiting) send(response, snapshotAnswer(loaded, 0));
    await eventually(() => expect(clock.pending()).toEqual([1_000, 8_000, 30_000]));
    expect(allowlist.status().counters.deltasApplied).toBe(0);
    clock.advance(1_000);
    await eventually(() =>
      expect(allowlist.decide(from(NEWS))).toMatchObject({ allowed: true, revision: 503 }),
    );
  });

  it('loads again after a resync that came during a load, which may have been answered before', async () => {
    const { clock, service, allowlist, waiting, loads, heard } = await createHeld();
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await loads(1);
    const before = service.write('acme', { entries: [APP] });
    service.write('acme', { entries: [] });
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await heard();
    service.override(undefined);
    for (const response of waiting) send(response, snapshotAnswer(before, 0));
    await eventually(() => expect(clock.pending()).toEqual([1_000, 8_000, 30_000]));
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true, revision: 2 });
    service.greet(false);
    clock.advance(1_000);
    await eventually(() =>
      expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, revision: 3 }),
    );
  });

  it('tries again with growing pauses while the load fails, deciding by what is held', async () => {
    const { clock, service, allowlist } = await createStreaming({ pollIntervalMs: 3_600_000 });
    service.override(({ call }, response) => {
      if (!call.startsWith('GET')) return 'pass';
      send(response, problem(500, 'internal'));
      return 'answered';
    });
    service.streams[0]?.send('resync', { tenant: 'acme' });
    for (const pauseMs of [1_000, 2_000, 4_000]) {
      await eventually(() => expect(clock.pending()[0]).toBe(pauseMs));
      expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
      clock.advance(pauseMs);
    }
    await eventually(() => expect(clock.pending()[0]).toBe(8_000));
    expect(allowlist.status().transport.state).toBe('streaming');
    service.override(undefined);
    service.write('acme', { entries: [SHOP] });
    clock.advance(8_000);
    await eventually(() => expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true }));
  });

  it('drops a tenant that goes meanwhile, whatever the load still brings', async () => {
    const { clock, service, allowlist, waiting, loads } = await createHeld();
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await loads(1);
    service.streams[0]?.send('gone', { tenant: 'acme' });
    await eventually(() => expect(allowlist.decide(from(APP))).toMatchObject({ reason: 'tenant_unknown' }));
    for (const response of waiting) {
      send(response, snapshotAnswer(service.write('acme', { entries: [APP] }), 0));
    }
    // The call has ended; what waits is a new stream, the next look, and the stream there is.
    await eventually(() => expect(clock.pending()).toEqual([1_000, 30_000, 45_000]));
    expect(allowlist.status()).toMatchObject({ tenants: [], counters: { callsFailed: 0, listsLoaded: 1 } });
    expect(allowlist.decide(from(APP))).toMatchObject({ reason: 'tenant_unknown' });
  });

  it('confirms nothing by a ping before the list is there', async () => {
    const { clock, service, allowlist, loads } = await createHeld();
    service.streams[0]?.send('resync', { tenant: 'acme' });
    await loads(1);
    clock.advance(5_000);
    service.streams[0]?.send('ping', { checkedAgeMs: 0 });
    service.streams[0]?.send('gone', { tenant: 'globex' });
    service.streams[0]?.write(': end\n');
    await eventually(() => expect(clock.pending()).toContain(45_000));
    expect(allowlist.status().tenants[0]?.ageMs).toBe(5_000);
  });
});
