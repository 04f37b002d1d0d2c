import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

/** What was refused since the last call, without the minutes: a test may run over the end of one. */
async function countedSince(since: string) {
  await service.store.refusedWrites.flush();
  const { body } = await service.call('GET', `/v1/changes?action=write.refused&limit=200&since=${since}`);
  const sums = new Map<string, number>();
  for (const { actor, detail } of body.items) {
    const name = `${actor} ${detail.route} ${detail.code}`;
    sums.set(name, (sums.get(name) ?? 0) + detail.count);
  }
  return Object.fromEntries(sums);
}

const databaseTime = async () =>
  (await service.call('GET', '/v1/changes?order=asc&limit=1')).body.settledUntil;

describe('given writes that are refused', () => {
  it('counts them by key, route and code, and neither reads nor writes that succeed', async () => {
    const since = await databaseTime();
    const slug = await service.tenant();
    const other = await service.tenant();
    const { body: made } = await service.call('POST', '/v1/keys', {
      body: { name: 'k', scopes: ['origins:write', 'evaluate'], tenants: [slug] },
    });
    const { key } = made;
    const origins = `/v1/tenants/${slug}/origins`;
    const body = { pattern: 'https://x.example.com' };
    await service.call('POST', origins, { key, body });
    for (let round = 0; round < 3; round += 1) await service.call('POST', origins, { key, body });
    await service.call('POST', origins, { key, body: { pattern: 'nonsense' } });
    await service.call('POST', origins, { key: null, body });
    await service.call('POST', origins, { key: 'oak_unknown', body });
    await service.call('POST', `/v1/tenants/${other}/origins`, { key, body });
    await service.call('PUT', origins, { key, body: { entries: [] } });
    await service.call('PUT', origins, { key, body: { entries: [] }, headers: { 'if-match': '"9"' } });
    await service.call('PATCH', `/v1/tenants/${slug}`, { key, body: { name: 'x' } });
    await service.call('DELETE', '/v1/tenants/nobody');
    // These are no writes.
    await service.call('GET', `/v1/tenants/${slug}`, { key });
    await service.call('POST', '/v1/evaluate', { key, body: {} });
    const actor = `key:${made.id}`;
    const route = 'POST /v1/tenants/{slug}/origins';
    await vi.waitFor(async () =>
      expect(await countedSince(since)).toEqual({
        [`${actor} ${route} pattern_taken`]: 3,
        [`${actor} ${route} invalid_input`]: 1,
        [`${actor} ${route} tenant_not_found`]: 1,
        [`nobody ${route} unauthorized`]: 2,
        [`${actor} PUT /v1/tenants/{slug}/origins precondition_required`]: 1,
        [`${actor} PUT /v1/tenants/{slug}/origins revision_mismatch`]: 1,
        [`${actor} PATCH /v1/tenants/{slug} scope_missing`]: 1,
        'admin-key DELETE /v1/tenants/{slug} tenant_not_found': 1,
      }),
    );
  });
});
