import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_POLICY, type Delta, type Snapshot } from '@origin-allowlist/client/core';

/** One request the service received, in short. */
export interface SeenRequest {
  readonly call: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers in the service's place; `pass` leaves it to the service. */
export type Override = (
  request: SeenRequest,
  response: ServerResponse,
) => 'answered' | 'pass' | Promise<'answered' | 'pass'>;

/** A stream as a client opened it. Nothing is said on it but what the test says, and the greeting. */
export interface FakeStream {
  readonly request: {
    readonly instance: string;
    readonly service?: string;
    readonly tenants: readonly {
      readonly slug: string;
      readonly lineage: string | null;
      readonly revision: number | null;
    }[];
  };
  readonly isOpen: boolean;
  send(event: string, data: object): void;
  write(text: string): void;
  /** Ends it as the service does, with a hint when to come back. */
  end(retryMs?: number): void;
  /** Breaks the connection off. */
  cut(): void;
}

/** The sync calls of the real service, over real HTTP, from lists in memory. */
export interface FakeService {
  readonly url: string;
  readonly key: string;
  readonly seen: readonly SeenRequest[];
  /** `GET /v1/snapshot?tenant=acme` and the like, in the order received. Without reports and streams. */
  calls(): readonly string[];
  /** What clients said of themselves. */
  readonly reports: readonly unknown[];
  /** Every stream that was opened, in order. */
  readonly streams: readonly FakeStream[];
  openStreams(): readonly FakeStream[];
  /** Whether streams are greeted; true at first. */
  greet(greets: boolean): void;
  /** Writes a list, and tells every open stream by a delta. */
  tell(slug: string, list: Pick<Snapshot, 'entries'>, extra?: object): Delta;
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
  const reports: unknown[] = [];
  const streams: FakeStream[] = [];
  let override: Override | undefined;
  let greets = true;

  const server = createServer((request, response) => {
    void receive(request).then(async (body) => {
      const seenRequest = { call: `${request.method} ${request.url}`, headers: request.headers, body };
      if (seenRequest.call === 'POST /v1/report') {
        reports.push(JSON.parse(body));
        send(response, { status: 204, headers: {}, body: '' });
        return;
      }
      if (seenRequest.call !== 'POST /v1/stream') seen.push(seenRequest);
      const taken = override === undefined ? 'pass' : await override(seenRequest, response);
      if (taken === 'answered') return;
      const isStream = seenRequest.call === 'POST /v1/stream';
      if (isStream && isAuthorized(seenRequest)) openStream(body, response);
      else send(response, answer(seenRequest));
    });
  });

  function openStream(body: string, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-server-time': String(now()) });
    response.flushHeaders();
    const stream = {
      request: JSON.parse(body),
      get isOpen() {
        return !response.closed && !response.writableEnded;
      },
      send: (event: string, data: object) =>
        stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
      write: (text: string) => void response.write(text),
      end: (retryMs?: number) => void response.end(retryMs === undefined ? '' : `retry: ${retryMs}\n\n`),
      cut: () => void response.destroy(),
    };
    streams.push(stream);
    if (greets) stream.send('hello', { node: 'n1', serverTimeMs: now(), pingIntervalMs: 15_000 });
  }

  function answer(request: SeenRequest): Answer {
    const { call, headers, body } = request;
    if (!isAuthorized(request)) return problem(401, 'unauthorized');
    if (call === 'POST /v1/versions') return answerVersions(body);
    const slug = /^GET \/v1\/snapshot\?tenant=([^&]+)$/.exec(call)?.[1];
    if (slug === undefined) return problem(404, 'route_not_found');
    const snapshot = tenants.get(slug);
    if (snapshot === undefined) return problem(404, 'tenant_not_found');
    const whole = snapshotAnswer(snapshot, now());
    return headers['if-none-match'] === whole.headers.etag ? { ...whole, status: 304, body: '' } : whole;
  }

  function answerVersions(body: string): Answer {
    const { tenants: slugs }: { tenants: string[] } = JSON.parse(body);
    if (slugs.length > 1_000) return problem(422, 'invalid_input');
    const versions = slugs.map((slug) => {
      const snapshot = tenants.get(slug);
      return [
        slug,
        snapshot === undefined ? null : { lineage: snapshot.lineage, revision: snapshot.revision },
      ];
    });
    const headers = { 'content-type': 'application/json', 'x-server-time': String(now()) };
    return { status: 200, headers, body: JSON.stringify({ versions: Object.fromEntries(versions) }) };
  }

  function write(slug: string, list: Partial<Pick<Snapshot, 'entries' | 'policies'>>): Snapshot {
    const { entries = [], policies = [DEFAULT_POLICY] } = list;
    const before = tenants.get(slug);
    const lineage = before?.lineage ?? randomUUID();
    const revision = (before?.revision ?? 0) + 1;
    const snapshot = { tenant: slug, lineage, revision, count: entries.length, policies, entries };
    tenants.set(slug, snapshot);
    return snapshot;
  }

  const openStreams = () => streams.filter(({ isOpen }) => isOpen);

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    key: KEY,
    seen,
    calls: () => seen.map(({ call }) => call),
    reports,
    streams,
    openStreams,
    greet(next) {
      greets = next;
    },
    write,
    tell(slug, list, extra = {}) {
      const before = tenants.get(slug);
      const delta = deltaBetween(before, write(slug, list));
      for (const stream of openStreams()) stream.send('delta', { ...delta, ...extra });
      return delta;
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

function isAuthorized({ headers }: SeenRequest): boolean {
  return headers.authorization === `Bearer ${KEY}`;
}

/** What leads from one version to the next. */
export function deltaBetween(before: Snapshot | undefined, after: Snapshot): Delta {
  const { tenant, lineage, revision, count } = after;
  const patterns = new Set(after.entries.map(({ pattern }) => pattern));
  const gone = (before?.entries ?? []).filter(({ pattern }) => !patterns.has(pattern));
  const ops = [
    ...gone.map(({ pattern }) => ({ op: 'delete', pattern }) as const),
    ...after.entries.map((entry) => ({ op: 'put', entry }) as const),
  ];
  return { tenant, lineage, from: before?.revision ?? 0, to: revision, ops, count };
}

/** The whole snapshot, as the service sends it. */
export function snapshotAnswer(snapshot: Snapshot, nowMs: number): Answer {
  const body = JSON.stringify(snapshot);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    etag: `"${snapshot.lineage}.${snapshot.revision}"`,
    'repr-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
    'x-revision': String(snapshot.revision),
    'x-server-time': String(nowMs),
  };
  return { status: 200, headers, body };
}

/** What the service says when it cannot do what was asked. */
export function problem(status: number, code: string): Answer {
  const body = { type: 'about:blank', title: code, status, detail: code, code, requestId: 'test' };
  return { status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify(body) };
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body);
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
