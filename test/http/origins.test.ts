import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const origins = (slug: string) => `/v1/tenants/${slug}/origins`;

async function tenantWith(...patterns: readonly string[]) {
  const slug = await service.tenant();
  const ids: string[] = [];
  for (const pattern of patterns) {
    const { body } = await service.call('POST', origins(slug), { body: { pattern } });
    ids.push(body.id);
  }
  return { slug, ids };
}

describe('given an origin to add', () => {
  it('answers 201 with the whole entry, its ETag and the revision', async () => {
    const slug = await service.tenant();
    const added = await service.call('POST', origins(slug), {
      body: {
        pattern: 'https://*.example.com:8443',
        expiresAt: '2031-01-31T12:00:00+02:00',
        ref: 'TICKET-1',
        note: 'previews',
        labels: ['preview', 'preview', 'shop'],
        policies: ['default'],
        acceptedRisks: [{ code: 'PUBLIC_SUFFIX', note: 'reviewed' }],
      },
    });
    expect(added.status).toBe(201);
    expect(added.headers).toMatchObject({ etag: '"2"', 'x-revision': '2' });
    expect(added.headers.location).toBe(`${origins(slug)}/${added.body.id}`);
    expect(added.body).toMatchObject({
      pattern: 'https://*.example.com:8443',
      kind: 'subdomains',
      anyPort: false,
      enabled: true,
      expiresAt: '2031-01-31T10:00:00.000Z',
      ref: 'TICKET-1',
      note: 'previews',
      labels: ['preview', 'shop'],
      policies: ['default'],
      acceptedRisks: [{ code: 'PUBLIC_SUFFIX', note: 'reviewed', by: 'admin-key', at: added.body.createdAt }],
      findings: [{ code: 'APEX_NOT_COVERED_HINT', class: 'hint', severity: 'ok' }],
      revision: 2,
      createdBy: 'admin-key',
    });
    const { findings: _findings, ...entry } = added.body;
    expect((await service.call('GET', `${origins(slug)}/${entry.id}`)).body).toEqual(entry);
  });

  it('answers 409 with the id of the entry that has the pattern already', async () => {
    const { slug, ids } = await tenantWith('https://app.example.com');
    const again = await service.call('POST', origins(slug), { body: { pattern: 'https://app.example.com' } });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'pattern_taken', existingId: ids[0] });
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it.each([
    ['https://app.example.com/', 'HAS_PATH', 'https://app.example.com'],
    ['https://APP.example.com', 'UPPERCASE', 'https://app.example.com'],
    ['https://app.example.com:443', 'DEFAULT_PORT', 'https://app.example.com'],
  ])('refuses %s with %s, a pointer and the right spelling', async (pattern, code, fix) => {
    const slug = await service.tenant();
    const refused = await service.call('POST', origins(slug), { body: { pattern } });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer: '/pattern', code, fix }));
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('answers every problem of the body at once and writes nothing', async () => {
    const slug = await service.tenant();
    const refused = await service.call('POST', origins(slug), {
      body: { pattern: 'example.com', enabled: 'yes', labels: ['ok', ''], note: 'nul\0', surprise: 1 },
    });
    expect(refused.status).toBe(422);
    const pointers = refused.body.errors.map((item: { pointer: string }) => item.pointer);
    expect(new Set(pointers)).toEqual(new Set(['/pattern', '/enabled', '/labels/1', '/note', '/surprise']));
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('refuses a policy the tenant does not have, and writes nothing', async () => {
    const slug = await service.tenant();
    const refused = await service.call('POST', origins(slug), {
      body: { pattern: 'https://app.example.com', policies: ['default', 'nope'] },
    });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'policy_unknown', errors: [{ pointer: '/policies/1' }] });
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('answers 404 for a tenant that does not exist', async () => {
    const refused = await service.call('POST', origins('nobody'), {
      body: { pattern: 'https://app.example.com' },
    });
    expect(refused.status).toBe(404);
    expect(refused.body.code).toBe('tenant_not_found');
  });
});

describe('given an entry to change', () => {
  it('changes what is named, keeps the rest and clears with null', async () => {
    const slug = await service.tenant();
    const { body: entry } = await service.call('POST', origins(slug), {
      body: { pattern: 'https://app.example.com', note: 'a note', ref: 'R-1' },
    });
    const patched = await service.call('PATCH', `${origins(slug)}/${entry.id}`, {
      body: { enabled: false, note: null },
      headers: { 'if-match': '"2"' },
    });
    expect(patched.status).toBe(200);
    expect(patched.headers).toMatchObject({ etag: '"3"', 'x-revision': '3' });
    expect(patched.body).toMatchObject({
      enabled: false,
      note: null,
      ref: 'R-1',
      pattern: 'https://app.example.com',
    });
  });

  it('answers 412 to a stale ETag and to one that is not an ETag, and changes nothing', async () => {
    const { slug, ids } = await tenantWith('https://app.example.com');
    for (const tag of ['"1"', 'W/"2"', 'yesterday', '""']) {
      const stale = await service.call('PATCH', `${origins(slug)}/${ids[0]}`, {
        body: { enabled: false },
        headers: { 'if-match': tag },
      });
      expect(stale.status, tag).toBe(412);
    }
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it('renames a pattern, but never onto another entry', async () => {
    const { slug, ids } = await tenantWith('https://a.example.com', 'https://b.example.com');
    const renamed = await service.call('PATCH', `${origins(slug)}/${ids[0]}`, {
      body: { pattern: 'https://c.example.com:*' },
    });
    expect(renamed.body).toMatchObject({ pattern: 'https://c.example.com:*', kind: 'exact', anyPort: true });
    const taken = await service.call('PATCH', `${origins(slug)}/${ids[0]}`, {
      body: { pattern: 'https://b.example.com' },
    });
    expect(taken.status).toBe(409);
    expect(taken.body).toMatchObject({ code: 'pattern_taken', existingId: ids[1] });
  });

  it('answers 404 for an id of another tenant, of none, and for one that is no id', async () => {
    const { ids } = await tenantWith('https://a.example.com');
    const other = await service.tenant();
    for (const id of [ids[0], '00000000-0000-4000-8000-000000000000', 'not-an-id']) {
      const answer = await service.call('PATCH', `${origins(other)}/${id}`, { body: { enabled: false } });
      expect(answer.status, id).toBe(404);
      expect(answer.body.code, id).toBe('entry_not_found');
    }
    expect(await service.revisionOf(other)).toBe(1);
  });
});

describe('given an entry to delete', () => {
  it('is gone at the next revision; deleting it again is 404', async () => {
    const { slug, ids } = await tenantWith('https://app.example.com');
    const deleted = await service.call('DELETE', `${origins(slug)}/${ids[0]}`);
    expect(deleted.status).toBe(204);
    expect(deleted.headers['x-revision']).toBe('3');
    expect((await service.call('DELETE', `${origins(slug)}/${ids[0]}`)).body.code).toBe('entry_not_found');
    expect(await service.revisionOf(slug)).toBe(3);
  });
});

describe('given a pattern as the key', () => {
  const byPattern = (slug: string, pattern: string) =>
    `${origins(slug)}/by-pattern?pattern=${encodeURIComponent(pattern)}`;

  it('creates, then changes nothing when repeated, then replaces', async () => {
    const slug = await service.tenant();
    const url = byPattern(slug, 'https://*.example.com');
    const created = await service.call('PUT', url, { body: { note: 'one' } });
    expect([created.status, created.headers['x-revision']]).toEqual([201, '2']);
    const repeated = await service.call('PUT', url, { body: { note: 'one' } });
    expect([repeated.status, repeated.headers['x-revision']]).toEqual([200, '2']);
    const replaced = await service.call('PUT', url, { body: { ref: 'two' } });
    expect([replaced.status, replaced.headers['x-revision']]).toEqual([200, '3']);
    expect(replaced.body).toMatchObject({ id: created.body.id, note: null, ref: 'two' });
  });

  it('creates nothing under `If-Match: *`, which asks for an entry that exists', async () => {
    const slug = await service.tenant();
    const headers = { 'if-match': '*' };
    const refused = await service.call('PUT', byPattern(slug, 'https://new.example.com'), {
      body: {},
      headers,
    });
    expect(refused.status).toBe(412);
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('deletes by pattern; a pattern that is not there is 404, a bad one 422', async () => {
    const { slug } = await tenantWith('https://app.example.com');
    expect((await service.call('DELETE', byPattern(slug, 'https://app.example.com'))).status).toBe(204);
    expect((await service.call('DELETE', byPattern(slug, 'https://app.example.com'))).body.code).toBe(
      'entry_not_found',
    );
    const bad = await service.call('DELETE', byPattern(slug, 'https://app.example.com/x'));
    expect(bad.status).toBe(422);
    expect(bad.body.errors[0]).toMatchObject({ pointer: '/query/pattern', code: 'HAS_PATH' });
  });
});

describe('given a list to read', () => {
  it('filters by status, kind, ref, label, text and expiry', async () => {
    const slug = await service.tenant();
    const entries = [
      { pattern: 'https://a.example.com', labels: ['shop'], ref: 'R-1', note: 'First' },
      { pattern: 'https://*.b.example.com', enabled: false, labels: ['blog'] },
      { pattern: 'https://c.example.com', expiresAt: '2020-01-01T00:00:00.000Z' },
      { pattern: 'https://d.example.com', expiresAt: '2040-01-01T00:00:00.000Z' },
    ];
    for (const body of entries)
      expect((await service.call('POST', origins(slug), { body })).status).toBe(201);
    const list = async (query: string) =>
      (await service.call('GET', `${origins(slug)}?${query}`)).body.items
        .map((entry: { pattern: string }) => entry.pattern)
        .sort();
    expect(await list('status=active')).toEqual(['https://a.example.com', 'https://d.example.com']);
    expect(await list('status=disabled')).toEqual(['https://*.b.example.com']);
    expect(await list('status=expired')).toEqual(['https://c.example.com']);
    expect(await list('kind=subdomains')).toEqual(['https://*.b.example.com']);
    expect(await list('ref=R-1')).toEqual(['https://a.example.com']);
    expect(await list('label=blog')).toEqual(['https://*.b.example.com']);
    expect(await list('q=fIRst')).toEqual(['https://a.example.com']);
    expect(await list('q=%25')).toEqual([]);
    expect(await list('expiresBefore=2041-01-01T00:00:00Z&status=active')).toEqual(['https://d.example.com']);
  });

  it('pages through all of it once, with the revision as its ETag', async () => {
    const { slug } = await tenantWith(
      'https://a.example.com',
      'https://b.example.com',
      'https://c.example.com',
    );
    const first = await service.call('GET', `${origins(slug)}?limit=2`);
    expect(first.headers.etag).toBe('"4"');
    expect(first.body.items).toHaveLength(2);
    const second = await service.call('GET', `${origins(slug)}?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body.items).toHaveLength(1);
    expect(second.body.nextCursor).toBeNull();
    const patterns = [...first.body.items, ...second.body.items].map((entry) => entry.pattern).sort();
    expect(patterns).toEqual(['https://a.example.com', 'https://b.example.com', 'https://c.example.com']);
  });

  it('links to the next page with every filter as it came', async () => {
    const { slug } = await tenantWith('https://a.example.com', 'https://b.example.com');
    const page = await service.call('GET', `${origins(slug)}?limit=1&q=https:&ref=&status=active`);
    expect(page.body.items).toEqual([]);
    const first = await service.call('GET', `${origins(slug)}?limit=1&kind=exact&q=a?b&status=active`);
    expect(first.headers.link).toBeUndefined();
    const asked = await service.call('GET', `${origins(slug)}?limit=1&q=https://&status=active`);
    expect(asked.headers.link).toContain('q=https%3A%2F%2F&status=active&cursor=');
  });

  it('does not answer 304 for what the time changes', async () => {
    const { slug } = await tenantWith('https://a.example.com');
    const headers = { 'if-none-match': '"2"' };
    expect((await service.call('GET', `${origins(slug)}?status=active`, { headers })).status).toBe(200);
  });

  it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+23:00', '9999-12-31T23:59:59-23:59'])(
    'refuses the instant %s, which no calendar of the store has',
    async (instant) => {
      const slug = await service.tenant();
      const added = await service.call('POST', origins(slug), {
        body: { pattern: 'https://a.example.com', expiresAt: instant },
      });
      expect([added.status, added.body.errors[0].pointer]).toEqual([422, '/expiresAt']);
      const listed = await service.call(
        'GET',
        `${origins(slug)}?expiresBefore=${encodeURIComponent(instant)}`,
      );
      expect(listed.status).toBe(422);
    },
  );

  it('answers 304 while nothing has changed', async () => {
    const { slug } = await tenantWith('https://a.example.com');
    const same = await service.call('GET', origins(slug), { headers: { 'if-none-match': 'W/"9", "2"' } });
    expect(same.status).toBe(304);
    expect(same.body).toBe('');
    const changed = await service.call('GET', origins(slug), { headers: { 'if-none-match': '"1"' } });
    expect(changed.status).toBe(200);
  });
});
