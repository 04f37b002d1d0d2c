import { PAGE } from './page-server.js';
import type { HeaderLines, Traffic } from './traffic.js';

/** What the servers under test serve, each by the means of its framework, so that those cannot hide what they do to headers. */
export type Application = (method: string, target: string, headers: HeaderLines) => Answer;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** All but OPTIONS: what no adapter answers of that ends in a 404, as in most applications. */
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Message of the error that frameworks are to throw for an answer of status 500. */
export const BROKEN = 'broken';

export function createApplication(traffic: Traffic): Application {
  return (method, target, headers): Answer => {
    traffic.handled(method, headers);
    const { pathname, searchParams } = new URL(target, 'http://api.localhost');
    switch (pathname) {
      case '/moved':
        return { status: 307, headers: { location: searchParams.get('to') ?? '/' }, body: '' };
      case '/session':
        return { status: 200, headers: { 'set-cookie': 'session=1; Path=/; SameSite=Lax' }, body: '' };
      case '/page':
        return {
          status: 200,
          headers: { 'content-type': 'text/html', 'referrer-policy': 'no-referrer' },
          body: PAGE,
        };
      case '/broken':
        return { status: 500, headers: {}, body: BROKEN };
      default:
        return { status: 200, headers: { 'x-total': '3', 'x-trace': 'abc' }, body: 'ok' };
    }
  };
}
