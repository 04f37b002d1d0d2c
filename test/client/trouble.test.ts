import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AllowlistEvents } from '@origin-allowlist/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { problem, send } from './fake-service.js';
import { createSetup, eventually, type Setup, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };

/** A `fetch` that fails as Node's does when nothing listens, until it is let through. */
function createCable() {
  const cable = {
    isCut: false,
    fetch: (url: string, init: RequestInit): Promise<Response> =>
      cable.isCut
        ? Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }))
        : fetch(url, init),
  };
  return cable;
}

/** Makes the service answer every call with this status and these headers. */
function answerWith(
  { service }: Setup,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  service.override((_request, response) => {
    send(response, { ...problem(status, 'test'), headers });
    return 'answered';
  });
}

describe('given a service that cannot be reached', () => {
  it('keeps deciding, and tries again after 1 s, doubling to 30 s, for ever', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const cable = createCable();
    const allowlist = create({ deps: { ...clock.deps, fetch: cable.fetch } });
    await settled(clock, 30_000);
    cable.isCut = true;
    clock.advance(30_000);
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]) {
      await settled(clock, pauseMs);
      expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
      clock.advance(pauseMs);
    }
    await settled(clock, 30_000);
    cable.isCut = false;
    clock.advance(30_000);
    await eventually(() => expect(allowlist.status().transport.state).toBe('polling'));
    await settled(clock, 30_000);
    expect(allowlist.status().counters.callsFailed).toBe(9);
  });

  it('spreads the pauses by a fifth', async () => {
    const { clock, create } = await createSetup();
    const cable = createCable();
    cable.isCut = true;
    create({ deps: { ...clock.deps, random: () => 0, fetch: cable.fetch } });
    await settled(clock, 800);
  });

  it('refuses at once, without a call, requests of a tenant that was never loaded', async () => {
    const { clock, create } = await createSetup();
    const cable = createCable();
    cable.isCut = true;
    const allowlist = create({ deps: { ...clock.deps, fetch: cable.fetch } });
    await settled(clock, 1_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'not_loaded' });
    expect(allowlist.status().counters.callsFailed).toBe(1);
  });

  it('tells each try, and says why', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', {});
    const cable = createCable();
    const told: AllowlistEvents['transport'][] = [];
    const allowlist = create({ deps: { ...clock.deps, fetch: cable.fetch } });
    allowlist.on('transport', (event) => told.push(event));
    await settled(clock, 30_000);
    cable.isCut = true;
    clock.advance(30_000);
    await settled(clock, 1_000);
    cable.isCut = false;
    clock.advance(1_000);
    await settled(clock, 30_000);
    const detail = 'The service cannot be reached (connect ECONNREFUSED).';
    expect(told).toEqual([
      { state: 'polling' },
      { state: 'retrying', problem: { code: 'unreachable', detail } },
      { state: 'polling' },
    ]);
  });

  it('is not held up by a clock that is set back', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const cable = createCable();
    cable.isCut = true;
    const allowlist = create({ deps: { ...clock.deps, fetch: cable.fetch } });
    await settled(clock, 1_000);
    cable.isCut = false;
    clock.set(clock.now() - 3_600_000);
    clock.advance(1_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
  });
});

describe('given a service that refuses the key', () => {
  it.each([401, 403] as const)(
    'after %i it tries once a minute, tells it each time, and keeps the list',
    async (status) => {
      const setup = await createSetup();
      const { clock, service, create } = setup;
      service.write('acme', { entries: [APP] });
      const allowlist = create();
      const told: unknown[] = [];
      allowlist.on('unauthorized', (event) => told.push(event));
      await settled(clock, 30_000);
      answerWith(setup, status);
      clock.advance(30_000);
      await settled(clock, 60_000);
      clock.advance(60_000);
      await settled(clock, 60_000);
      expect(told).toEqual([{ status }, { status }]);
      expect(allowlist.status().transport.state).toBe('unauthorized');
      expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
      service.override(undefined);
      clock.advance(60_000);
      await settled(clock, 30_000);
      expect(allowlist.status().transport.state).toBe('polling');
    },
  );
});

describe('given a service that asks to wait', () => {
  it.each([
    ['10', 11_000],
    ['3600', 330_000],
    ['Thu, 01 Jan 2026 00:01:40 GMT', 110_000],
    ['0', 1_000],
    ['soon', 1_000],
  ])('obeys Retry-After: %s, within bounds', async (retryAfter, pauseMs) => {
    const setup = await createSetup();
    answerWith(setup, 503, { 'retry-after': retryAfter });
    setup.create();
    await settled(setup.clock, pauseMs);
  });

  it('holds first loads back as well', async () => {
    const setup = await createSetup();
    answerWith(setup, 429, { 'retry-after': '10' });
    const allowlist = setup.create({ tenant: () => 'acme' });
    await settled(setup.clock, 11_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ reason: 'not_loaded' });
    expect(setup.service.calls()).toEqual(['POST /v1/versions']);
  });
});

describe('given answers that are no answers', () => {
  it('does not follow a redirect, which would take the key along', async () => {
    const setup = await createSetup();
    let visits = 0;
    const elsewhere = createServer((_request, response) => {
      visits += 1;
      response.end();
    });
    onTestFinished(() => void elsewhere.close());
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${portOf(elsewhere.address())}/`;
    answerWith(setup, 307, { location });
    const allowlist = setup.create();
    await settled(setup.clock, 1_000);
    expect(allowlist.status().transport.lastProblem?.code).toBe('redirected');
    expect(visits).toBe(0);
  });

  it.each(['no head', 'half a body'])('gives up on a call with %s after requestTimeoutMs', async (stall) => {
    const { clock, service, create } = await createSetup();
    let calls = 0;
    service.override((_request, response) => {
      calls += 1;
      if (stall === 'half a body')
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"ten');
      return 'answered';
    });
    const allowlist = create({ requestTimeoutMs: 3_000 });
    await eventually(() => expect(calls).toBe(1));
    clock.advance(3_000);
    await settled(clock, 1_000);
    expect(allowlist.status().transport.lastProblem?.code).toBe('timeout');
  });

  it('stops reading a body past 64 MiB', async () => {
    const { clock, create } = await createSetup();
    const chunk = new Uint8Array(1024 * 1024);
    let sent = 0;
    const body = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 1;
          controller.enqueue(chunk);
        },
      });
    const allowlist = create({ deps: { ...clock.deps, fetch: async () => new Response(body()) } });
    await settled(clock, 1_000);
    expect(allowlist.status().transport.lastProblem?.code).toBe('body_too_large');
    expect(sent).toBeLessThan(70);
  });

  it('survives a body that is not JSON', async () => {
    const { clock, service, create } = await createSetup();
    service.override((_request, response) => {
      response.end('<html>');
      return 'answered';
    });
    const allowlist = create({ tenant: () => undefined });
    await settled(clock, 1_000);
    expect(allowlist.status().transport.lastProblem?.code).toBe('body_invalid');
  });
});

describe('given a client that is closed', () => {
  it('aborts the call under way, lets waiting requests go, and calls no more', async () => {
    const { clock, service, create } = await createSetup();
    let aborted = 0;
    service.override((_request, response) => {
      response.on('close', () => {
        aborted += 1;
      });
      return 'answered';
    });
    const allowlist = create();
    const decision = allowlist.decide(FROM_APP);
    const ready = allowlist.ready();
    await eventually(() => expect(service.calls().length).toBe(1));
    allowlist.close();
    expect(await decision).toMatchObject({ reason: 'not_loaded' });
    expect(await ready).toEqual({ ready: false, state: 'closed' });
    await eventually(() => expect(aborted).toBe(1));
    await eventually(() => expect(clock.pending()).toEqual([]));
    clock.advance(3_600_000);
    expect(service.calls().length).toBe(1);
  });

  it('may be closed again, goes on deciding by what it holds, and loads nothing new', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    service.write('globex', { entries: [APP] });
    const allowlist = create({ tenant: ({ host }) => host });
    await settled(clock, 30_000);
    await allowlist.decide({ ...FROM_APP, host: 'acme' });
    allowlist.close();
    allowlist.close();
    expect(clock.pending()).toEqual([]);
    expect(allowlist.decide({ ...FROM_APP, host: 'acme' })).toMatchObject({ allowed: true });
    expect(allowlist.decide({ ...FROM_APP, host: 'globex' })).toMatchObject({ reason: 'not_loaded' });
    expect(allowlist.status().transport.state).toBe('closed');
  });
});

describe('given many calls', () => {
  it('uses a signal of its own for each, and leaves no timer behind', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', {});
    const signals = new Set<AbortSignal>();
    const counting = (url: string, init: RequestInit): Promise<Response> => {
      if (url.includes('/v1/snapshot') && init.signal instanceof AbortSignal) signals.add(init.signal);
      return fetch(url, init);
    };
    create({ deps: { ...clock.deps, fetch: counting } });
    for (let call = 0; call < 50; call += 1) {
      await settled(clock, 30_000);
      clock.advance(30_000);
    }
    await settled(clock, 30_000);
    expect(signals.size).toBe(51);
  });
});

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
