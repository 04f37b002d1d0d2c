import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_POLICY, type Snapshot } from '@origin-allowlist/client/core';

/** One request the service received, in short. */
export interface SeenRequest {
  readonly call: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers in the service's place; `undefined` leaves it to the service. */
export type Override = (
  request: SeenRequest,
  response: ServerResponse,
) => 'answered' | undefined | Promise<'answered' | undefined>;

/** The sync calls of the real service, over real HTTP, from lists in memory. */
export interface FakeService {
  readonly url: string;
  readonly key: string;
  readonly seen: readonly SeenRequest[];
  /** `GET /v1/snapshot?tenant=acme` and the like, in the order received. */
  calls(): readonly string[];
  /** Writes a tenant's list: a new revision, or revision 1 of a new lineage. */
  write(slug: string, list: Partial<Pick<Snapshot, 'entries' | 'policies'>>): Snapshot;
  /** Shows a snapshot as it is, whatever was there. */
  show(snapshot: Snapshot): void;
  remove(slug: string): void;
  override(override: Override | undefined): void;
  /** Ends all connections and stops listening. */
  close(): Promise<void>;
}

const KEY = 'oa_test_0123456789abcdef0123456789abcdef';

/** @param now the service's clock, epoch milliseconds. */
export async function startFakeService(now: () => number = Date.now): Promise<FakeService> {
  const tenants = new Map<string, Snapshot>();
  const seen: SeenRequest[] = [];
  let override: Override | undefined;

  const server = createServer((request, response) => {
    void receive(request).then(async (body) => {
      const call = `${request.method} ${request.url}`;
      const seenRequest = { call, headers: request.headers, body };
      seen.push(seenRequest);
      if ((await override?.(seenRequest, response)) === 'answered') return;
      answer(seenRequest, response);
    });
  });

  function answer({ call, headers, body }: SeenRequest, response: ServerResponse): void {
    if (headers.authorization !== `Bearer ${KEY}`) return problem(response, 401, 'unauthorized');
    if (call === 'POST /v1/versions') return answerVersions(body, response);
    const slug = /^GET \/v1\/snapshot\?tenant=([^&]+)$/.exec(call)?.[1];
    if (slug === undefined) return problem(response, 404, 'route_not_found');
    const snapshot = tenants.get(slug);
    if (snapshot === undefined) return problem(response, 404, 'tenant_not_found');
    const text = JSON.stringify(snapshot);
    const etag = `"${snapshot.lineage}.${snapshot.revision}"`;
    const answerHeaders = {
      'content-type': 'application/json; charset=utf-8',
      etag,
      'repr-digest': `sha-256=:${createHash('sha256').update(text).digest('base64')}:`,
      'x-revision': snapshot.revision,
      'x-server-time': now(),
    };
    if (headers['if-none-match'] === etag) response.writeHead(304, answerHeaders).end();
    else response.writeHead(200, answerHeaders).end(text);
  }

  function answerVersions(body: string, response: ServerResponse): void {
    const { tenants: slugs }: { tenants: string[] } = JSON.parse(body);
    if (slugs.length > 1_000) return problem(response, 422, 'invalid_input');
    const versions = slugs.map((slug) => {
      const snapshot = tenants.get(slug);
      return [
        slug,
        snapshot === undefined ? null : { lineage: snapshot.lineage, revision: snapshot.revision },
      ];
    });
    response.writeHead(200, { 'content-type': 'application/json', 'x-server-time': now() });
    response.end(JSON.stringify({ versions: Object.fromEntries(versions) }));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    key: KEY,
    seen,
    calls: () => seen.map(({ call }) => call),
    write(slug, { entries = [], policies = [DEFAULT_POLICY] }) {
      const before = tenants.get(slug);
      const lineage = before?.lineage ?? randomUUID();
      const revision = (before?.revision ?? 0) + 1;
      const snapshot = { tenant: slug, lineage, revision, count: entries.length, policies, entries };
      tenants.set(slug, snapshot);
      return snapshot;
    },
    show: (snapshot) => void tenants.set(snapshot.tenant, snapshot),
    remove: (slug) => void tenants.delete(slug),
    override(next) {
      override = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Answers as the service does when it cannot do what was asked. */
export function problem(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(
    JSON.stringify({ type: 'about:blank', title: code, status, detail: code, code, requestId: 'test' }),
  );
}

async function receive(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
