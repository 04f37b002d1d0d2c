import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.js';
import { openService, type TestService } from './service.js';

const DAY_MS = 24 * 3_600_000;
const SOON = new Date(Date.now() + 7 * DAY_MS).toISOString();
const LATE = new Date(Date.now() + 14.1 * DAY_MS).toISOString();
const PREVIEW = 'https://pr-7-shop.example.com';
const RISK = { code: 'INSECURE_SCHEME', note: 'the intranet has no TLS yet' };

let service: TestService;
let slug: string;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());
beforeEach(async () => {
  slug = await service.tenant();
});

/** What a refused write answers; fails when something was written. */
async function refused(
  key: string,
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
) {
  const before = await service.revisionOf(slug);
  const answer = await service.call(method, `/v1/tenants/${slug}/origins${path}`, { key, body });
  expect(await service.revisionOf(slug)).toBe(before);
  const { status, body: problem } = answer;
  const items = problem.errors?.map(
    ({ pointer, code }: { pointer: string; code: string }) => `${pointer} ${code}`,
  );
  return [status, problem.code, problem.scope, items];
}

async function written(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  key?: string,
) {
  const options = { body, ...(key !== undefined && { key }) };
  const answer = await service.call(method, `/v1/tenants/${slug}/origins${path}`, options);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body;
}

describe('given a key without risks:accept', () => {
  let key: string;
  beforeEach(async () => {
    key = await service.key({ preset: 'editor', tenants: [slug] });
  });
  const pattern = 'http://intranet.example.com';

  it('cannot name a risk that nobody has accepted, in any call', async () => {
    const entry = await written('POST', '', { pattern });
    const risks = { acceptedRisks: [RISK] };
    const expected = (pointer: string) => [403, 'scope_missing', 'risks:accept', [`${pointer} risk_new`]];
    const list = await service.call('GET', `/v1/tenants/${slug}/origins`, { key });
    expect(await refused(key, 'POST', '', { pattern: 'http://b.example.com', ...risks })).toEqual(
      expected('/acceptedRisks/0'),
    );
    expect(await refused(key, 'PATCH', `/${entry.id}`, risks)).toEqual(expected('/acceptedRisks/0'));
    expect(await refused(key, 'PUT', `/by-pattern?pattern=${pattern}`, risks)).toEqual(
      expected('/acceptedRisks/0'),
    );
    const operations = [
      { op: 'put', pattern: 'https://c.example.com' },
      { op: 'put', pattern, ...risks },
    ];
    expect(await refused(key, 'POST', '/batch', { operations })).toEqual(
      expected('/operations/1/acceptedRisks/0'),
    );
    expect(await refused(key, 'POST', '/batch?dryRun=true', { operations })).toEqual(
      expected('/operations/1/acceptedRisks/0'),
    );
    const replaced = await service.call('PUT', `/v1/tenants/${slug}/origins`, {
      key,
      headers: { 'if-match': String(list.headers.etag) },
      body: { entries: [{ pattern, ...risks }] },
    });
    expect([replaced.status, replaced.body.scope]).toEqual([403, 'risks:accept']);
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it('leaves a risk that is accepted as it is, and may take it back', async () => {
    const entry = await written('POST', '', { pattern, acceptedRisks: [RISK] });
    const kept = await written('PATCH', `/${entry.id}`, { note: 'x', acceptedRisks: [RISK] }, key);
    expect(kept).toMatchObject({ note: 'x', acceptedRisks: [{ ...RISK, by: 'admin-key' }] });
    await written('PUT', `/by-pattern?pattern=${pattern}`, { acceptedRisks: [RISK], labels: ['a'] }, key);
    expect(await written('PATCH', `/${entry.id}`, { acceptedRisks: [] }, key)).toMatchObject({
      acceptedRisks: [],
    });
    expect((await refused(key, 'PATCH', `/${entry.id}`, { acceptedRisks: [RISK] }))[0]).toBe(403);
  });

  it('cannot take an acceptance along to another entry, other words or another pattern', async () => {
    const entry = await written('POST', '', { pattern, acceptedRisks: [RISK] });
    const reworded = { acceptedRisks: [{ ...RISK, note: 'other words' }] };
    const renamed = { pattern: 'http://other.example.com', acceptedRisks: [RISK] };
    for (const patch of [reworded, renamed]) {
      expect(await refused(key, 'PATCH', `/${entry.id}`, patch)).toEqual([
        403,
        'scope_missing',
        'risks:accept',
        ['/acceptedRisks/0 risk_new'],
      ]);
    }
  });

  it('can with the scope', async () => {
    const both = await service.key({ scopes: ['origins:write', 'risks:accept'], tenants: [slug] });
    await written('POST', '', { pattern, acceptedRisks: [RISK] }, both);
  });
});

describe('given a key for temporary entries', () => {
  let ci: string;
  let ciId: string;
  beforeEach(async () => {
    const { body } = await service.call('POST', '/v1/keys', {
      body: { name: 'ci', preset: 'ci', tenants: [slug] },
    });
    ci = body.key;
    ciId = body.id;
  });
  const mine = { ref: 'pr-7', expiresAt: SOON };
  const byPattern = `/by-pattern?pattern=${PREVIEW}`;
  const refusal = (...items: string[]) => [403, 'scope_missing', 'origins:write', items];

  it('creates, changes and deletes entries of its own, by every call', async () => {
    expect(await written('PUT', byPattern, mine, ci)).toMatchObject({ createdBy: `key:${ciId}` });
    const revision = await service.revisionOf(slug);
    await written('PUT', byPattern, mine, ci);
    expect(await service.revisionOf(slug)).toBe(revision);
    await written('DELETE', byPattern, undefined, ci);
    const entry = await written('POST', '', { pattern: PREVIEW, ...mine }, ci);
    await written('PATCH', `/${entry.id}`, { enabled: false, ref: 'pr-8' }, ci);
    await written('DELETE', `/${entry.id}`, undefined, ci);
    const put = { op: 'put', pattern: PREVIEW, ...mine };
    await written('POST', '/batch', { operations: [put] }, ci);
    const done = await written('POST', '/batch', { operations: [{ op: 'delete', pattern: PREVIEW }] }, ci);
    expect(done).toMatchObject({ deleted: 1 });
  });

  it('is told all that is not temporary about an entry, and writes nothing', async () => {
    const nothing = refusal('/ref ref_required', '/expiresAt expiry_too_late');
    expect(await refused(ci, 'POST', '', { pattern: PREVIEW })).toEqual(nothing);
    expect(await refused(ci, 'PUT', byPattern, { ref: ' ', expiresAt: LATE })).toEqual(nothing);
    const wide = refusal(' pattern_too_wide');
    expect(await refused(ci, 'POST', '', { pattern: '*', ...mine })).toEqual(wide);
    expect(await refused(ci, 'POST', '', { pattern: 'null', ...mine })).toEqual(wide);
    const operations = [
      { op: 'put', pattern: PREVIEW, ...mine },
      { op: 'put', pattern: 'https://b.example.com', ref: 'pr-7' },
    ];
    const batch = refusal('/operations/1/expiresAt expiry_too_late');
    expect(await refused(ci, 'POST', '/batch', { operations })).toEqual(batch);
    expect(await refused(ci, 'POST', '/batch?dryRun=true', { operations })).toEqual(batch);
  });

  it('cannot make an entry of its own stay, by any field', async () => {
    const entry = await written('POST', '', { pattern: PREVIEW, ...mine }, ci);
    const patches = [
      [{ expiresAt: null }, '/expiresAt expiry_too_late'],
      [{ expiresAt: LATE }, '/expiresAt expiry_too_late'],
      [{ ref: null }, '/ref ref_required'],
      [{ pattern: '*' }, ' pattern_too_wide'],
    ] as const;
    for (const [patch, item] of patches)
      expect(await refused(ci, 'PATCH', `/${entry.id}`, patch)).toEqual(refusal(item));
  });

  it('cannot touch, nor read by a write, what somebody else has made', async () => {
    const other = await service.key({ preset: 'ci', tenants: [slug] });
    const foreign = refusal(' entry_of_others');
    for (const key of [undefined, other]) {
      const entry = await written('POST', '', { pattern: PREVIEW, ...mine }, key);
      expect(await refused(ci, 'PATCH', `/${entry.id}`, {})).toEqual(foreign);
      expect(await refused(ci, 'PATCH', `/${entry.id}`, { enabled: false })).toEqual(foreign);
      expect(await refused(ci, 'DELETE', `/${entry.id}`)).toEqual(foreign);
      expect(await refused(ci, 'PUT', byPattern, { ...mine, note: 'x' })).toEqual(foreign);
      expect(await refused(ci, 'PUT', byPattern, mine)).toEqual(foreign);
      expect(await refused(ci, 'DELETE', byPattern)).toEqual(foreign);
      expect(
        await refused(ci, 'POST', '/batch', { operations: [{ op: 'delete', pattern: PREVIEW }] }),
      ).toEqual(refusal('/operations/0 entry_of_others'));
      // As it is already: that it would change nothing tells what it is.
      expect(
        await refused(ci, 'POST', '/batch?dryRun=true', {
          operations: [{ op: 'put', pattern: PREVIEW, ...mine }],
        }),
      ).toEqual(refusal('/operations/0 entry_of_others'));
      await written('DELETE', `/${entry.id}`);
    }
  });

  it('cannot touch an entry of its own any more that an admin has made stay', async () => {
    const entry = await written('POST', '', { pattern: PREVIEW, ...mine }, ci);
    await written('PATCH', `/${entry.id}`, { expiresAt: null });
    expect(await refused(ci, 'PATCH', `/${entry.id}`, { expiresAt: SOON })).toEqual(
      refusal(' entry_not_temporary'),
    );
    expect(await refused(ci, 'DELETE', `/${entry.id}`)).toEqual(refusal(' entry_not_temporary'));
  });

  it('cannot accept a risk, replace the list, read it, or do anything else', async () => {
    await written('POST', '', { pattern: 'http://intranet.example.com' });
    const risky = { pattern: 'http://b.example.com', ...mine, acceptedRisks: [RISK] };
    expect((await refused(ci, 'POST', '', risky)).slice(0, 3)).toEqual([
      403,
      'scope_missing',
      'risks:accept',
    ]);
    for (const [method, url, body] of [
      ['PUT', `/v1/tenants/${slug}/origins`, { entries: [] }],
      ['GET', `/v1/tenants/${slug}/origins`, undefined],
      ['GET', `/v1/tenants/${slug}/changes`, undefined],
      ['PUT', `/v1/tenants/${slug}/policies/default`, {}],
      ['POST', '/v1/keys', { name: 'x', preset: 'ci', tenants: [slug] }],
    ] as const) {
      const answer = await service.call(method, url, { key: ci, body, headers: { 'if-match': '*' } });
      expect([answer.status, answer.body.code], url).toEqual([403, 'scope_missing']);
    }
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it('goes on with its entries after a rotation, on both keys', async () => {
    await written('PUT', byPattern, mine, ci);
    const { body: next } = await service.call('POST', `/v1/keys/${ciId}/rotate`, { body: {} });
    await written('PUT', byPattern, { ...mine, ref: 'pr-8' }, next.key);
    const made = await written('POST', '', { pattern: 'https://pr-9-shop.example.com', ...mine }, next.key);
    await written('PATCH', `/${made.id}`, { ref: 'pr-10' }, ci);
    const { body: last } = await service.call('POST', `/v1/keys/${next.id}/rotate`, { body: {} });
    await written('DELETE', byPattern, undefined, last.key);
  });
});

describe('given a shorter limit in the settings', () => {
  it('keeps to it', async () => {
    const app = await buildApp({ store: service.store, temporaryEntryDays: 6 });
    const key = await service.key({ preset: 'ci', tenants: [slug] });
    const answer = await app.inject({
      method: 'POST',
      url: `/v1/tenants/${slug}/origins`,
      headers: { authorization: `Bearer ${key}` },
      payload: { pattern: PREVIEW, ref: 'pr-7', expiresAt: SOON },
    });
    expect(answer.json()).toMatchObject({ errors: [{ code: 'expiry_too_late' }] });
    await app.close();
  });
});
