import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type CallOptions, openService, type TestService } from './service.js';

let service: TestService;
let slug: string;
beforeAll(async () => {
  service = await openService({ quotas: { entries: 5, wildcards: 2, policies: 2 } });
});
afterAll(() => service.close());

const entries = (...patterns: readonly string[]) => ({ entries: patterns.map((pattern) => ({ pattern })) });
const exact = (name: string) => `https://${name}.example.com`;

function call(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options: CallOptions = {},
  on = service,
) {
  return on.call(method, `/v1/tenants/${slug}${path}`, options);
}

async function fill(...patterns: readonly string[]): Promise<void> {
  slug = await service.tenant();
  const { status } = await call('PUT', '/origins', {
    body: entries(...patterns),
    headers: { 'if-match': '*' },
  });
  expect(status).toBe(200);
}

describe('given a tenant with all the entries it may have', () => {
  it.each([
    ['POST', '/origins', { pattern: exact('f') }],
    ['PUT', `/origins/by-pattern?pattern=${exact('f')}`, {}],
    ['POST', '/origins/batch', { operations: [{ op: 'put', pattern: exact('f') }] }],
    ['POST', '/origins/batch?dryRun=true', { operations: [{ op: 'put', pattern: exact('f') }] }],
    ['PUT', '/origins', entries('a', 'b', 'c', 'd', 'e', 'f')],
  ] as const)(
    'refuses one more by %s %s, names the quota, and writes nothing',
    async (method, path, body) => {
      await fill(...['a', 'b', 'c', 'd', 'e'].map(exact));
      const list = 'entries' in body ? entries(...['a', 'b', 'c', 'd', 'e', 'f'].map(exact)) : body;
      const answer = await call(method, path, {
        body: list,
        ...('entries' in body && { headers: { 'if-match': '*' } }),
      });
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        code: 'quota_exceeded',
        quota: 'entries',
        limit: 5,
        used: 5,
        wanted: 6,
      });
      expect(answer.headers['x-quota']).toBe('entries=5;limit=5, wildcards=0;limit=2, policies=1;limit=2');
      expect(await service.revisionOf(slug)).toBe(2);
      expect((await call('GET', '/origins')).body.items).toHaveLength(5);
    },
  );

  it('takes an exchange, and one more after a deletion', async () => {
    await fill(...['a', 'b', 'c', 'd', 'e'].map(exact));
    const operations = [
      { op: 'delete', pattern: exact('a') },
      { op: 'put', pattern: exact('f') },
    ];
    expect((await call('POST', '/origins/batch', { body: { operations } })).status).toBe(200);
    const deleted = await call('DELETE', `/origins/by-pattern?pattern=${exact('b')}`);
    expect(deleted.status).toBe(204);
    expect(deleted.headers['x-quota']).toBe('entries=4;limit=5, wildcards=0;limit=2, policies=1;limit=2');
    expect((await call('POST', '/origins', { body: { pattern: exact('g') } })).status).toBe(201);
  });
});

describe('given a tenant with all the wildcards it may have', () => {
  it('refuses one more, also by a change of a pattern, and takes exact ones', async () => {
    await fill('https://*.a.example', 'https://pr-*-b.example.com', 'http://localhost:*');
    const more = await call('POST', '/origins', { body: { pattern: 'https://*.c.example' } });
    expect([more.status, more.body.quota, more.body.used, more.body.wanted]).toEqual([
      409,
      'wildcards',
      2,
      3,
    ]);
    const added = await call('POST', '/origins', { body: { pattern: exact('x') } });
    expect(added.status).toBe(201);
    expect(added.headers['x-quota']).toBe('entries=4;limit=5, wildcards=2;limit=2, policies=1;limit=2');
    const changed = await call('PATCH', `/origins/${added.body.id}`, {
      body: { pattern: 'https://*.x.example' },
    });
    expect([changed.status, changed.body.quota]).toEqual([409, 'wildcards']);
    const exchanged = await call('POST', '/origins/batch', {
      body: {
        operations: [
          { op: 'delete', pattern: 'https://*.a.example' },
          { op: 'put', pattern: 'https://*.d.example' },
        ],
      },
    });
    expect(exchanged.status).toBe(200);
    expect(exchanged.headers['x-quota']).toBe('entries=4;limit=5, wildcards=2;limit=2, policies=1;limit=2');
  });
});

describe('given a tenant with all the policies it may have', () => {
  it('refuses one more, changes those it has, and takes another after a deletion', async () => {
    await fill();
    expect((await call('PUT', '/policies/one', { body: {} })).status).toBe(201);
    const more = await call('PUT', '/policies/two', { body: {} });
    expect([more.status, more.body.code, more.body.quota, more.body.limit]).toEqual([
      409,
      'quota_exceeded',
      'policies',
      2,
    ]);
    expect((await call('GET', '/policies/two')).status).toBe(404);
    expect((await call('PUT', '/policies/one', { body: { paths: ['/api'] } })).status).toBe(200);
    expect((await call('DELETE', '/policies/one')).status).toBe(204);
    expect((await call('PUT', '/policies/two', { body: {} })).status).toBe(201);
  });
});

describe('given quotas that were lowered below what a tenant has', () => {
  it('lets it edit and delete, and add nothing', async () => {
    await fill(exact('a'), exact('b'), 'https://*.a.example', 'https://*.b.example');
    await call('PUT', '/policies/one', { body: {} });
    const lowered = await openService({ on: service, quotas: { entries: 1, wildcards: 1, policies: 1 } });
    onTestFinished(() => lowered.close());
    const list = await call('GET', '/origins', {}, lowered);
    expect(list.headers['x-quota']).toBe('entries=4;limit=1, wildcards=2;limit=1, policies=2;limit=1');
    const [first] = list.body.items;
    const edited = await call('PATCH', `/origins/${first.id}`, { body: { note: 'why' } }, lowered);
    expect(edited.status).toBe(200);
    expect((await call('PUT', '/policies/one', { body: { paths: ['/x'] } }, lowered)).status).toBe(200);
    const added = await call('POST', '/origins', { body: { pattern: exact('c') } }, lowered);
    expect([added.status, added.body.limit, added.body.used]).toEqual([409, 1, 4]);
    expect((await call('DELETE', `/origins/${first.id}`, {}, lowered)).status).toBe(204);
    const fewer = await call(
      'PUT',
      '/origins',
      { body: entries(exact('a'), 'https://*.b.example'), headers: { 'if-match': '*' } },
      lowered,
    );
    expect(fewer.status).toBe(200);
    expect(fewer.headers['x-quota']).toBe('entries=2;limit=1, wildcards=1;limit=1, policies=2;limit=1');
  });
});

describe('given a revision with more than a tenant may have today', () => {
  it('cannot be restored, and can again after a deletion', async () => {
    await fill(exact('a'), exact('b'), 'https://*.a.example', 'https://*.b.example');
    const { revision } = (
      await call('POST', '/origins/batch', { body: { operations: [{ op: 'delete', pattern: exact('a') }] } })
    ).body;
    const lowered = await openService({ on: service, quotas: { entries: 3 } });
    onTestFinished(() => lowered.close());
    const restored = await call('POST', `/changes/${revision - 1}/restore`, {}, lowered);
    expect([restored.status, restored.body.quota, restored.body.wanted]).toEqual([409, 'entries', 4]);
    expect(await service.revisionOf(slug)).toBe(revision);
    const again = await call('POST', `/changes/${revision - 1}/restore`);
    expect(again.status).toBe(200);
    expect(again.headers['x-quota']).toBe('entries=4;limit=5, wildcards=2;limit=2, policies=1;limit=2');
  });
});

describe('given writes that take turns', () => {
  it('lets no more in than there is room for', async () => {
    await fill(exact('a'), exact('b'), exact('c'));
    const answers = await Promise.all(
      ['d', 'e', 'f', 'g', 'h'].map((name) => call('POST', '/origins', { body: { pattern: exact(name) } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409]);
    expect((await call('GET', '/origins')).body.items).toHaveLength(5);
  });
});
