import { withCors } from '@origin-allowlist/client/hono';
import { createTestAllowlist } from '@origin-allowlist/client/testing';
import { expect, it } from 'vitest';

it('lets the shop read orders until its entry expires', async () => {
  const shop = { pattern: 'https://shop.example.com', expiresAt: '2030-01-01T00:00:00Z' };
  const allowlist = createTestAllowlist([shop], { now: new Date('2029-12-31T23:59:59Z') });
  const app = withCors(() => new Response('orders'), allowlist);
  const readOrders = () =>
    app(new Request('https://api.example.com/', { headers: { origin: shop.pattern } }));

  expect((await readOrders()).headers.get('access-control-allow-origin')).toBe(shop.pattern);
  allowlist.clock.advance(1_000);
  expect((await readOrders()).headers.get('access-control-allow-origin')).toBe(null);
});
