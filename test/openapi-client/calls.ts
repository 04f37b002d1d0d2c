import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

/** Calls every operation once through a client made from openapi.json, as a stranger's tool would; throws on any error. */
export async function callEverything(options: {
  readonly baseUrl: string;
  readonly key: string;
  readonly fetch: (request: Request) => Promise<Response>;
}): Promise<void> {
  const client = createClient<paths>({
    baseUrl: options.baseUrl,
    fetch: options.fetch,
    headers: { authorization: `Bearer ${options.key}` },
  });
  const slug = 'generated';
  const path = { slug };

  must(await client.GET('/healthz'));
  must(await client.GET('/readyz'));

  must(await client.POST('/v1/tenants', { body: { slug, name: 'Generated' } }));
  must(await client.GET('/v1/tenants', { params: { query: { limit: 10 } } }));
  must(await client.GET('/v1/tenants/{slug}', { params: { path } }));
  must(await client.PATCH('/v1/tenants/{slug}', { params: { path }, body: { environment: 'development' } }));

  const origins = '/v1/tenants/{slug}/origins';
  const entry = must(
    await client.POST(origins, { params: { path }, body: { pattern: 'https://app.example.com' } }),
  );
  const entryPath = { slug, id: entry.id };
  must(await client.GET('/v1/tenants/{slug}/origins/{id}', { params: { path: entryPath } }));
  must(
    await client.PATCH('/v1/tenants/{slug}/origins/{id}', {
      params: { path: entryPath },
      body: { note: 'why' },
    }),
  );
  must(
    await client.POST('/v1/tenants/{slug}/origins/batch', {
      params: { path, query: { dryRun: 'true' } },
      body: { operations: [{ op: 'put', pattern: 'https://b.example.com' }] },
    }),
  );
  const byPattern = { path, query: { pattern: 'https://*.example.com' } };
  must(
    await client.PUT('/v1/tenants/{slug}/origins/by-pattern', { params: byPattern, body: { labels: ['x'] } }),
  );
  must(await client.DELETE('/v1/tenants/{slug}/origins/by-pattern', { params: byPattern }));
  const list = await client.GET(origins, { params: { path, query: { kind: 'exact' } } });
  const revision: number | undefined = must(list).items[0]?.revision;
  if (revision === undefined) throw new Error('the list is empty');
  must(
    await client.PUT(origins, {
      params: { path, header: { 'if-match': list.response.headers.get('etag') ?? '' } },
      body: { entries: [{ pattern: 'https://app.example.com' }, { pattern: 'https://c.example.com' }] },
    }),
  );
  must(await client.DELETE('/v1/tenants/{slug}/origins/{id}', { params: { path: entryPath } }));

  must(await client.POST('/v1/lint', { body: { patterns: ['https://app.example.com'], tenant: slug } }));

  const policyPath = { slug, name: 'predict' };
  must(
    await client.PUT('/v1/tenants/{slug}/policies/{name}', {
      params: { path: policyPath },
      body: { paths: ['/predict'], credentials: true },
    }),
  );
  must(await client.GET('/v1/tenants/{slug}/policies', { params: { path } }));
  must(await client.GET('/v1/tenants/{slug}/policies/{name}', { params: { path: policyPath } }));
  must(await client.DELETE('/v1/tenants/{slug}/policies/{name}', { params: { path: policyPath } }));

  must(await client.GET('/v1/changes', { params: { query: { tenant: slug, order: 'asc' } } }));
  must(await client.GET('/v1/tenants/{slug}/changes', { params: { path } }));
  must(await client.GET('/v1/tenants/{slug}/changes/verify', { params: { path } }));
  must(
    await client.GET('/v1/tenants/{slug}/changes/{revision}', { params: { path: { slug, revision: '1' } } }),
  );
  must(await client.GET('/v1/tenants/{slug}/origins/{id}/changes', { params: { path: entryPath } }));
  must(
    await client.GET('/v1/tenants/{slug}/changes/{from}/diff/{to}', {
      params: { path: { slug, from: '1', to: '3' } },
    }),
  );
  must(
    await client.POST('/v1/tenants/{slug}/changes/{revision}/restore', {
      params: { path: { slug, revision: '1' }, query: { dryRun: 'true' } },
      body: {},
    }),
  );

  const key = must(
    await client.POST('/v1/keys', { body: { name: 'generated', preset: 'sdk', tenants: [slug] } }),
  );
  must(await client.GET('/v1/keys'));
  must(await client.GET('/v1/keys/{id}', { params: { path: { id: key.id } } }));
  const rotated = must(
    await client.POST('/v1/keys/{id}/rotate', {
      params: { path: { id: key.id } },
      body: { overlapSeconds: 0 },
    }),
  );
  must(await client.DELETE('/v1/keys/{id}', { params: { path: { id: rotated.id } } }));

  const request = { tenant: slug, method: 'GET', origin: 'https://c.example.com' };
  must(await client.POST('/v1/evaluate', { body: { requests: [request] } }));
  const evaluation = must(await client.GET('/v1/evaluate', { params: { query: request } }));
  const allowed: boolean = evaluation.allowed;
  if (!allowed) throw new Error(`refused: ${evaluation.explanation}`);
  must(await client.GET('/v1/snapshot', { params: { query: { tenant: slug } } }));
  must(await client.POST('/v1/versions', { body: { tenants: [slug] } }));

  const stream = await client.POST('/v1/stream', {
    body: { instance: 'generated', tenants: [] },
    parseAs: 'stream',
  });
  await must(stream)?.cancel();

  const snapshot = must(await client.GET('/v1/snapshot', { params: { query: { tenant: slug } } }));
  must(
    await client.POST('/v1/report', {
      body: {
        instance: 'generated',
        transport: 'poll',
        onStale: 'refuse',
        maxStalenessMs: 60_000,
        applied: [{ slug, lineage: snapshot.lineage, revision: snapshot.revision }],
      },
    }),
  );
  const rollout = must(await client.GET('/v1/tenants/{slug}/rollout', { params: { path } }));
  const instance: string | undefined = rollout.applied[0]?.id;
  if (instance === undefined) throw new Error('nobody has applied it');
  must(await client.GET('/v1/tenants/{slug}/horizon', { params: { path, query: { revision: '1' } } }));
  const removal = await client.DELETE('/v1/tenants/{slug}/rollout/instances/{id}', {
    params: { path: { slug, id: instance } },
  });
  // It has just reported; a call cannot make it silent.
  if (removal.error?.code !== 'instance_not_silent') throw new Error('a living instance was removed');

  must(await client.DELETE('/v1/tenants/{slug}', { params: { path } }));
}

function must<Data>(result: {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}): Data {
  if (result.error !== undefined || !result.response.ok) {
    throw new Error(`${result.response.url}: ${result.response.status} ${JSON.stringify(result.error)}`);
  }
  // A 204 has no data, and its type says so.
  return result.data as Data;
}
