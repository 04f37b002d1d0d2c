import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openService, type TestService } from './service.js';
import { openStream } from './sse-reader.js';

const DAY_MS = 24 * 3_600_000;

let service: TestService;
let other: TestService;
beforeAll(async () => {
  service = await openService();
  other = await openService({ on: service });
});
afterAll(async () => {
  await other.close();
  await service.close();
});

async function makeKey(input: object) {
  const { status, body } = await service.call('POST', '/v1/keys', { body: { name: 'a key', ...input } });
  expect(status).toBe(201);
  return body;
}

function rotate(id: string, body: object = {}, key?: string) {
  return service.call('POST', `/v1/keys/${id}/rotate`, { body, ...(key !== undefined && { key }) });
}

async function statusOf(node: TestService, key: string): Promise<number> {
  return (await node.call('GET', '/v1/tenants', { key })).status;
}

/** From its making to its end, in days. */
function daysUntil(instant: string): number {
  return Math.round((Date.parse(instant) - Date.now()) / DAY_MS);
}

describe('given a key that is rotated', () => {
  it('is replaced by one with its name, scopes and tenants, and goes on for a day', async () => {
    const slug = await service.tenant();
    const old = await makeKey({ name: 'orders', preset: 'viewer', tenants: [slug] });
    const { status, headers, body: next } = await rotate(old.id);
    expect(status).toBe(201);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', location: `/v1/keys/${next.id}` });
    const { name, scopes, tenants, expiresAt, rotatedFrom, replacedBy } = next;
    expect({ name, scopes, tenants, expiresAt, rotatedFrom, replacedBy }).toEqual({
      ...{ name: 'orders', scopes: old.scopes, tenants: [slug], expiresAt: null },
      ...{ rotatedFrom: old.id, replacedBy: null },
    });
    expect(daysUntil(next.oldKeyEndsAt)).toBe(1);
    expect(await statusOf(service, old.key)).toBe(200);
    expect(await statusOf(service, next.key)).toBe(200);
    const shown = (await service.call('GET', `/v1/keys/${old.id}`)).body;
    expect(shown).toMatchObject({ replacedBy: next.id, expiresAt: next.oldKeyEndsAt, revokedAt: null });
    expect(JSON.stringify(shown)).not.toContain(next.key);
  });

  it('is revoked at once without an overlap', async () => {
    const old = await makeKey({ preset: 'viewer' });
    expect(await statusOf(other, old.key)).toBe(200);
    const { body: next } = await rotate(old.id, { overlapSeconds: 0 });
    expect(await statusOf(service, old.key)).toBe(401);
    await expect.poll(() => statusOf(other, old.key), { timeout: 3_000 }).toBe(401);
    expect(await statusOf(other, next.key)).toBe(200);
    const shown = (await service.call('GET', `/v1/keys/${old.id}`)).body;
    expect(shown).toMatchObject({ revokedAt: next.oldKeyEndsAt, expiresAt: null });
  });

  it('ends after the overlap on nodes that had it in memory, its streams with it', async () => {
    const old = await makeKey({ scopes: ['tenants:read', 'sync'] });
    expect(await statusOf(other, old.key)).toBe(200);
    const url = await other.app.listen({ host: '127.0.0.1', port: 0 });
    const stream = await openStream(url, old.key, []);
    onTestFinished(() => stream.close());
    const { body: next } = await rotate(old.id, { overlapSeconds: 3 });
    expect(await statusOf(other, old.key)).toBe(200);
    expect(await stream.ended()).toContain('retry: ');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(next.oldKeyEndsAt));
    expect(await statusOf(other, old.key)).toBe(401);
    expect(await statusOf(service, old.key)).toBe(401);
    expect(await statusOf(service, next.key)).toBe(200);
  });

  it('is never prolonged by its overlap', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const old = await makeKey({ preset: 'viewer', expiresAt });
    const { body: next } = await rotate(old.id);
    expect(next).toMatchObject({ oldKeyEndsAt: expiresAt, expiresAt });
  });

  it('may be given another end', async () => {
    const old = await makeKey({ preset: 'viewer', expiresAt: '2040-01-01T00:00:00Z' });
    const { body: next } = await rotate(old.id, { expiresAt: '2041-01-01T01:00:00+01:00' });
    expect(next.expiresAt).toBe('2041-01-01T00:00:00.000Z');
    const { body: last } = await rotate(next.id, { expiresAt: null });
    expect(last.expiresAt).toBeNull();
  });

  it('is rotated once: of two at a time one is told of the other', async () => {
    const old = await makeKey({ preset: 'viewer' });
    const answers = await Promise.all([rotate(old.id), rotate(old.id), rotate(old.id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const next = answers.find(({ status }) => status === 201)?.body;
    const again = await rotate(old.id);
    expect([again.status, again.body.code, again.body.replacedBy]).toEqual([409, 'key_replaced', next.id]);
  });

  it('leaves one event that names both', async () => {
    const old = await makeKey({ preset: 'viewer' });
    const { body: next, headers } = await rotate(old.id);
    const events = await service.sql(
      `SELECT actor, request_id, detail FROM events WHERE action = 'key.rotate' AND detail->>'id' = $1`,
      [old.id],
    );
    expect(events).toMatchObject([
      {
        actor: 'admin-key',
        request_id: headers['x-request-id'],
        detail: {
          prefix: old.prefix,
          endsAt: next.oldKeyEndsAt,
          replacedBy: { id: next.id, scopes: old.scopes },
        },
      },
    ]);
  });
});

describe('given a key that has ended', () => {
  it('cannot be rotated, and none is made', async () => {
    const revoked = await makeKey({ preset: 'viewer' });
    await service.call('DELETE', `/v1/keys/${revoked.id}`);
    const expired = await makeKey({ preset: 'viewer', expiresAt: '2020-01-01T00:00:00Z' });
    const count = () => service.sql('SELECT count(*)::int AS n FROM api_keys');
    const before = await count();
    for (const id of [revoked.id, expired.id, 'nonsense', '00000000-0000-4000-8000-000000000000']) {
      const { status, body } = await rotate(id);
      expect([status, body.code], id).toEqual([404, 'key_not_found']);
    }
    expect(await count()).toEqual(before);
  });
});

describe('given a key that rotates', () => {
  it('gets no more than it holds: no scope, no tenant, no time', async () => {
    const [own, foreign] = [await service.tenant(), await service.tenant()];
    const expiresAt = '2040-01-01T00:00:00.000Z';
    const mine = await makeKey({ scopes: ['keys:write', 'evaluate'], tenants: [own], expiresAt });
    const end = { expiresAt };
    const targets = [
      [await makeKey({ scopes: ['origins:read'], tenants: [own], ...end }), 403, 'scope_missing'],
      [await makeKey({ scopes: ['evaluate'], tenants: [own] }), 403, 'scope_missing'],
      [await makeKey({ scopes: ['evaluate'], tenants: [own, foreign], ...end }), 404, 'key_not_found'],
      [await makeKey({ scopes: ['evaluate'], ...end }), 404, 'key_not_found'],
    ];
    for (const [target, status, code] of targets) {
      const answer = await rotate(target.id, {}, mine.key);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect((await service.call('GET', `/v1/keys/${target.id}`)).body.replacedBy).toBeNull();
    }
    const longer = await rotate(mine.id, { expiresAt: null }, mine.key);
    expect([longer.status, longer.body.code]).toEqual([403, 'scope_missing']);
    const itself = await rotate(mine.id, { overlapSeconds: 0 }, mine.key);
    expect([itself.status, itself.body.expiresAt]).toEqual([201, expiresAt]);
    expect((await rotate(itself.body.id, {}, mine.key)).status).toBe(401);
  });
});

describe('given a bad rotation', () => {
  it.each([
    [{ overlapSeconds: -1 }, '/overlapSeconds'],
    [{ overlapSeconds: 2_592_001 }, '/overlapSeconds'],
    [{ overlapSeconds: 1.5 }, '/overlapSeconds'],
    [{ expiresAt: 'never' }, '/expiresAt'],
    [{ scopes: ['evaluate'] }, '/scopes'],
  ])('answers 422 for %o and leaves the key as it is', async (body, pointer) => {
    const key = await makeKey({ preset: 'viewer' });
    const answer = await rotate(key.id, body);
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, pointer]);
    expect((await service.call('GET', `/v1/keys/${key.id}`)).body).toMatchObject({
      replacedBy: null,
      expiresAt: null,
    });
  });
});
