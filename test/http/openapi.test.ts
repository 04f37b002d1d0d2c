import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, openService, type TestService } from './service.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const client = `${root}test/openapi-client/`;

interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
}

let service: TestService;
let operations: readonly { readonly method: string; readonly path: string; readonly operation: Operation }[];

beforeAll(async () => {
  service = await openService();
  const document = (await service.call('GET', '/openapi.json', { key: null })).body;
  operations = Object.entries<Record<string, Operation>>(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
    )
    // `/origins/batch` before `/origins/{id}`, as a router would look.
    .sort((a, b) => countParameters(a.path) - countParameters(b.path));
});
afterAll(() => service.close());

describe('given the OpenAPI document', () => {
  it('is the one committed; `npx vitest run test/http/openapi.test.ts -u` writes it', async () => {
    const served = (await service.call('GET', '/openapi.json', { key: null })).body;
    expect(served.openapi).toBe('3.1.0');
    await expect(`${JSON.stringify(served, null, 2)}\n`).toMatchFileSnapshot(`${root}openapi.json`);
  });

  it('gives every operation an id of its own, a tag, a summary and its problems', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      expect(operation.tags, path).toHaveLength(1);
      expect(operation.summary, path).toBeTruthy();
      if (!path.startsWith('/v1/')) continue;
      expect(Object.keys(operation.responses), `${operation.operationId}`).toEqual(
        expect.arrayContaining(['400', '401', '403', '422', '429', '500', '503']),
      );
    }
  });

  it('is shown at /docs', async () => {
    const page = await service.call('GET', '/docs/', { key: null });
    expect(page.status).toBe(200);
    expect(page.body).toContain('swagger-ui');
  });
});

describe('given a typed client generated from the document', () => {
  it('compiles, and calls every operation there is', async () => {
    await run('npx', ['openapi-typescript', `${root}openapi.json`, '-o', `${client}schema.d.ts`], {
      cwd: client,
    });
    await run(`${root}node_modules/.bin/tsc`, ['-p', client]);

    const called = new Set<string>();
    const record = async (request: Request): Promise<Response> => {
      const { pathname } = new URL(request.url);
      const operation = operations.find(
        ({ method, path }) => method === request.method && matchesTemplate(path, pathname),
      );
      if (operation?.operation.operationId !== undefined) called.add(operation.operation.operationId);
      return fetch(request);
    };
    const baseUrl = await service.app.listen({ host: '127.0.0.1', port: 0 });
    // By URL: its types are the ones just generated, so the check of the whole tree cannot know them.
    const { callEverything } = await import(new URL('../openapi-client/calls.ts', import.meta.url).href);
    await callEverything({ baseUrl, key: ADMIN_KEY, fetch: record });

    expect([...called].sort()).toEqual(operations.map(({ operation }) => operation.operationId).sort());
  }, 60_000);
});

function matchesTemplate(template: string, pathname: string): boolean {
  const names = template.split('/');
  const parts = pathname.split('/');
  return (
    names.length === parts.length &&
    names.every((name, index) => name.startsWith('{') || name === parts[index])
  );
}

function countParameters(path: string): number {
  return path.split('{').length - 1;
}
