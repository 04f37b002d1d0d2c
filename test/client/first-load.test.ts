import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { send, snapshotAnswer } from './fake-service.js';
import { decidedLate, hearRejections } from './rejections.js';
import { createSetup, eventually, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const tenant = ({ host }: { readonly host: string | undefined }) => host?.split('.')[0];
const fromApp = (slug: string) => ({
  method: 'GET',
  target: '/',
  origin: 'https://app.example.com',
  host: `${slug}.example`,
});

/** A setup whose service has answered once and keeps every later call waiting. */
async function createHangingSetup() {
  const setup = await createSetup();
  const waiting: ServerResponse[] = [];
  const allowlist = setup.create({ tenant });
  await settled(setup.clock, 30_000);
  setup.service.override((_request, response) => {
    waiting.push(response);
    return 'answered';
  });
  return { ...setup, allowlist, waiting };
}

describe('given a tenant that is not loaded', () => {
  it('makes requests for it wait for one load, and decides them by it', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    const decisions = await Promise.all([
      allowlist.decide(fromApp('acme')),
      allowlist.decide(fromApp('acme')),
    ]);
    expect(decisions).toMatchObject([{ allowed: true }, { allowed: true }]);
    expect(service.calls()).toEqual(['POST /v1/versions', 'GET /v1/snapshot?tenant=acme']);
  });

  it('refuses after firstLoadTimeoutMs, and still takes the list when it comes', async () => {
    const { clock, service, allowlist, waiting } = await createHangingSetup();
    const decision = allowlist.decide(fromApp('acme'));
    expect(decision).toBeInstanceOf(Promise);
    await eventually(() => expect(waiting.length).toBe(1));
    clock.advance(200);
    expect(await decision).toMatchObject({ allowed: false, reason: 'not_loaded', enforcement: 'headers' });
    for (const response of waiting)
      send(response, snapshotAnswer(service.write('acme', { entries: [APP] }), 0));
    await eventually(() => expect(allowlist.status().tenants.length).toBe(1));
    expect(allowlist.decide(fromApp('acme'))).toMatchObject({ allowed: true });
  });

  it('loads at most 8 at once', async () => {
    const { service, allowlist, waiting } = await createHangingSetup();
    const decisions = Array.from({ length: 9 }, (_, index) => allowlist.decide(fromApp(`tenant-${index}`)));
    await eventually(() => expect(waiting.length).toBe(8));
    expect(service.calls().at(-1)).toBe('GET /v1/snapshot?tenant=tenant-7');
    const [first] = waiting;
    if (first !== undefined) send(first, snapshotAnswer(service.write('tenant-0', { entries: [APP] }), 0));
    expect(await decisions[0]).toMatchObject({ allowed: true, tenant: 'tenant-0' });
    await eventually(() => expect(waiting.length).toBe(9));
  });

  it('starts at most 20 loads a second', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ tenant, firstLoadTimeoutMs: 10_000 });
    await settled(clock, 30_000);
    const decisions = Array.from({ length: 30 }, (_, index) => allowlist.decide(fromApp(`tenant-${index}`)));
    await Promise.all(decisions.slice(0, 20));
    expect(service.calls().length).toBe(1 + 20);
    clock.advance(999);
    await allowlist.decide(fromApp('tenant-0'));
    expect(service.calls().length).toBe(1 + 20);
    clock.advance(1);
    expect(await Promise.all(decisions)).toHaveLength(30);
    expect(service.calls().length).toBe(1 + 30);
  });

  it('starts loads also after the clock was set back', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    for (let index = 0; index < 20; index += 1) await allowlist.decide(fromApp(`tenant-${index}`));
    clock.set(clock.now() - 3_600_000);
    await allowlist.decide(fromApp('tenant-20'));
    expect(service.calls().at(-1)).toBe('GET /v1/snapshot?tenant=tenant-20');
  });

  it('lets at most 100 requests wait: the next is refused at once, without a promise', async () => {
    const { allowlist } = await createHangingSetup();
    for (let index = 0; index < 100; index += 1) {
      expect(allowlist.decide(fromApp('acme'))).toBeInstanceOf(Promise);
    }
    expect(allowlist.decide(fromApp('acme'))).toMatchObject({ allowed: false, reason: 'not_loaded' });
  });

  it('forgets a load that has not begun when nobody waits for it any more', async () => {
    const { clock, service, allowlist, waiting } = await createHangingSetup();
    for (let index = 0; index < 9; index += 1) void allowlist.decide(fromApp(`tenant-${index}`));
    await eventually(() => expect(waiting.length).toBe(8));
    clock.advance(200);
    service.override(undefined);
    for (const response of waiting) response.destroy();
    await eventually(() => expect(allowlist.status().counters.callsFailed).toBe(8));
    clock.advance(1_000);
    await allowlist.decide(fromApp('tenant-9'));
    expect(service.calls()).toContain('GET /v1/snapshot?tenant=tenant-9');
    expect(service.calls()).not.toContain('GET /v1/snapshot?tenant=tenant-8');
  });

  it('pauses for a second after loads that fail together, not once for each', async () => {
    const { allowlist, waiting } = await createHangingSetup();
    for (let index = 0; index < 8; index += 1) void allowlist.decide(fromApp(`tenant-${index}`));
    await eventually(() => expect(waiting.length).toBe(8));
    for (const response of waiting) response.destroy();
    await eventually(() => expect(allowlist.status().counters.callsFailed).toBe(8));
    expect(allowlist.status().transport.retryInMs).toBe(1_000);
  });

  it('answers a preflight 403 and an actual request without CORS headers while it cannot tell', async () => {
    const { clock, allowlist } = await createHangingSetup();
    const preflight = allowlist.decide({ ...fromApp('acme'), method: 'OPTIONS', requestMethod: 'PUT' });
    const actual = allowlist.decide(fromApp('acme'));
    clock.advance(200);
    expect(await preflight).toMatchObject({ status: 403, callsNext: false, headers: {} });
    expect(await actual).toMatchObject({ status: null, callsNext: true, headers: {}, vary: ['Origin'] });
  });
});

describe('given a tenant nobody knows', () => {
  it('asks once, then refuses without a promise for 30 s', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    expect(await allowlist.decide(fromApp('nobody'))).toMatchObject({ reason: 'tenant_unknown' });
    expect(allowlist.decide(fromApp('nobody'))).toMatchObject({ allowed: false, reason: 'tenant_unknown' });
    clock.advance(29_999);
    void allowlist.decide(fromApp('nobody'));
    expect(service.calls()).toEqual(['POST /v1/versions', 'GET /v1/snapshot?tenant=nobody']);
    clock.advance(1);
    service.write('nobody', { entries: [APP] });
    expect(await allowlist.decide(fromApp('nobody'))).toMatchObject({ allowed: true });
  });

  it.each(['', 'Acme', '-acme', 'a_b', 'a'.repeat(64), '../keys', 'a&b'])(
    'never asks for %j',
    async (slug) => {
      const { clock, service, create } = await createSetup();
      const allowlist = create({ tenant: () => slug });
      await settled(clock, 30_000);
      expect(allowlist.decide(fromApp('x'))).toMatchObject({ allowed: false, reason: 'tenant_unknown' });
      expect(service.calls()).toEqual(['POST /v1/versions']);
    },
  );
});

describe('given a resolver that fails', () => {
  it('refuses when it throws, and tells the error', async () => {
    const { clock, create } = await createSetup();
    const broken = new Error('broken');
    const allowlist = create({
      tenant: () => {
        throw broken;
      },
    });
    const errors: unknown[] = [];
    allowlist.on('error', (event) => errors.push(event));
    await settled(clock, 30_000);
    expect(allowlist.decide(fromApp('acme'))).toMatchObject({ allowed: false, reason: 'tenant_unknown' });
    expect(errors).toEqual([{ source: 'tenant', error: broken, suppressed: 0 }]);
    for (let index = 0; index < 20; index += 1) void allowlist.decide(fromApp('acme'));
    expect(errors.length).toBe(10);
    clock.advance(1_000);
    void allowlist.decide(fromApp('acme'));
    expect(errors[10]).toMatchObject({ suppressed: 11 });
  });

  it('refuses when it returns a promise that rejects, and leaves no rejection unhandled', async () => {
    const give = () => Promise.reject(new Error('late'));
    const rejections = hearRejections();
    const { create } = await createSetup();
    // As in JavaScript, where no compiler stops it.
    const allowlist = create({ tenant: (...args) => Reflect.apply(give, undefined, args) });
    const errors: unknown[] = [];
    allowlist.on('error', (event) => errors.push(event));
    expect(allowlist.decide(fromApp('acme'))).toMatchObject({ allowed: false, reason: 'tenant_unknown' });
    await decidedLate(allowlist);
    expect(errors).toMatchObject([{ source: 'tenant' }]);
    expect(rejections).toEqual([]);
  });

  it('refuses without an error when it returns undefined', async () => {
    const { create } = await createSetup();
    const allowlist = create({ tenant: () => undefined });
    const errors: unknown[] = [];
    allowlist.on('error', (event) => errors.push(event));
    expect(allowlist.decide(fromApp('acme'))).toMatchObject({ allowed: false, reason: 'tenant_unknown' });
    expect(errors).toEqual([]);
  });

  it('is given the host and the path, and nothing a preflight would lack', async () => {
    const { create } = await createSetup();
    const given: unknown[] = [];
    const allowlist = create({
      tenant: (request) => {
        given.push(request);
        return undefined;
      },
    });
    void allowlist.decide({
      method: 'GET',
      target: '/t/acme?x=1',
      origin: 'https://a.example',
      host: 'api.example:1',
    });
    void allowlist.decide({ method: 'GET' });
    expect(given).toEqual([
      { host: 'api.example:1', path: '/t/acme' },
      { host: undefined, path: '/' },
    ]);
  });
});

describe('given a tenant whose list cannot be used', () => {
  it('refuses it with growing pauses, and loads others meanwhile', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    service.write('globex', { entries: [APP] });
    service.override(({ call }, response) => {
      if (!call.endsWith('acme')) return 'pass';
      response.writeHead(500).end();
      return 'answered';
    });
    const acmeCalls = () => service.calls().filter((call) => call.endsWith('acme')).length;
    expect(await allowlist.decide(fromApp('acme'))).toMatchObject({ reason: 'not_loaded' });
    expect(allowlist.decide(fromApp('acme'))).toMatchObject({ reason: 'not_loaded' });
    expect(await allowlist.decide(fromApp('globex'))).toMatchObject({ allowed: true });
    clock.advance(1_000);
    await allowlist.decide(fromApp('acme'));
    clock.advance(1_999);
    await allowlist.decide(fromApp('acme'));
    expect(acmeCalls()).toBe(2);
    clock.advance(1);
    await allowlist.decide(fromApp('acme'));
    expect(acmeCalls()).toBe(3);
  });
});
