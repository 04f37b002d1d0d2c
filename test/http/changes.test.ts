import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

describe('given a tenant that was written to', () => {
  it('shows who did what with before and after, chained, newest first', async () => {
    const slug = await service.tenant();
    const origins = `/v1/tenants/${slug}/origins`;
    const added = await service.call('POST', origins, { body: { pattern: 'https://app.example.com' } });
    await service.call('PATCH', `${origins}/${added.body.id}`, { body: { note: 'why' } });
    await service.call('DELETE', `${origins}/${added.body.id}`);

    const { body } = await service.call('GET', `/v1/tenants/${slug}/changes`);
    expect(body.items).toMatchObject([
      {
        revision: 4,
        action: 'entry.delete',
        operations: [{ subject: 'entry', before: { pattern: 'https://app.example.com' }, after: null }],
      },
      {
        revision: 3,
        action: 'entry.update',
        operations: [{ subject: 'entry', before: { note: null }, after: { note: 'why' } }],
      },
      {
        revision: 2,
        action: 'entry.create',
        requestId: added.headers['x-request-id'],
        operations: [{ subject: 'entry', before: null, after: { pattern: 'https://app.example.com' } }],
      },
      { revision: 1, action: 'tenant.create', prevHash: null },
    ]);
    expect(body.items[0].prevHash).toBe(body.items[1].hash);
    expect(body.items[1].prevHash).toBe(body.items[2].hash);
    expect((await service.call('GET', `/v1/tenants/${slug}/changes/3`)).body).toEqual(body.items[1]);
  });

  it.each(['9', '0', '-1', 'x', '1.5', '99999999999999999999'])(
    'answers 404 for change %s',
    async (revision) => {
      const slug = await service.tenant();
      const missing = await service.call('GET', `/v1/tenants/${slug}/changes/${revision}`);
      expect(missing.status).toBe(404);
      expect(missing.body.code).toBe('change_not_found');
    },
  );
});
