import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { fastify } from 'fastify';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTrailExports } from '../../src/http/trail-export.js';
import { ADMIN_KEY, openService, type TestService } from './service.js';

const NDJSON = { accept: 'application/x-ndjson' };

const BUSY_CONNECTIONS = `SELECT 1 FROM pg_stat_activity
  WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`;

let service: TestService;
let address: string;
let sql: Pool;
beforeAll(async () => {
  service = await openService();
  address = await service.app.listen({ host: '127.0.0.1', port: 0 });
  sql = new Pool({ connectionString: service.databaseUrl, max: 1 });
});
afterAll(async () => {
  await sql.end();
  await service.close();
});

const linesOf = (body: string) =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Begins an export that is not read. */
async function openExport(path: string, key = ADMIN_KEY): Promise<IncomingMessage> {
  const request = get(`${address}${path}`, {
    headers: { ...NDJSON, authorization: `Bearer ${key}` },
    agent: false,
  });
  const [response] = await once(request, 'response');
  return response;
}

/** With 200 kB each it is more than any buffer on the way holds: Linux takes up to 36 MB for a connection that nobody reads. */
const LARGE_CHANGES = 300;

/** A tenant whose trail is too long to be on its way at once. */
async function largeTenant(): Promise<string> {
  const slug = await service.tenant();
  await sql.query(
    `INSERT INTO changes (at, tenant_id, lineage, revision, actor, request_id, action, ops, op_count, prev_hash, hash)
     SELECT t.created_at, t.id, t.lineage, n + 1, 'x', 'x', 'x', jsonb_build_array(jsonb_build_object('subject', 'entry',
       'before', NULL, 'after', jsonb_build_object('note', repeat('x', 200000)))), 1, t.head_hash, t.head_hash
     FROM tenants t, generate_series(1, ${LARGE_CHANGES}) AS n WHERE t.slug = $1`,
    [slug],
  );
  // A write that runs, as the note that a key was used, unsettles the second in which it began.
  const nextSecond = Math.ceil(Date.now() / 1_000) * 1_000;
  await expect
    .poll(
      async () => {
        const { body } = await service.call('GET', `/v1/tenants/${slug}/changes?order=asc&limit=1`);
        return Date.parse(body.settledUntil);
      },
      { timeout: 5_000 },
    )
    .toBeGreaterThanOrEqual(nextSecond);
  return slug;
}

describe('given the trail of a service', () => {
  it('shows changes and events as one list, a page at a time', async () => {
    const slug = await service.tenant();
    await service.call('POST', '/v1/keys', { body: { name: 'of it', preset: 'sdk', tenants: [slug] } });
    const first = await service.call('GET', `/v1/changes?tenant=${slug}&limit=1`);
    expect(first.body.items).toMatchObject([
      { type: 'event', action: 'key.create', actor: 'admin-key', tenants: [slug], detail: { name: 'of it' } },
    ]);
    const next = /^<(.*)>; rel="next"$/.exec(String(first.headers.link))?.[1] ?? '';
    const second = await service.call('GET', next);
    expect(second.body).toMatchObject({
      items: [{ type: 'change', tenant: slug, revision: 1 }],
      nextCursor: null,
    });
    expect(first.body.settledUntil).toBeUndefined();
    const ascending = await service.call('GET', `/v1/changes?tenant=${slug}&order=asc`);
    expect(ascending.body.items.map(({ type }: { type: string }) => type)).toEqual(['change', 'event']);
    const since = encodeURIComponent(ascending.body.settledUntil);
    expect(
      (await service.call('GET', `/v1/changes?tenant=${slug}&order=asc&since=${since}`)).body.items,
    ).toEqual([]);
  });

  it.each([
    ['actor=key:nobody', 0],
    ['action=entry.create', 1],
    ['pattern=https://x.example.com', 1],
    ['policy=default', 1],
    ['fromRevision=2', 1],
    ['toRevision=1', 1],
    ['until=2020-01-01T00:00:00Z', 0],
    ['since=2020-01-01T00:00:00%2B02:00', 2],
  ])('filters the changes of a tenant by %s', async (filter, count) => {
    const slug = await service.tenant();
    await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern: 'https://x.example.com' } });
    for (const url of [
      `/v1/tenants/${slug}/changes?${filter}`,
      `/v1/changes?tenant=${slug}&type=change&${filter}`,
    ]) {
      expect((await service.call('GET', url)).body.items, url).toHaveLength(count);
    }
  });

  it.each([
    ['pattern=a&policy=b&tenant=t', '/query/pattern'],
    ['pattern=a', '/query/tenant'],
    ['fromRevision=1', '/query/tenant'],
    ['tenant=a&tenantId=b', '/query/tenantId'],
    ['since=yesterday', '/query/since'],
    ['order=up', '/query/order'],
    ['fromRevision=0&tenant=a', '/query/fromRevision'],
    ['nobody=1', '/query/nobody'],
    ['cursor=x', '/query/cursor'],
  ])('refuses %s', async (query, pointer) => {
    const refused = await service.call('GET', `/v1/changes?${query}`);
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([422, pointer]);
  });

  it('shows a key of one tenant its changes and what is about keys of it alone', async () => {
    const [own, foreign] = [await service.tenant(), await service.tenant()];
    const { id: foreignId } = (await service.call('GET', `/v1/tenants/${foreign}`)).body;
    const key = await service.key({ scopes: ['audit:read'], tenants: [own] });
    await service.key({ scopes: ['audit:read'], tenants: [own, foreign] });
    await service.key({ scopes: ['audit:read'], tenants: [foreign] });
    const { body } = await service.call('GET', '/v1/changes', { key });
    expect(body.items).toMatchObject([
      { type: 'event', action: 'key.create', tenants: [own] },
      { type: 'change', tenant: own, revision: 1 },
    ]);
    expect(body.items).toHaveLength(2);
    expect(linesOf((await service.call('GET', '/v1/changes', { key, headers: NDJSON })).body)).toHaveLength(
      3,
    );
    for (const query of [`tenant=${foreign}`, `tenantId=${foreignId}`]) {
      for (const headers of [{}, NDJSON]) {
        expect((await service.call('GET', `/v1/changes?${query}`, { key, headers })).status, query).toBe(404);
      }
    }
  });
});

describe('given an export', () => {
  it('is all of it as lines, oldest first, with a last line that tells that it is whole', async () => {
    const slug = await service.tenant();
    await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern: 'https://x.example.com' } });
    const { status, headers, body } = await service.call('GET', `/v1/tenants/${slug}/changes`, {
      headers: NDJSON,
    });
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'application/x-ndjson',
      'no-store',
    ]);
    const lines = linesOf(body);
    const { items } = (await service.call('GET', `/v1/tenants/${slug}/changes`)).body;
    expect(lines.slice(0, -1)).toEqual(items.toReversed());
    expect(lines.at(-1)).toEqual({ type: 'end', count: 2, until: expect.stringMatching(/^2\d{3}-.*Z$/) });
  });

  it('has no pages', async () => {
    const refused = await service.call('GET', '/v1/changes?limit=7&order=desc', { headers: NDJSON });
    expect([refused.status, refused.body.errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
      422,
      ['/query/limit', '/query/order'],
    ]);
  });

  it('waits for a slow reader without a connection of the database, and lets it finish', async () => {
    const slug = await largeTenant();
    const response = await openExport(`/v1/tenants/${slug}/changes`);
    // Whatever fits into the buffers is on its way; then nobody asks for more.
    await expect.poll(async () => (await sql.query(BUSY_CONNECTIONS)).rowCount, { timeout: 5_000 }).toBe(0);
    let body = '';
    for await (const piece of response.setEncoding('utf8')) body += piece;
    const lines = linesOf(body);
    expect(lines.slice(0, -1).map(({ revision }) => revision)).toEqual(
      Array.from({ length: LARGE_CHANGES + 1 }, (_, index) => index + 1),
    );
    expect(lines.at(-1)).toMatchObject({ type: 'end', count: LARGE_CHANGES + 1 });
  });

  it('is two at once for a key; one that its reader leaves makes room', async () => {
    const slug = await largeTenant();
    const key = await service.key({ scopes: ['audit:read'], tenants: [slug] });
    const path = `/v1/tenants/${slug}/changes`;
    const [first, second] = [await openExport(path, key), await openExport(path, key)];
    const third = await service.call('GET', path, { key, headers: NDJSON });
    expect([third.status, third.body.code, third.headers['retry-after']]).toEqual([429, 'rate_limited', '5']);
    expect((await service.call('GET', path, { key })).status).toBe(200);
    first.destroy();
    await vi.waitFor(async () => {
      const next = await openExport(path, key);
      next.destroy();
      expect(next.statusCode).toBe(200);
    });
    second.destroy();
  });

  it('ends without its last line when its key is revoked meanwhile', async () => {
    const slug = await largeTenant();
    const { body: made } = await service.call('POST', '/v1/keys', {
      body: { name: 'k', scopes: ['audit:read'], tenants: [slug] },
    });
    const response = await openExport(`/v1/tenants/${slug}/changes`, made.key);
    await service.call('DELETE', `/v1/keys/${made.id}`);
    let body = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    // Whether an error is told too hangs on whether it was broken off before somebody read it.
    response.on('error', () => {});
    await vi.waitFor(() => expect(response.closed).toBe(true));
    expect(response.complete).toBe(false);
    expect(body).not.toContain('"type":"end"');
  });
});

describe('given a chain to be checked', () => {
  it('refuses the revision of a head without its hash, which would check nothing', async () => {
    const path = `/v1/tenants/${await service.tenant()}/changes/verify`;
    expect((await service.call('GET', path)).body).toMatchObject({ broken: null, rowsCompared: true });
    const { status, body } = await service.call('GET', `${path}?expectRevision=1`);
    expect([status, body.errors]).toMatchObject([422, [{ pointer: '/query/expect' }]]);
  });
});

describe('given an export that looks for long and finds little', () => {
  it('does not send what it found when its key has ended meanwhile', async () => {
    const app = fastify();
    const exports = createTrailExports({ keys: { verify: async () => undefined } });
    async function* lines() {
      yield '{"type":"change"}';
      yield '{"type":"end"}';
    }
    app.get('/', (request, reply) => {
      Object.assign(request, { principal: { keyId: 'k', keyHash: 'h' } });
      return exports.send(request, reply, lines());
    });
    const { body } = await app.inject('/');
    expect(body).toContain('unauthorized');
    expect(body).not.toContain('"type":');
    await app.close();
  });
});
