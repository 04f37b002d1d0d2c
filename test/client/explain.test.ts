import { createServer } from 'node:http';
import type { AllowlistExplanation, AllowlistRequest } from '@origin-allowlist/client';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors } from '@origin-allowlist/client/node';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hostileOrigin, LAW_TIMEOUT_MS } from '../core/arbitraries.js';
import { createLoadedAllowlist, createUnloadedAllowlist, type List } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';
import { createSetup, eventually, settled } from './setup.js';

const ORIGIN = 'https://app.example.com';
const SIBLING = 'https://shop.example.com';
const LIST: List = { entries: [{ pattern: ORIGIN }] };
const BLOCKING: List = {
  entries: [{ pattern: ORIGIN }, { pattern: 'https://*.pr.example.com', enabled: false }],
  policies: [
    { ...DEFAULT_POLICY, enforcement: 'block' },
    { ...DEFAULT_POLICY, name: 'api', paths: ['/api'], credentials: true },
  ],
};
const fromSibling = { method: 'GET', origin: SIBLING, host: 'api.acme.test', target: '/orders?x=1' };

describe('given the one tenant of the options', () => {
  it('says what is answered, by which list, and what is nearest', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    const explanation = allowlist.explain(fromSibling);
    expect(explanation).toMatchObject({
      origin: { kind: 'tuple', host: 'shop.example.com' },
      policy: { chosenBy: 'path', name: 'default', path: '/orders', prefix: '/' },
      nearest: [{ pattern: ORIGIN, differs: 'host', expected: 'app', got: 'shop' }],
      decision: { allowed: false, reason: 'origin_not_listed', vary: ['Origin'] },
      tenant: {
        slug: 'acme',
        foundBy: 'options',
        host: null,
        path: null,
        problem: null,
        list: 'loaded',
        version: { lineage: '00000000-0000-4000-8000-000000000000', revision: 1 },
      },
    });
    expect(explanation.summary).toMatch(/^Refused: no entry of the tenant acme matches the origin\. /);
    expect(explanation.summary).toMatch(
      / The tenant is acme, by the options\. Its list is at revision 1, confirmed \d+ s ago\.$/,
    );
    expect(JSON.parse(JSON.stringify(explanation))).toMatchObject({ summary: explanation.summary });
  });

  it('says what decide answers, whatever is asked', { timeout: LAW_TIMEOUT_MS }, async () => {
    const allowlist = await createLoadedAllowlist(BLOCKING, { publicOrigins: [SIBLING], trustProxy: true });
    const request: fc.Arbitrary<AllowlistRequest> = fc.record(
      {
        method: fc.constantFrom('GET', 'POST', 'OPTIONS'),
        target: fc.constantFrom('/', '/api', '/API', '/%zz'),
        origin: fc.oneof(fc.constantFrom(ORIGIN, SIBLING, 'http://api.acme.test', 'null'), hostileOrigin),
        requestMethod: fc.constantFrom('PUT', 'x'),
        requestHeaders: fc.constantFrom('content-type', 'x-a'),
        host: fc.constantFrom('api.acme.test', 'other.test'),
        scheme: fc.constantFrom('http', 'https'),
        forwardedHost: fc.constantFrom('api.acme.test', 'app.example.com'),
        secFetchSite: fc.constantFrom('same-origin', 'cross-site'),
        policy: fc.constantFrom('api', 'none'),
        routeAmbiguous: fc.boolean(),
        socket: fc.constantFrom('credentialed', 'anonymous'),
      },
      { requiredKeys: ['method', 'origin'] },
    );
    fc.assert(
      fc.property(request, (asked) => {
        expect(allowlist.explain(asked).decision).toEqual(allowlist.decide(asked));
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves no trace', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    const told: unknown[] = [];
    allowlist.on('refused', (event) => told.push(event));
    const before = allowlist.status().counters;
    allowlist.explain(fromSibling);
    expect(allowlist.status().counters).toEqual(before);
    expect(told).toEqual([]);
  });

  it('says that the list is not there', () => {
    const { decision, tenant, policy, summary } = createUnloadedAllowlist().explain(fromSibling);
    expect(decision).toMatchObject({ allowed: false, reason: 'not_loaded' });
    expect(tenant).toMatchObject({ slug: 'acme', list: 'not_loaded', version: null, ageMs: null });
    expect(policy).toEqual({ chosenBy: 'nothing', name: null });
    expect(summary).toMatch(/ The tenant is acme, by the options\. Its list is not loaded\.$/);
  });

  it('says that a path has several readings, also where an adapter found them', async () => {
    const allowlist = await createLoadedAllowlist(BLOCKING);
    const { policy, decision } = allowlist.explain({
      ...fromSibling,
      target: '/predict',
      routeAmbiguous: true,
    });
    expect(decision.reason).toBe('path_ambiguous');
    expect(policy).toMatchObject({ chosenBy: 'ambiguous_path', path: '/predict' });
  });
});

describe('given a list that is too old', () => {
  it.each([
    ['serve', true, 'origin_allowed'],
    ['refuse', false, 'stale'],
  ] as const)('says so, and what onStale %s makes of it', async (onStale, allowed, reason) => {
    const { clock, service, create } = await createSetup();
    service.write('acme', LIST);
    const allowlist = create({ onStale, maxStalenessMs: 1_000 });
    await settled(clock, 30_000);
    clock.set(clock.now() + 5_000);
    const { tenant, decision, summary } = allowlist.explain({ method: 'GET', origin: ORIGIN });
    expect(decision).toMatchObject({ allowed, reason });
    expect(tenant).toMatchObject({ list: 'stale', ageMs: 5_000, version: { revision: 1 } });
    expect(summary).toContain('Its list is at revision 1, and stale: confirmed 5 s ago.');
    expect(decision).toEqual(allowlist.decide({ method: 'GET', origin: ORIGIN }));
  });
});

describe('given a function that names the tenant', () => {
  const explainBy = (tenant: () => unknown): AllowlistExplanation => {
    // What applications write in JavaScript may return anything.
    const options: ReturnType<typeof JSON.parse> = { tenant };
    return createUnloadedAllowlist(options).explain(fromSibling);
  };
  const asked = 'for the host api.acme.test and the path /orders';

  it.each<[string, () => unknown, object, string]>([
    [
      'names one',
      () => 'acme',
      { slug: 'acme', problem: null, list: 'not_loaded' },
      `The tenant is acme, as the tenant function says ${asked}. Its list is not loaded.`,
    ],
    [
      'names none',
      () => undefined,
      { slug: null, problem: 'it named none', list: 'unknown' },
      `The tenant function was asked ${asked}, and it named none.`,
    ],
    [
      'throws',
      () => {
        throw new Error('no\nsuch host');
      },
      { slug: null, problem: 'it threw: no\\u000asuch host' },
      `The tenant function was asked ${asked}, and it threw: no\\u000asuch host.`,
    ],
    [
      'returns a promise that rejects',
      () => Promise.reject(new Error('late')),
      { slug: null, problem: 'it returned no slug but a value of the type object' },
      'it returned no slug but a value of the type object.',
    ],
    [
      'names what is no slug',
      () => 'Not A Slug',
      { slug: 'Not A Slug', problem: null, list: 'unknown' },
      'The service knows no such tenant.',
    ],
  ])('that %s: says how it was asked and what came of it', (_title, tenant, expected, sentence) => {
    const explanation = explainBy(tenant);
    expect(explanation.tenant).toMatchObject({
      foundBy: 'function',
      host: 'api.acme.test',
      path: '/orders',
      ...expected,
    });
    expect(explanation.summary).toContain(sentence);
    expect(explanation.decision.reason).toBe(
      explanation.tenant.list === 'unknown' ? 'tenant_unknown' : 'not_loaded',
    );
  });

  it('says that the service knows no such tenant, and asks nothing itself', async () => {
    const { clock, service, create } = await createSetup();
    const allowlist = create({ tenant: ({ host }) => host });
    await settled(clock, 30_000);
    const request = { method: 'GET', origin: ORIGIN, host: 'nobody' };
    expect(allowlist.explain(request).tenant.list).toBe('not_loaded');
    const calls = service.calls().length;
    expect(allowlist.explain(request).tenant.list).toBe('not_loaded');
    expect(service.calls().length).toBe(calls);
    const decided = allowlist.decide(request);
    await eventually(() => expect(allowlist.explain(request).tenant.list).toBe('unknown'));
    expect(await decided).toEqual(allowlist.explain(request).decision);
  });
});

describe('given a request with headers', () => {
  const preflight = {
    method: 'OPTIONS',
    url: '/api/x',
    headers: {
      Origin: ORIGIN,
      'Access-Control-Request-Method': 'PUT',
      'access-control-request-headers': ['content-type', 'x-a, x-b'],
    },
  };

  it('is read as the adapters read it', async () => {
    const allowlist = await createLoadedAllowlist(BLOCKING);
    expect(allowlist.explain(preflight)).toMatchObject({
      decision: { kind: 'preflight', policy: 'api', reason: 'request_header_not_allowed' },
      refused: { part: 'header', names: ['x-a', 'x-b'] },
    });
    expect(allowlist.explain({ ...preflight, policy: 'default' }).policy).toMatchObject({ chosenBy: 'name' });
    const twice = allowlist.explain({ headers: { origin: [ORIGIN, ORIGIN] } });
    expect(twice.origin).toEqual({ kind: 'several', count: 2 });
    expect(allowlist.explain({ url: '/x', originalUrl: '/api/x', headers: {} }).policy.name).toBe('api');
  });

  it('may be one of fetch', async () => {
    const allowlist = await createLoadedAllowlist(BLOCKING);
    const headers = { origin: 'https://api.acme.test' };
    const request = new Request('https://api.acme.test/orders?x=1', { method: 'POST', headers });
    expect(allowlist.explain(request)).toMatchObject({
      policy: { path: '/orders' },
      // The page is the application's own.
      decision: { kind: 'actual', allowed: false, status: null },
    });
    const other = new Request('http://api.acme.test/orders', { method: 'POST', headers });
    expect(allowlist.explain(other).decision.status).toBe(403);
  });

  it('may be one of node:http, and is answered as explained', async () => {
    const allowlist = await createLoadedAllowlist(BLOCKING);
    const handleCors = cors(allowlist);
    const statuses: (number | null)[] = [];
    const server = createServer((request, response) => {
      statuses.push(allowlist.explain(request).decision.status);
      handleCors(request, response, () => response.end('ok'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const answers: number[] = [];
    for (const origin of [ORIGIN, SIBLING, 'http://api.example'])
      answers.push((await sendRaw(port, { method: 'POST', headers: [['Origin', origin]] })).status);
    expect(statuses).toEqual([null, 403, null]);
    expect(answers).toEqual([200, 403, 200]);
  });
});
