import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.js';
import { AppError } from '../../src/errors.js';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

describe('given a request that cannot be read', () => {
  it.each([
    ['broken JSON', '{"slug": ', 400, 'malformed_json'],
    ['an empty body', '', 400, 'malformed_json'],
    ['a prototype in the JSON', '{"__proto__": {"x": 1}}', 400, 'malformed_json'],
    ['a list for an object', '[]', 422, 'invalid_input'],
    ['null', 'null', 422, 'invalid_input'],
  ])('answers a problem for %s', async (_what, body, status, code) => {
    const answer = await service.call('POST', '/v1/tenants', { body });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({
      type: `urn:origin-allowlist:problem:${code}`,
      status,
      code,
      requestId: answer.headers['x-request-id'],
    });
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain'])('answers 415 for %s', async (type) => {
    const answer = await service.call('POST', '/v1/tenants', {
      body: 'slug=acme',
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(415);
    expect(answer.body.code).toBe('unsupported_media_type');
  });

  it('answers 422 for no body at all', async () => {
    const answer = await service.call('POST', '/v1/tenants');
    expect(answer.status).toBe(422);
  });

  it('answers 400 for a URL that does not decode', async () => {
    const answer = await service.call('GET', '/v1/tenants/%g1');
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('bad_request');
  });

  it('answers 404 for a route or method that is not there', async () => {
    for (const [method, url] of [
      ['GET', '/v1/nothing'],
      ['PUT', '/v1/tenants'],
    ] as const) {
      const answer = await service.call(method, url);
      expect([answer.status, answer.body.code]).toEqual([404, 'route_not_found']);
    }
  });
});

describe('given an input with more problems than anybody reads', () => {
  it('tells the first thousand', async () => {
    const slug = await service.tenant();
    const entry = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`unknown${index}`, 1]));
    const answer = await service.call('POST', `/v1/tenants/${slug}/origins/batch`, {
      body: { operations: Array(100).fill({ op: 'delete', pattern: 'https://a.example.com', ...entry }) },
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toHaveLength(1_000);
    expect(answer.body.detail).toBe('The first 1000 problems of the input.');
  });
});

describe('given a query no route knows', () => {
  it('answers 422 and writes nothing: a dry run must not be overlooked', async () => {
    const slug = await service.tenant();
    const answer = await service.call('POST', `/v1/tenants/${slug}/origins?dryRun=true`, {
      body: { pattern: 'https://app.example.com' },
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ pointer: '/query/dryRun', code: 'unknown_field' }]);
    expect(await service.revisionOf(slug)).toBe(1);
  });
});

describe('given a node that has all it takes', () => {
  it('tells when to come back, also where nobody has said so', async () => {
    const full = new AppError('rate_limited', 'This node has all the streams it takes.');
    const app = await buildApp({ store: { ...service.store, health: () => Promise.reject(full) } });
    const answer = await app.inject('/readyz');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '5']);
    await app.close();
  });
});

describe('given a request id sent by the caller', () => {
  it('uses its own: the trail names ids nobody chose', async () => {
    const answer = await service.call('GET', '/healthz', { key: null, headers: { 'x-request-id': 'mine' } });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('given an error nobody foresaw', () => {
  it('answers 500 without its message', async () => {
    const broken = { ...service.store, health: () => Promise.reject(new Error('secret connection string')) };
    const app = await buildApp({ store: broken });
    const answer = await app.inject('/readyz');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'internal_error', detail: 'Internal error' });
    expect(answer.body).not.toContain('secret');
    await app.close();
  });
});

describe('given health checks without a key', () => {
  it('answers that it lives and is ready', async () => {
    expect((await service.call('GET', '/healthz', { key: null })).body).toEqual({ status: 'ok' });
    expect((await service.call('GET', '/readyz', { key: null })).body).toEqual({
      status: 'ready',
      postgres: 'up',
      redis: 'off',
    });
  });
});
