import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AllowlistEvents } from '@origin-allowlist/client';
import { describe, expect, it } from 'vitest';
import { problem, send } from './fake-service.js';
import { createSetup, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const FROM_EVIL = { method: 'GET', target: '/', origin: 'https://evil.example' };

describe('ready', () => {
  it('waits for the first list, then answers at once', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', {});
    const allowlist = create();
    expect(await allowlist.ready()).toEqual({ ready: true, state: 'ready' });
    await settled(clock, 30_000);
    expect(await allowlist.ready({ timeoutMs: 1 })).toEqual({ ready: true, state: 'ready' });
  });

  it('ends after timeoutMs, without throwing, and holds the process only until then', async () => {
    const { clock, service, create } = await createSetup();
    service.override(() => 'answered');
    const allowlist = create();
    expect(clock.holding()).toBe(0);
    const ready = allowlist.ready({ timeoutMs: 3_000 });
    expect(clock.holding()).toBe(1);
    clock.advance(3_000);
    expect(await ready).toEqual({ ready: false, state: 'timeout' });
    expect(clock.holding()).toBe(0);
  });

  it('says at once that the key is refused', async () => {
    const { service, create } = await createSetup();
    service.write('acme', {});
    expect(await create({ key: 'wrong' }).ready()).toEqual({ ready: false, state: 'unauthorized' });
  });

  it('says at once that there is no such tenant', async () => {
    const { create } = await createSetup();
    expect(await create().ready()).toEqual({ ready: false, state: 'tenant_unknown' });
  });

  it('with a resolver waits for the service to answer, and no more', async () => {
    const { service, create } = await createSetup();
    expect(await create({ tenant: () => 'acme' }).ready()).toEqual({ ready: true, state: 'ready' });
    expect(service.calls()).toEqual(['POST /v1/versions']);
    const other = create({ tenant: () => 'acme', key: 'wrong' });
    expect(await other.ready()).toEqual({ ready: false, state: 'unauthorized' });
  });
});

describe('status', () => {
  it('tells what is held, how the service stands, and what was done', async () => {
    const { clock, service, create } = await createSetup();
    const { lineage } = service.write('acme', { entries: [APP] });
    const allowlist = create({ service: 'checkout' });
    await settled(clock, 30_000);
    void allowlist.decide(FROM_APP);
    void allowlist.decide(FROM_EVIL);
    clock.set(clock.now() + 5_000);
    expect(JSON.parse(JSON.stringify(allowlist.status()))).toEqual({
      instance: expect.stringMatching(/^[0-9a-f-]{36}$/),
      service: 'checkout',
      transport: { state: 'polling', lastSuccessAgeMs: 5_000 },
      serverClockOffsetMs: 0,
      tenants: [{ tenant: 'acme', lineage, revision: 1, ageMs: 5_000, stale: false }],
      counters: {
        decisions: 2,
        refused: 1,
        refusedUnloaded: 0,
        listsLoaded: 1,
        listsEvicted: 0,
        deltasApplied: 0,
        resyncs: 0,
        reconnects: 0,
        callsFailed: 0,
      },
    });
    expect(service.seen[0]?.headers['user-agent']).toBe('origin-allowlist-client (checkout)');
  });

  it('never shows the key, also when the service echoes it', async () => {
    const { clock, service, create } = await createSetup();
    service.override(({ headers }, response) => {
      send(response, problem(500, String(headers.authorization)));
      return 'answered';
    });
    const allowlist = create();
    await settled(clock, 1_000);
    expect(JSON.stringify(allowlist.status())).not.toContain(service.key);
  });
});

describe('events', () => {
  it('tell ready once, and every change', async () => {
    const { clock, service, create } = await createSetup();
    const { lineage } = service.write('acme', {});
    const allowlist = create();
    const told: unknown[] = [];
    allowlist.on('ready', (event) => told.push(['ready', event]));
    allowlist.on('changed', ({ to }) => told.push(['changed', to?.revision]));
    await settled(clock, 30_000);
    service.write('acme', {});
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(told).toEqual([
      ['ready', { tenant: 'acme', lineage, revision: 1 }],
      ['changed', 1],
      ['changed', 2],
    ]);
  });

  it('tell at most ten refusals a second, and how many were left out', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    const told: AllowlistEvents['refused'][] = [];
    allowlist.on('refused', (event) => told.push(event));
    await settled(clock, 30_000);
    for (let request = 0; request < 25; request += 1) void allowlist.decide(FROM_EVIL);
    void allowlist.decide(FROM_APP);
    void allowlist.decide({ method: 'GET' });
    expect(told).toHaveLength(10);
    expect(told[0]).toMatchObject({
      request: FROM_EVIL,
      decision: { reason: 'origin_not_listed' },
      suppressed: 0,
    });
    clock.advance(1_000);
    void allowlist.decide(FROM_EVIL);
    expect(told[10]?.suppressed).toBe(15);
  });

  it('reach a listener until it is removed, as often as it was added', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', {});
    const allowlist = create();
    let calls = 0;
    const count = () => {
      calls += 1;
    };
    const removeFirst = allowlist.on('changed', count);
    const removeSecond = allowlist.on('changed', count);
    removeFirst();
    removeFirst();
    await settled(clock, 30_000);
    expect(calls).toBe(1);
    removeSecond();
    service.write('acme', {});
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(calls).toBe(1);
  });

  it('are not stopped by a listener that throws or rejects; that is told as an error', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    const thrown = new Error('thrown');
    const rejected = new Error('rejected');
    const errors: unknown[] = [];
    let heard = 0;
    allowlist.on('changed', () => {
      throw thrown;
    });
    allowlist.on('changed', async () => {
      throw rejected;
    });
    allowlist.on('changed', () => {
      heard += 1;
    });
    allowlist.on('error', () => {
      throw new Error('an error listener that throws goes round in no circle');
    });
    allowlist.on('error', ({ source, error }) => errors.push([source, error]));
    await settled(clock, 30_000);
    expect(heard).toBe(1);
    expect(errors).toEqual([
      ['listener', thrown],
      ['listener', rejected],
    ]);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
  });
});

describe('given a process with nothing else to do', () => {
  it('ends although its client was never closed', async () => {
    const { service } = await createSetup();
    service.write('acme', {});
    const options = JSON.stringify({ url: service.url, key: service.key, tenant: 'acme' });
    const script = `
      import { createAllowlist } from '@origin-allowlist/client';
      const allowlist = createAllowlist(${options});
      const { state } = await allowlist.ready();
      process.stdout.write(state);`;
    const flags = [
      '--conditions=@origin-allowlist/source',
      '--import=tsx',
      '--input-type=module',
      '--eval',
      script,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 10_000 });
    expect(stdout).toBe('ready');
  }, 15_000);
});
