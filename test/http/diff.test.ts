import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

const A = 'https://a.example.com';
const B = 'https://b.example.com';
const C = 'https://c.example.com';
const origins = () => `/v1/tenants/${slug}/origins`;
const add = async (pattern: string) => (await service.call('POST', origins(), { body: { pattern } })).body;
const diff = (from: number | string, to: number | string, query = '', options = {}) =>
  service.call('GET', `/v1/tenants/${slug}/changes/${from}/diff/${to}${query}`, options);

describe('given two revisions', () => {
  it('tells what was added, removed and changed, each row before and after', async () => {
    const [a, b] = [await add(A), await add(B)];
    await service.call('DELETE', `${origins()}/${a.id}`);
    await service.call('PATCH', `${origins()}/${b.id}`, { body: { enabled: false } });
    await add(C);
    await service.call('PUT', `/v1/tenants/${slug}/policies/api`, { body: { paths: ['/api'] } });
    await service.call('PATCH', `/v1/tenants/${slug}`, { body: { environment: 'staging' } });

    const { status, body } = await diff(3, 8);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      from: { revision: 3 },
      to: { revision: 8 },
      counts: {
        entries: { added: 1, removed: 1, changed: 1 },
        policies: { added: 1, removed: 0, changed: 0 },
      },
      items: [
        { subject: 'tenant', before: { environment: 'production' }, after: { environment: 'staging' } },
        { subject: 'policy', before: null, after: { name: 'api', paths: ['/api'] } },
        { subject: 'entry', before: { id: a.id, pattern: A }, after: null },
        { subject: 'entry', before: { id: b.id, enabled: true }, after: { id: b.id, enabled: false } },
        { subject: 'entry', before: null, after: { pattern: C } },
      ],
      nextCursor: null,
    });
    expect(body.from).toEqual({
      revision: 3,
      lineage: expect.any(String),
      at: (await service.call('GET', `/v1/tenants/${slug}/changes/3`)).body.at,
    });
    const back = await diff(8, 3);
    expect(back.body.items[2]).toEqual({ subject: 'entry', before: null, after: body.items[2].before });
    expect(back.body.counts.entries).toEqual({ added: 1, removed: 1, changed: 1 });
  });

  it('shows the rows as the trail does', async () => {
    await add(A);
    const { body: change } = await service.call('GET', `/v1/tenants/${slug}/changes/2`);
    expect((await diff(1, 2)).body.items).toEqual(change.operations);
  });

  it('is empty where what was changed was changed back, and of a revision with itself', async () => {
    const { id } = await add(A);
    await service.call('PATCH', `${origins()}/${id}`, { body: { note: 'x' } });
    await service.call('PATCH', `${origins()}/${id}`, { body: { note: null } });
    for (const [from, to] of [
      [2, 4],
      [3, 3],
    ] as const)
      expect((await diff(from, to)).body.items).toEqual([]);
  });

  it('comes in pages that together are all of it, each with a tag by which it is not sent again', async () => {
    for (const pattern of [C, A, B]) await add(pattern);
    const first = await diff(1, 4, '?limit=2');
    expect(first.body.items.map((item: { after: { pattern: string } }) => item.after.pattern)).toEqual([
      A,
      B,
    ]);
    expect(first.headers.link).toMatch(/rel="next"/);
    const second = await diff(1, 4, `?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({
      counts: { entries: { added: 3 } },
      items: [{ after: { pattern: C } }],
      nextCursor: null,
    });
    const again = await diff(1, 4, '?limit=2', { headers: { 'if-none-match': String(first.headers.etag) } });
    expect(again.status).toBe(304);
  });

  it('answers 404 for a revision that never was, 422 for a cursor that it did not give', async () => {
    for (const [from, to] of [
      [1, 2],
      [2, 1],
      ['0', 1],
      [1, 'x'],
    ] as const) {
      const { status, body } = await diff(from, to);
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'revision_not_found' });
    }
    expect((await diff(1, 1, '?cursor=eA')).status).toBe(422);
  });

  it('needs the scope of the trail', async () => {
    const key = await service.key({ scopes: ['origins:read'], tenants: [slug] });
    expect((await diff(1, 1, '', { key })).body).toMatchObject({ status: 403, scope: 'audit:read' });
  });
});

describe('given an entry', () => {
  const historyOf = (id: string, query = '', options = {}) =>
    service.call('GET', `${origins()}/${id}/changes${query}`, options);

  it('has a history of its own, newest first, in pages', async () => {
    const { id } = await add(A);
    await add(B);
    await service.call('PATCH', `${origins()}/${id}`, { body: { note: 'x' } });
    await service.call('DELETE', `${origins()}/${id}`);
    const { body, headers } = await historyOf(id, '?limit=2');
    expect(body.items).toMatchObject([
      { revision: 5, action: 'entry.delete', actor: 'admin-key', before: { note: 'x' }, after: null },
      { revision: 4, action: 'entry.update', before: { note: null }, after: { note: 'x' } },
    ]);
    expect(headers.link).toMatch(/rel="next"/);
    const rest = await historyOf(id, `?limit=2&cursor=${body.nextCursor}`);
    const { body: change } = await service.call('GET', `/v1/tenants/${slug}/changes/2`);
    const { lineage, at, actor, requestId, action, operations } = change;
    const [{ before, after }] = operations;
    expect(rest.body).toEqual({
      items: [{ revision: 2, lineage, at, actor, requestId, action, before, after }],
      nextCursor: null,
    });
  });

  it('has none when the tenant never had it', async () => {
    const { id } = await add(A);
    slug = await service.tenant();
    for (const unknown of [id, randomUUID(), 'x']) {
      expect((await historyOf(unknown)).body).toMatchObject({ status: 404, code: 'entry_not_found' });
    }
  });

  it('shows it with the scope of the trail only, since it names who did it', async () => {
    const { id } = await add(A);
    const key = await service.key({ scopes: ['origins:read'], tenants: [slug] });
    expect((await historyOf(id, '', { key })).body).toMatchObject({ status: 403, scope: 'audit:read' });
    expect((await historyOf(id, '?cursor=MA')).status).toBe(422);
  });
});
