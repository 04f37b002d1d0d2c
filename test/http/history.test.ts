import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withClient } from '../support/database-template.js';
import { openService, type TestService } from './service.js';

let service: TestService;
let slug: string;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());
beforeEach(async () => {
  slug = await service.tenant();
});

const origins = () => `/v1/tenants/${slug}/origins`;
const add = (pattern: string, fields = {}) =>
  service.call('POST', origins(), { body: { pattern, ...fields } });
const A = 'https://a.example.com';
const B = 'https://b.example.com';

async function patternsAt(query: string): Promise<string[]> {
  const { body } = await service.call('GET', `${origins()}?${query}`);
  return body.items.map(({ pattern }: { pattern: string }) => pattern);
}

/** The instant of a revision's change. */
async function instantOf(revision: number): Promise<string> {
  return (await service.call('GET', `/v1/tenants/${slug}/changes/${revision}`)).body.at;
}

/** A later instant by milliseconds. */
function after(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}

/** An entry whose time runs out a moment after it was added, and the instant of its change. */
async function addExpiring(pattern: string): Promise<{ readonly at: string; readonly expiresAt: string }> {
  const expiresAt = after(new Date().toISOString(), 1_000);
  const { body } = await add(pattern, { expiresAt });
  return { at: body.updatedAt, expiresAt };
}

async function evaluateAt(point: object, origin = A) {
  const { status, body } = await service.call('POST', '/v1/evaluate', {
    body: { tenant: slug, method: 'GET', origin, ...point },
  });
  return { status, allowed: body.allowed, revision: body.revision, at: body.at, code: body.code };
}

describe('given a list that has changed since', () => {
  beforeEach(async () => {
    const { body } = await add(A, { note: 'first', labels: ['x'] });
    await add(B);
    await service.call('PATCH', `${origins()}/${body.id}`, { body: { note: 'second', labels: [] } });
    await service.call('DELETE', `${origins()}/${body.id}`);
  });

  it('lists it as it was at a revision, and says which', async () => {
    const { body, headers } = await service.call('GET', `${origins()}?atRevision=3`);
    expect(body).toMatchObject({
      items: [
        { pattern: A, note: 'first', labels: ['x'], revision: 2, createdBy: 'admin-key' },
        { pattern: B, revision: 3 },
      ],
      nextCursor: null,
      revision: 3,
      at: await instantOf(3),
    });
    expect(headers).toMatchObject({ etag: '"3"', 'x-revision': '3', 'x-at': body.at });
    expect(await patternsAt('atRevision=1')).toEqual([]);
    expect(await patternsAt('atRevision=5')).toEqual([B]);
  });

  it('lists it as it was at an instant', async () => {
    const third = await instantOf(3);
    expect(await patternsAt(`at=${third}`)).toEqual([A, B]);
    expect(await patternsAt(`at=${after(await instantOf(2), 0)}`)).toEqual([A]);
    const { body } = await service.call('GET', `${origins()}?at=${third.replace('Z', '%2B00:00')}`);
    expect(body).toMatchObject({ revision: 3, at: third });
  });

  it('filters and pages it by the rows of then', async () => {
    expect(await patternsAt('atRevision=3&label=x')).toEqual([A]);
    expect(await patternsAt('atRevision=4&label=x')).toEqual([]);
    expect(await patternsAt('atRevision=4&q=SECOND')).toEqual([A]);
    const first = await service.call('GET', `${origins()}?atRevision=3&limit=1`);
    expect(first.headers.link).toContain('atRevision=3');
    expect(await patternsAt(`atRevision=3&limit=1&cursor=${first.body.nextCursor}`)).toEqual([B]);
  });

  it('evaluates by it, one request and each of a batch, and leaves the present as it is', async () => {
    const third = await instantOf(3);
    expect(await evaluateAt({})).toMatchObject({ allowed: false, revision: 5, at: undefined });
    expect(await evaluateAt({ atRevision: 3 })).toEqual({
      status: 200,
      allowed: true,
      revision: 3,
      at: third,
      code: undefined,
    });
    const request = { tenant: slug, method: 'GET', origin: A };
    const { body } = await service.call('POST', '/v1/evaluate', {
      body: {
        requests: [
          request,
          { ...request, atRevision: 2 },
          { ...request, at: third },
          { ...request, atRevision: 9 },
        ],
      },
    });
    expect(body.results).toMatchObject([
      { allowed: false, revision: 5 },
      { allowed: true, revision: 2 },
      { allowed: true, revision: 3 },
      { problem: { status: 404, code: 'revision_not_found' } },
    ]);
    const one = await service.call('GET', `/v1/evaluate?tenant=${slug}&origin=${A}&atRevision=1`);
    expect(one.body).toMatchObject({ allowed: false, revision: 1 });
    expect(await evaluateAt({})).toMatchObject({ allowed: false, revision: 5 });
  });

  it('gives its snapshot with the digest and the version of then', async () => {
    const now = await service.call('GET', `/v1/snapshot?tenant=${slug}`);
    const { status, headers, body } = await service.call('GET', `/v1/snapshot?tenant=${slug}&atRevision=3`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ revision: 3, count: 2, entries: [{ pattern: A }, { pattern: B }] });
    expect(headers).toMatchObject({
      'x-revision': '3',
      'x-at': await instantOf(3),
      etag: `"${body.lineage}.3"`,
      'repr-digest': expect.stringMatching(/^sha-256=:.{44}:$/),
    });
    const current = await service.call('GET', `/v1/snapshot?tenant=${slug}&atRevision=5`);
    expect(current.body).toEqual(now.body);
    expect(current.headers['repr-digest']).toBe(now.headers['repr-digest']);
  });

  it('shows the policies of then', async () => {
    await service.call('PUT', `/v1/tenants/${slug}/policies/api`, { body: { paths: ['/api'] } });
    await service.call('PUT', `/v1/tenants/${slug}/policies/api`, { body: { paths: ['/v2'] } });
    await service.call('DELETE', `/v1/tenants/${slug}/policies/api`);
    const at = async (query: string) => {
      const { body } = await service.call('GET', `/v1/tenants/${slug}/policies?${query}`);
      return body.items.map(({ name, paths, revision }: Record<string, unknown>) => ({
        name,
        paths,
        revision,
      }));
    };
    const basic = { name: 'default', paths: ['/'], revision: 1 };
    expect(await at('atRevision=6')).toEqual([{ name: 'api', paths: ['/api'], revision: 6 }, basic]);
    expect(await at(`at=${await instantOf(7)}`)).toEqual([
      { name: 'api', paths: ['/v2'], revision: 7 },
      basic,
    ]);
    expect(await at('atRevision=8')).toEqual([basic]);
  });

  it.each([
    ['a revision that is yet to come', () => 'atRevision=6'],
    ['one beyond all that can be', () => 'atRevision=9007199254740991'],
    ['an instant before the tenant', () => 'at=2020-01-01T00:00:00Z'],
    ['an instant that is yet to come', () => 'at=2999-01-01T00:00:00Z'],
  ])('answers 404 for %s, with the revision there is', async (_what, query) => {
    for (const url of [
      `${origins()}?${query()}`,
      `/v1/tenants/${slug}/policies?${query()}`,
      `/v1/snapshot?tenant=${slug}&${query()}`,
      `/v1/evaluate?tenant=${slug}&${query()}`,
    ]) {
      const { status, body } = await service.call('GET', url);
      expect({ status, code: body.code, revision: body.revision }).toEqual({
        status: 404,
        code: 'revision_not_found',
        revision: 5,
      });
    }
  });

  it.each(['atRevision=0', 'atRevision=x', 'at=yesterday', 'atRevision=1&at=2026-01-01T00:00:00Z'])(
    'answers 422 for %s',
    async (query) => {
      for (const url of [
        `${origins()}?${query}`,
        `/v1/tenants/${slug}/policies?${query}`,
        `/v1/snapshot?tenant=${slug}&${query}`,
        `/v1/evaluate?tenant=${slug}&${query}`,
      ]) {
        expect((await service.call('GET', url)).status).toBe(422);
      }
    },
  );

  it('answers 422 for a wait beside the past', async () => {
    const { status, body } = await service.call('POST', '/v1/evaluate', {
      body: { tenant: slug, method: 'GET', atRevision: 1, minRevision: 2 },
    });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ pointer: '/minRevision', code: 'times_exclude' }]);
  });
});

describe('given an entry that expired since', () => {
  it('matches when it is judged by its time, and not from its last instant on', async () => {
    const { at, expiresAt } = await addExpiring(A);
    expect(await evaluateAt({ atRevision: 2 })).toMatchObject({ allowed: true, at });
    expect(await evaluateAt({ at: after(expiresAt, -1) })).toMatchObject({ allowed: true, revision: 2 });
    await expect
      .poll(() => evaluateAt({ at: expiresAt }), { timeout: 5_000 })
      .toMatchObject({ allowed: false });
    await expect
      .poll(() => evaluateAt({}), { timeout: 5_000 })
      .toMatchObject({ allowed: false, revision: 2 });
    expect(await evaluateAt({ atRevision: 2 })).toMatchObject({ allowed: true });
  });

  it('was active then to the filter as well', async () => {
    const { at, expiresAt } = await addExpiring(A);
    await expect.poll(() => patternsAt('status=expired'), { timeout: 5_000 }).toEqual([A]);
    expect(await patternsAt('atRevision=2&status=active')).toEqual([A]);
    expect(await patternsAt(`at=${at}&status=expired`)).toEqual([]);
    expect(await patternsAt(`at=${expiresAt}&status=expired`)).toEqual([A]);
  });
});

describe('given a database that was restored from a backup', () => {
  it('shows each revision under the lineage it was made in, the present one under the new', async () => {
    await add(A);
    await add(B);
    const first = (await service.call('GET', `/v1/tenants/${slug}`)).body.lineage;
    const lineage = randomUUID();
    await withClient(service.databaseUrl, (client) =>
      client.query('UPDATE tenants SET lineage = $1 WHERE slug = $2', [lineage, slug]),
    );
    const lineageAt = async (revision: number) =>
      (await service.call('GET', `/v1/snapshot?tenant=${slug}&atRevision=${revision}`)).body.lineage;
    expect([await lineageAt(2), await lineageAt(3)]).toEqual([first, lineage]);
    await add('https://c.example.com');
    expect([await lineageAt(2), await lineageAt(3), await lineageAt(4)]).toEqual([first, first, lineage]);
  });
});

describe('given a tenant that was deleted', () => {
  it('answers 404, and shows nothing of it to one who has the slug now', async () => {
    await add(A);
    await service.call('DELETE', `/v1/tenants/${slug}`);
    expect((await service.call('GET', `${origins()}?atRevision=2`)).body.code).toBe('tenant_not_found');
    expect((await evaluateAt({ atRevision: 2 })).code).toBe('tenant_not_found');
    await service.call('POST', '/v1/tenants', { body: { slug, name: 'Another' } });
    expect(await patternsAt('atRevision=1')).toEqual([]);
    expect((await evaluateAt({ atRevision: 2 })).code).toBe('revision_not_found');
  });
});

describe('given a key that may evaluate and follow only', () => {
  it('is told the present and not the past, nor which revisions there were', async () => {
    await add(A);
    const key = await service.key({ preset: 'sdk', tenants: [slug] });
    for (const route of ['snapshot', 'evaluate']) {
      expect((await service.call('GET', `/v1/${route}?tenant=${slug}`, { key })).status).toBe(200);
      for (const revision of [1, 9]) {
        const url = `/v1/${route}?tenant=${slug}&atRevision=${revision}`;
        const { status, body } = await service.call('GET', url, { key });
        expect({ status, scope: body.scope }).toEqual({ status: 403, scope: 'origins:read' });
      }
    }
  });

  it('sees the past with the scope of the list', async () => {
    await add(A);
    const key = await service.key({ scopes: ['evaluate', 'sync', 'origins:read'], tenants: [slug] });
    for (const route of ['snapshot', 'evaluate']) {
      const { status } = await service.call('GET', `/v1/${route}?tenant=${slug}&atRevision=1`, { key });
      expect(status).toBe(200);
    }
  });

  it('cannot tell the past of another tenant from that of none', async () => {
    const key = await service.key({ preset: 'sdk', tenants: [await service.tenant()] });
    for (const tenant of [slug, 'no-such-tenant']) {
      const body = { tenant, method: 'GET', atRevision: 1 };
      const answer = await service.call('POST', '/v1/evaluate', { key, body });
      expect(answer.body).toMatchObject({ status: 404, code: 'tenant_not_found' });
    }
  });
});
