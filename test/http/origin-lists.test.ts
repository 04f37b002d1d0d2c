import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const origins = (slug: string) => `/v1/tenants/${slug}/origins`;

async function patternsOf(slug: string): Promise<string[]> {
  const { body } = await service.call('GET', `${origins(slug)}?limit=200`);
  return body.items.map((entry: { pattern: string }) => entry.pattern).sort();
}

async function tenantWithA(): Promise<string> {
  const slug = await service.tenant();
  await service.call('POST', origins(slug), { body: { pattern: 'https://a.example.com' } });
  return slug;
}

describe('given a batch', () => {
  it('applies every operation as one revision and one change', async () => {
    const slug = await tenantWithA();
    const done = await service.call('POST', `${origins(slug)}/batch`, {
      body: {
        operations: [
          { op: 'put', pattern: 'https://b.example.com' },
          { op: 'put', pattern: 'https://a.example.com', enabled: false },
          { op: 'put', pattern: 'https://c.example.com', labels: ['x'] },
        ],
      },
    });
    expect(done.status).toBe(200);
    expect(done.body).toEqual({
      revision: 3,
      changed: true,
      created: 2,
      updated: 1,
      deleted: 0,
      unchanged: 0,
      findings: [],
      findingCount: 0,
    });
    const change = await service.call('GET', `/v1/tenants/${slug}/changes/3`);
    expect(change.body).toMatchObject({ action: 'entries.batch', revision: 3 });
    expect(change.body.operations).toHaveLength(3);
  });

  it('writes nothing at all when one operation is bad', async () => {
    const slug = await tenantWithA();
    const refused = await service.call('POST', `${origins(slug)}/batch`, {
      body: {
        operations: [
          { op: 'delete', pattern: 'https://a.example.com' },
          { op: 'put', pattern: 'https://b.example.com/', policies: ['default'] },
          { op: 'rename', pattern: 'https://c.example.com' },
        ],
      },
    });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toContainEqual(
      expect.objectContaining({
        pointer: '/operations/1/pattern',
        code: 'HAS_PATH',
        fix: 'https://b.example.com',
      }),
    );
    expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer: '/operations/2/op' }));
    expect(await patternsOf(slug)).toEqual(['https://a.example.com']);
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it('names every unknown policy and every pattern given twice, and writes nothing', async () => {
    const slug = await service.tenant();
    const unknown = await service.call('POST', `${origins(slug)}/batch`, {
      body: {
        operations: [
          { op: 'put', pattern: 'https://a.example.com', policies: ['default', 'nope'] },
          { op: 'put', pattern: 'https://b.example.com', policies: ['never'] },
        ],
      },
    });
    expect(unknown.body).toMatchObject({
      code: 'policy_unknown',
      errors: [{ pointer: '/operations/0/policies/1' }, { pointer: '/operations/1/policies/0' }],
    });
    const twice = await service.call('POST', `${origins(slug)}/batch`, {
      body: {
        operations: [
          { op: 'put', pattern: 'https://a.example.com' },
          { op: 'delete', pattern: 'https://a.example.com' },
        ],
      },
    });
    expect(twice.status).toBe(422);
    expect(twice.body.errors).toMatchObject([{ pointer: '/operations/1/pattern' }]);
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('tells what a dry run would do, and writes nothing', async () => {
    const slug = await tenantWithA();
    const dry = await service.call('POST', `${origins(slug)}/batch?dryRun=true`, {
      body: {
        operations: [
          { op: 'put', pattern: 'https://b.example.com' },
          { op: 'delete', pattern: 'https://a.example.com' },
        ],
      },
    });
    expect(dry.status).toBe(200);
    expect(dry.body).toMatchObject({ created: 1, deleted: 1, updated: 0, revision: 2 });
    expect(await patternsOf(slug)).toEqual(['https://a.example.com']);
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it('takes 10,000 operations and refuses one more', async () => {
    const slug = await service.tenant();
    const operations = Array.from({ length: 10_000 }, (_, index) => ({
      op: 'put',
      pattern: `https://s${index}.example.com`,
    }));
    const done = await service.call('POST', `${origins(slug)}/batch`, { body: { operations } });
    expect(done.body).toMatchObject({ revision: 2, created: 10_000 });
    const tooMany = await service.call('POST', `${origins(slug)}/batch`, {
      body: { operations: [...operations, { op: 'delete', pattern: 'https://s1.example.com' }] },
    });
    expect(tooMany.status).toBe(422);
    expect(tooMany.body.errors).toMatchObject([{ pointer: '/operations', code: 'too_big' }]);
  });
});

describe('given a whole list', () => {
  it('asks for If-Match first, and writes nothing without it', async () => {
    const slug = await tenantWithA();
    const refused = await service.call('PUT', origins(slug), { body: { entries: [] } });
    expect(refused.status).toBe(428);
    expect(refused.body.code).toBe('precondition_required');
    expect(await patternsOf(slug)).toEqual(['https://a.example.com']);
  });

  it('replaces the list under its ETag; a stale ETag is 412', async () => {
    const slug = await tenantWithA();
    const entries = [{ pattern: 'https://b.example.com' }, { pattern: 'https://c.example.com' }];
    const replaced = await service.call('PUT', origins(slug), {
      body: { entries },
      headers: { 'if-match': '"2"' },
    });
    expect(replaced.status).toBe(200);
    expect(replaced.body).toEqual({
      revision: 3,
      changed: true,
      created: 2,
      updated: 0,
      deleted: 1,
      unchanged: 0,
      findings: [],
      findingCount: 0,
    });
    const stale = await service.call('PUT', origins(slug), {
      body: { entries: [] },
      headers: { 'if-match': '"2"' },
    });
    expect(stale.status).toBe(412);
    expect(await patternsOf(slug)).toEqual(['https://b.example.com', 'https://c.example.com']);
    const same = await service.call('PUT', origins(slug), {
      body: { entries },
      headers: { 'if-match': '"3"' },
    });
    expect(same.body).toMatchObject({ revision: 3, changed: false, unchanged: 2 });
  });
});

describe('given a body past its bound', () => {
  it.each([
    ['an entry', 'POST', '', 1024 * 1024],
    ['a batch', 'POST', '/batch', 8 * 1024 * 1024],
    ['a whole list', 'PUT', '', 32 * 1024 * 1024],
  ] as const)('answers 413 for %s and writes nothing', async (_what, method, path, bytes) => {
    const slug = await service.tenant();
    const answer = await service.call(method, `${origins(slug)}${path}`, {
      body: `{"x": "${'x'.repeat(bytes)}"}`,
      headers: { 'if-match': '"1"' },
    });
    expect(answer.status).toBe(413);
    expect(answer.body.code).toBe('body_too_large');
    expect(await service.revisionOf(slug)).toBe(1);
  });
});
