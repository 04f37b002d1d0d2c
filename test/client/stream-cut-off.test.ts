import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from './fake-clock.js';
import { snapshotAnswer, startFakeService } from './fake-service.js';
import { createSetup, createStreaming, eventually } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };

describe('given a proxy that cuts streams and lets all else pass', () => {
  it('polls at every regular interval, whatever the stream waits for', async () => {
    const { clock, service, allowlist } = await createStreaming({ pollIntervalMs: 5_000 });
    service.override(({ call }, response) => {
      if (call !== 'POST /v1/stream') return 'pass';
      response.destroy();
      return 'answered';
    });
    service.streams[0]?.cut();
    await eventually(() => expect(allowlist.status().transport.state).toBe('retrying'));
    service.write('acme', { entries: [] });
    clock.advance(5_000);
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 }));
    expect(allowlist.status().transport.state).toBe('polling');
    for (let revision = 3; revision < 8; revision += 1) {
      service.write('acme', { entries: [] });
      await eventually(() => expect(clock.pending()).toContain(5_000));
      clock.advance(5_000);
      await eventually(() => expect(allowlist.status().tenants[0]).toMatchObject({ revision, ageMs: 0 }));
    }
  });

  it('polls so from the start, where no stream was ever had', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    service.override(({ call }, response) => {
      if (call !== 'POST /v1/stream') return 'pass';
      response.destroy();
      return 'answered';
    });
    const allowlist = create({ stream: true, pollIntervalMs: 5_000 });
    await eventually(() => expect(clock.pending()).toEqual([5_000, 8_000]));
    service.write('acme', { entries: [] });
    clock.advance(5_000);
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 }));
  });
});

describe('given a service that is away as a whole', () => {
  it('waits for the next regular poll, while the stream tries by itself', async () => {
    const { clock, service, allowlist } = await createStreaming({ pollIntervalMs: 5_000 });
    await service.close();
    await eventually(() => expect(clock.pending()).toEqual([5_000, 8_000]));
    clock.advance(5_000);
    await eventually(() => expect(clock.pending()).toEqual([3_000, 5_000]));
    expect(allowlist.status().transport).toMatchObject({ lastProblem: { code: 'unreachable' } });
  });

  it('gets at most 40 calls in any second from 200 clients', async () => {
    const herd = await createHerd(200);
    const perSecond = await herd.killFor(120);
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(40);
    // They do try, all of them, and go on.
    expect(Math.min(...perSecond.slice(1))).toBeGreaterThan(0);
  });
});

/** Clients that stream, started one after the other over half a minute, of a service that is no process: it can be away at once. */
async function createHerd(size: number) {
  const clock = createFakeClock();
  const service = await startFakeService(clock.now);
  const snapshot = service.write('acme', { entries: [APP] });
  await service.close();
  const open: ReadableStreamDefaultController<Uint8Array>[] = [];
  let isAway = false;
  let calls = 0;
  let seed = 1;
  /** Repeatable, so that the test is. */
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const ask = (url: string): Promise<Response> => {
    if (!url.endsWith('/v1/report')) calls += 1;
    if (isAway) return Promise.reject(new TypeError('fetch failed'));
    if (url.endsWith('/v1/report')) return Promise.resolve(new Response(null, { status: 204 }));
    if (!url.endsWith('/v1/stream')) {
      const { status, headers, body } = snapshotAnswer(snapshot, clock.now());
      return Promise.resolve(new Response(body, { status, headers }));
    }
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('event: hello\ndata: {}\n\n'));
        open.push(controller);
      },
    });
    return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  };
  const deps = { ...clock.deps, random, fetch: ask };
  const herd: Allowlist[] = [];
  onTestFinished(() => {
    for (const one of herd) one.close();
  });
  for (let index = 0; index < size; index += 1) {
    herd.push(createAllowlist({ url: 'https://a.example', key: service.key, tenant: 'acme', deps }));
    await settle();
    clock.advance(Math.round(30_000 / size));
  }
  await eventually(() => expect(open).toHaveLength(size));
  for (const one of herd) expect(one.status().transport.state).toBe('streaming');
  return {
    /** @returns the calls of each second. */
    async killFor(seconds: number): Promise<readonly number[]> {
      isAway = true;
      for (const controller of open) controller.error(new Error('cut'));
      const perSecond: number[] = [];
      for (let second = 0; second < seconds; second += 1) {
        calls = 0;
        for (let step = 0; step < 10; step += 1) {
          await settle();
          clock.advance(100);
        }
        perSecond.push(calls);
      }
      return perSecond;
    },
  };
}
