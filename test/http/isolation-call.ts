import type { FastifyInstance } from 'fastify';
import { expect } from 'vitest';
import type { Row } from './isolation-row.js';
import type { Subject } from './isolation-world.js';
import type { TestService } from './service.js';

/** What a caller is told. */
export interface Told {
  readonly status: number;
  /** Of a problem. */
  readonly code: unknown;
  readonly text: string;
  readonly headerNames: readonly string[];
}

/** One call of a row. */
export interface RowCall {
  readonly method: Method;
  readonly subject: Subject;
  /** Empty: none is sent. */
  readonly key: string;
  /** Whether the caller may not see the subject: a stream tells so by its second event. */
  readonly isHidden: boolean;
}

export type Method = (typeof METHODS)[number];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The methods that lead to a row: Fastify answers HEAD where there is a GET. */
export function methodsOf({ route }: Row): readonly [Method, ...Method[]] {
  const name = route.slice(0, route.indexOf(' '));
  const method = METHODS.find((one) => one === name);
  if (method === undefined) throw new Error(`${route} has a method that the matrix does not know`);
  return method === 'GET' ? ['GET', 'HEAD'] : [method];
}

/** Calls a row; over a socket where the answer does not end. */
export async function send({ app, sql }: TestService, row: Row, call: RowCall): Promise<Told> {
  const { method, subject, key, isHidden } = call;
  const params: Readonly<Record<string, string>> = { slug: subject.slug, ...row.params?.(subject) };
  const path = row.route.replace(/^\w+ /, '').replace(/:(\w+)/g, (_, name: string) => params[name] ?? '');
  const query = row.query?.(subject);
  const url = query === undefined ? path : `${path}?${query}`;
  const headers = {
    ...(key !== '' && { authorization: `Bearer ${key}` }),
    ...(row.body && { 'content-type': 'application/json' }),
    ...row.headers,
  };
  const content = row.body?.(subject);
  const body = content && JSON.stringify(content);
  if (row.isStream) {
    const response = await fetch(app.listeningOrigin + url, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    const text = await textUntil(response, isHidden ? 'event: gone' : 'event: hello');
    // Who follows is written down beside the answer; the next call is not to be blamed for it.
    const known = () => sql('SELECT FROM instances WHERE instance = $1', [Object(content).instance]);
    if (response.ok) await expect.poll(known).toHaveLength(1);
    return toTold(response.status, text, [...response.headers.keys()]);
  }
  const response = await app.inject({ method, url, headers, ...(body !== undefined && { payload: body }) });
  return toTold(response.statusCode, response.body, Object.keys(response.headers));
}

/** What was told, without what the caller has said itself, and without what no two answers share. */
export function anonymous(told: Told, subject: Subject): Told {
  let { text } = told;
  for (const value of Object.values(subject)) text = text.replaceAll(String(value), '…');
  return { ...told, text: text.replace(/"(requestId|node|serverTimeMs)":[^,}]+/g, '"$1":…') };
}

/**
 * `METHOD /path` of each route, read off the router's own drawing, which has four characters a level: what the router answers to
 * is in it, however it was registered. HEAD goes with GET.
 */
export function routesOf(app: FastifyInstance): readonly string[] {
  const routes = new Set<string>();
  const paths: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part, methods = ''] = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    if (part === undefined) continue;
    const level = indent.length / 4;
    paths[level] = level === 0 ? part : `${paths[level - 1]}${part}`;
    for (const method of methods.split(', ')) {
      if (method !== '' && method !== 'HEAD') routes.add(`${method} ${paths[level]}`);
    }
  }
  return [...routes];
}

function toTold(status: number, text: string, headerNames: readonly string[]): Told {
  const code = text.startsWith('{') && !text.includes('\n') ? JSON.parse(text).code : undefined;
  return { status, code, text, headerNames: [...headerNames].sort() };
}

/** All of an answer, or what comes up to an event. */
async function textUntil({ body }: Response, event: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(event)) break;
  }
  return text;
}
