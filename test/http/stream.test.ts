import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, openService, type TestService } from './service.js';
import { openStream, type StreamReader } from './sse-reader.js';

let service: TestService;
let url: string;
const open: StreamReader[] = [];

beforeAll(async () => {
  service = await openService();
  url = await service.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});
afterAll(() => service.close());

const origins = (slug: string) => `/v1/tenants/${slug}/origins`;

async function stream(tenants: readonly object[], key = ADMIN_KEY): Promise<StreamReader> {
  const reader = await openStream(url, key, tenants);
  open.push(reader);
  return reader;
}

async function versionOf(slug: string): Promise<{ slug: string; lineage: string; revision: number }> {
  const { body } = await service.call('GET', `/v1/tenants/${slug}`);
  return { slug, lineage: body.lineage, revision: body.revision };
}

/** A stream of one tenant at its version, after its hello. */
async function following(slug: string, key?: string): Promise<StreamReader> {
  const reader = await stream([await versionOf(slug)], key);
  expect((await reader.next()).event).toBe('hello');
  return reader;
}

describe('given a stream at the version that is', () => {
  it('says hello, without a cache or a proxy in between', async () => {
    const slug = await service.tenant();
    const reader = await stream([await versionOf(slug)]);
    expect(reader.status).toBe(200);
    expect(reader.headers.get('content-type')).toBe('text/event-stream');
    expect(reader.headers.get('cache-control')).toBe('no-store');
    expect(reader.headers.get('x-accel-buffering')).toBe('no');
    expect(await reader.next()).toEqual({
      event: 'hello',
      data: { node: expect.any(String), serverTimeMs: expect.any(Number), pingIntervalMs: 15_000 },
    });
  });

  it('tells each write as one step, decision fields only', async () => {
    const slug = await service.tenant();
    const { lineage } = await versionOf(slug);
    const reader = await following(slug);
    const added = await service.call('POST', origins(slug), {
      body: { pattern: 'https://a.example.com', note: 'secret', labels: ['x'], policies: ['default'] },
    });
    const delta = { tenant: slug, lineage, count: 1 };
    expect(await reader.next()).toEqual({
      event: 'delta',
      data: {
        ...delta,
        from: 1,
        to: 2,
        ops: [{ op: 'put', entry: { pattern: 'https://a.example.com', policies: ['default'] } }],
      },
    });
    await service.call('PATCH', `${origins(slug)}/${added.body.id}`, { body: { note: 'more' } });
    expect((await reader.next()).data).toMatchObject({ from: 2, to: 3, count: 1 });
    await service.call('PATCH', `${origins(slug)}/${added.body.id}`, {
      body: {
        pattern: 'https://b.example.com',
        enabled: false,
        expiresAt: '2031-01-31T12:00:00Z',
        policies: [],
      },
    });
    expect((await reader.next()).data.ops).toEqual([
      { op: 'delete', pattern: 'https://a.example.com' },
      {
        op: 'put',
        entry: { pattern: 'https://b.example.com', enabled: false, expiresAt: '2031-01-31T12:00:00.000Z' },
      },
    ]);
    await service.call('PUT', `/v1/tenants/${slug}/policies/api`, { body: { paths: ['/api'] } });
    expect((await reader.next()).data.ops).toEqual([
      {
        op: 'putPolicy',
        policy: {
          name: 'api',
          paths: ['/api'],
          credentials: false,
          methods: [],
          allowedHeaders: [],
          exposedHeaders: [],
          privateNetwork: false,
          alwaysSend: false,
          enforcement: 'headers',
        },
      },
    ]);
    await service.call('DELETE', `/v1/tenants/${slug}/policies/api`);
    expect((await reader.next()).data.ops).toEqual([{ op: 'deletePolicy', name: 'api' }]);
    await service.call('DELETE', `${origins(slug)}/${added.body.id}`);
    expect((await reader.next()).data).toMatchObject({
      to: 7,
      count: 0,
      ops: [{ op: 'delete', pattern: 'https://b.example.com' }],
    });
  });

  it('says resync of a write that is more than a delta carries', async () => {
    const slug = await service.tenant();
    const reader = await following(slug);
    const entries = Array.from({ length: 1_001 }, (_, index) => ({
      pattern: `https://a${index}.example.com`,
    }));
    await service.call('PUT', origins(slug), { body: { entries }, headers: { 'if-match': '*' } });
    expect(await reader.next()).toEqual({ event: 'resync', data: { tenant: slug } });
    await service.call('POST', origins(slug), { body: { pattern: 'https://b.example.com' } });
    expect((await reader.next()).data).toMatchObject({ from: 2, to: 3, count: 1_002 });
  });

  it('says gone of a tenant that is deleted, and resync of the next one of that name', async () => {
    const slug = await service.tenant();
    const reader = await following(slug);
    await service.call('DELETE', `/v1/tenants/${slug}`);
    expect(await reader.next()).toEqual({ event: 'gone', data: { tenant: slug } });
    await service.call('POST', '/v1/tenants', { body: { slug, name: 'Again' } });
    expect(await reader.next()).toEqual({ event: 'resync', data: { tenant: slug } });
    const { lineage } = await versionOf(slug);
    await service.call('POST', origins(slug), { body: { pattern: 'https://a.example.com' } });
    expect((await reader.next()).data).toMatchObject({ lineage, from: 1, to: 2 });
  });
});

describe('given a stream from an earlier version', () => {
  it('is led to the present in one step, without what came and went', async () => {
    const slug = await service.tenant();
    const before = await versionOf(slug);
    for (const pattern of ['https://a.example.com', 'https://b.example.com', 'https://c.example.com']) {
      await service.call('POST', origins(slug), { body: { pattern } });
    }
    await service.call('DELETE', `${origins(slug)}/by-pattern?pattern=https://b.example.com`);
    const reader = await stream([before]);
    await reader.next();
    expect(await reader.next()).toEqual({
      event: 'delta',
      data: {
        tenant: slug,
        lineage: before.lineage,
        from: 1,
        to: 5,
        count: 2,
        ops: [
          { op: 'put', entry: { pattern: 'https://a.example.com' } },
          { op: 'put', entry: { pattern: 'https://c.example.com' } },
        ],
      },
    });
  });

  it('says resync past 1,000 operations, past 256 KiB, and of another lineage', async () => {
    const slug = await service.tenant();
    const before = await versionOf(slug);
    const put = async (from: number, to: number) =>
      service.call('POST', `${origins(slug)}/batch`, {
        body: {
          operations: Array.from({ length: to - from }, (_, index) => ({
            op: 'put',
            pattern: `https://a${from + index}.${'x'.repeat(60)}.example.com`,
          })),
        },
      });
    await put(0, 600);
    const middle = await versionOf(slug);
    await put(600, 1_001);
    for (const [version, expected] of [
      [before, 'resync'],
      [middle, 'delta'],
      [{ ...middle, lineage: randomUUID() }, 'resync'],
      [{ slug, lineage: null, revision: null }, 'resync'],
    ] as const) {
      const reader = await stream([version]);
      await reader.next();
      expect((await reader.next()).event).toBe(expected);
    }
    const large = await service.tenant();
    const small = await versionOf(large);
    const paths = Array.from({ length: 100 }, (_, index) => `/${'p'.repeat(1_900)}${index}`);
    for (const name of ['a', 'b']) {
      await service.call('PUT', `/v1/tenants/${large}/policies/${name}`, {
        body: { paths: paths.map((path) => path + name) },
      });
    }
    const reader = await stream([small]);
    await reader.next();
    expect((await reader.next()).event).toBe('resync');
  });

  it('says gone of a tenant there is none of, and of one the key may not see', async () => {
    const [own, foreign] = [await service.tenant(), await service.tenant()];
    const key = await service.key({ preset: 'sdk', tenants: [own] });
    const reader = await stream(
      [await versionOf(foreign), { ...(await versionOf(own)), slug: 'nobody' }, await versionOf(own)],
      key,
    );
    await reader.next();
    const told = [await reader.next(), await reader.next()];
    expect(told.map(({ event, data }) => `${event} ${data.tenant}`).sort()).toEqual(
      [`gone ${foreign}`, 'gone nobody'].sort(),
    );
    await service.call('POST', origins(foreign), { body: { pattern: 'https://a.example.com' } });
    await service.call('POST', origins(own), { body: { pattern: 'https://a.example.com' } });
    expect((await reader.next()).data.tenant).toBe(own);
  });
});

describe('given a key', () => {
  it('ends its streams, and no others, when it is revoked', async () => {
    const slug = await service.tenant();
    const created = await service.call('POST', '/v1/keys', { body: { name: 'k', preset: 'sdk' } });
    const doomed = await following(slug, created.body.key);
    const other = await following(slug, await service.key({ preset: 'sdk' }));
    await service.call('DELETE', `/v1/keys/${created.body.id}`);
    expect(await doomed.ended()).toMatch(/^retry: \d+\n\n$/);
    await service.call('POST', origins(slug), { body: { pattern: 'https://a.example.com' } });
    expect((await other.next()).event).toBe('delta');
  });

  it('answers problems before it opens a stream', async () => {
    const key = await service.key({ scopes: ['evaluate'] });
    expect((await service.call('POST', '/v1/stream', { key: null, body: {} })).status).toBe(401);
    expect((await service.call('POST', '/v1/stream', { key, body: {} })).status).toBe(403);
    const { status, body } = await service.call('POST', '/v1/stream', {
      body: { instance: 'a b', tenants: [{ slug: 'A', lineage: 'x', revision: 0 }] },
    });
    expect(status).toBe(422);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/instance',
      '/tenants/0/slug',
      '/tenants/0/lineage',
      '/tenants/0/revision',
    ]);
  });
});

describe('given a service that stops', () => {
  it('ends every stream with a hint when to come back', async () => {
    const stopping = await openService();
    const address = await stopping.app.listen({ host: '127.0.0.1', port: 0 });
    const slug = await stopping.tenant();
    const reader = await openStream(address, ADMIN_KEY, [{ slug, lineage: null, revision: null }]);
    expect((await reader.next()).event).toBe('hello');
    await stopping.close();
    expect(await reader.ended()).toMatch(/retry: \d+\n\n$/);
  });
});
