import type { AllowlistEvents } from '@origin-allowlist/client';
import { describe, expect, it } from 'vitest';
import { createSetup, createStreaming, eventually, settled, streaming } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const VERSIONS_CALL = 'POST /v1/versions';

describe('given a stream that is cut', () => {
  it('goes on deciding, opens another within seconds, and has what it missed at once', async () => {
    const { clock, service, allowlist, lineage } = await createStreaming();
    service.streams[0]?.cut();
    await eventually(() => expect(allowlist.status().transport.state).toBe('retrying'));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    service.write('acme', { entries: [] });
    clock.advance(8_000);
    await streaming(allowlist);
    const ops = [{ op: 'delete', pattern: APP.pattern }];
    service.streams[1]?.send('delta', { tenant: 'acme', lineage, from: 1, to: 2, ops, count: 0 });
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 }));
    expect(service.openStreams()).toEqual([service.streams[1]]);
    expect(allowlist.status().transport.lastProblem?.code).toBe('unreachable');
    expect(allowlist.status().counters).toMatchObject({ reconnects: 1, callsFailed: 1 });
  });

  it('enforces what was removed meanwhile at the next poll, while no other can be had', async () => {
    const { clock, service, allowlist } = await createStreaming();
    service.greet(false);
    service.streams[0]?.cut();
    await eventually(() => expect(allowlist.status().transport.state).toBe('retrying'));
    service.write('acme', { entries: [] });
    clock.advance(30_000);
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 }));
    await eventually(() => expect(allowlist.status().transport.state).toBe('polling'));
  });

  it('after deltas asks for the version first, not for the whole list', async () => {
    const { clock, service, allowlist } = await createStreaming();
    service.tell('acme', { entries: [APP] });
    await eventually(() => expect(allowlist.status().counters.deltasApplied).toBe(1));
    service.greet(false);
    service.streams[0]?.cut();
    await eventually(() => expect(allowlist.status().transport.state).toBe('retrying'));
    clock.advance(30_000);
    await eventually(() => expect(service.calls().at(-1)).toBe(VERSIONS_CALL));
    await eventually(() => expect(allowlist.status().tenants[0]?.ageMs).toBe(0));
    expect(allowlist.status().counters.listsLoaded).toBe(1);
  });

  it('waits longer each time a stream does not last to its first ping, up to 30 s, and for ever', async () => {
    const { clock, service, allowlist } = await createStreaming({ pollIntervalMs: 3_600_000 });
    for (const pauseMs of [8_000, 15_000, 15_000, 15_000]) {
      const before = service.streams.length;
      service.streams.at(-1)?.cut();
      await eventually(() => expect(allowlist.status().transport.state).not.toBe('streaming'));
      clock.advance(pauseMs - 1);
      expect(service.streams).toHaveLength(before);
      clock.advance(1);
      await streaming(allowlist);
    }
    service.streams.at(-1)?.send('ping', { checkedAgeMs: 0 });
    await eventually(() => expect(allowlist.status().tenants[0]?.ageMs).toBe(0));
    service.streams.at(-1)?.cut();
    await eventually(() => expect(allowlist.status().transport.state).toBe('retrying'));
    clock.advance(8_000);
    await streaming(allowlist);
  });

  it('spreads the pauses from nothing to sixteen seconds', async () => {
    const setup = await createSetup();
    setup.service.write('acme', { entries: [APP] });
    let random = 0.5;
    const allowlist = setup.create({ stream: true, deps: { ...setup.clock.deps, random: () => random } });
    await streaming(allowlist);
    random = 0.999;
    setup.service.streams[0]?.cut();
    await eventually(() => expect(setup.clock.pending()).toEqual([15_984, 30_000]));
    random = 0;
    setup.clock.advance(15_984);
    await streaming(allowlist);
    setup.service.streams[1]?.cut();
    await eventually(() => expect(setup.clock.pending()).toContain(0));
  });
});

describe('given a stream the service ends', () => {
  it('comes back when it was told to, up to a fifth later, and speaks of no problem', async () => {
    const { clock, service, allowlist } = await createStreaming();
    const told: AllowlistEvents['transport'][] = [];
    allowlist.on('transport', (event) => told.push(event));
    service.streams[0]?.send('ping', { checkedAgeMs: 0 });
    service.streams[0]?.end(5_000);
    await eventually(() => expect(clock.pending()).toEqual([5_500, 30_000]));
    clock.advance(5_500);
    await streaming(allowlist);
    expect(told).toEqual([{ state: 'polling' }, { state: 'streaming' }]);
    expect(service.openStreams()).toHaveLength(1);
  });

  it('is not sent round in circles by a service that ends each stream at once', async () => {
    const { clock, service, allowlist } = await createStreaming();
    for (const pauseMs of [8_000, 15_000, 15_000]) {
      service.streams.at(-1)?.end(0);
      await eventually(() => expect(clock.pending()).toContain(pauseMs));
      clock.advance(pauseMs);
      await streaming(allowlist);
    }
  });

  it('does not wait longer than five minutes, whatever it is told', async () => {
    const { clock, service } = await createStreaming({ pollIntervalMs: 3_600_000 });
    service.streams[0]?.end(86_400_000);
    await eventually(() => expect(clock.pending()).toEqual([330_000, 3_600_000]));
  });
});

describe('given many streams, one after the other', () => {
  it('uses a signal of its own for each, and leaves one stream and no timer of the others', async () => {
    const signals = new Set<unknown>();
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const counting = (url: string, init: RequestInit): Promise<Response> => {
      if (url.endsWith('/v1/stream')) signals.add(init.signal);
      return fetch(url, init);
    };
    const allowlist = create({ stream: true, deps: { ...clock.deps, fetch: counting } });
    for (let reconnects = 0; reconnects < 200; reconnects += 1) {
      await eventually(() => expect(allowlist.status().counters.reconnects).toBe(reconnects));
      await streaming(allowlist);
      service.streams.at(-1)?.send('ping', { checkedAgeMs: 0 });
      service.streams.at(-1)?.end(0);
      await eventually(() => expect(clock.pending()[0]).toBe(0));
      clock.advance(0);
    }
    await streaming(allowlist);
    expect(signals.size).toBe(201);
    expect(service.openStreams()).toEqual([service.streams[200]]);
    expect(clock.pending()).toEqual([30_000, 45_000]);
  }, 20_000);
});

describe('given a stream that is silent', () => {
  it('gives it up after 45 s without a byte, and opens another', async () => {
    const { clock, service, allowlist } = await createStreaming();
    clock.advance(44_000);
    service.streams[0]?.write(': still here\n');
    await eventually(() => expect(clock.pending()).toContain(45_000));
    clock.advance(44_999);
    expect(allowlist.status().transport.state).toBe('streaming');
    clock.advance(1);
    expect(allowlist.status().transport).toMatchObject({
      state: 'retrying',
      lastProblem: { code: 'timeout', detail: 'The stream was silent for 45 s.' },
    });
    await eventually(() => expect(service.openStreams()).toEqual([]));
    clock.advance(8_000);
    await streaming(allowlist);
  });

  it('gives it up after 10 s without a greeting, polls meanwhile, and tries again', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    service.greet(false);
    const allowlist = create({ stream: true });
    await eventually(() => expect(service.streams).toHaveLength(1));
    await settled(clock, 10_000, 30_000);
    clock.advance(10_000);
    expect(allowlist.status().transport).toMatchObject({
      state: 'polling',
      lastProblem: { code: 'timeout', detail: 'The stream sent no greeting within 10 s.' },
    });
    await eventually(() => expect(service.openStreams()).toEqual([]));
    clock.advance(8_000);
    await eventually(() => expect(service.streams).toHaveLength(2));
    service.streams[1]?.send('hello', {});
    await streaming(allowlist);
  });
});
