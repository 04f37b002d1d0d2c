import {
  DEFAULT_POLICY,
  type DecisionRequest,
  explain,
  type SnapshotPolicy,
} from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { APP, get, listOf, NOW } from './explained-list.js';

describe('given what the Origin header holds', () => {
  it.each<[string | readonly string[] | undefined, object]>([
    [undefined, { kind: 'none' }],
    [[], { kind: 'none' }],
    [['a', 'b'], { kind: 'several', count: 2 }],
    ['null', { kind: 'null' }],
    [APP, { kind: 'tuple', text: APP, scheme: 'https', host: 'app.example.com', port: null }],
    [
      ['http://[::1]:3000'],
      { kind: 'tuple', text: 'http://[::1]:3000', scheme: 'http', host: '[::1]', port: 3000 },
    ],
    ['', { kind: 'invalid', text: '', position: 0, detail: 'the header is empty', fix: null }],
    [
      'https://App.example.com',
      {
        kind: 'invalid',
        text: 'https://App.example.com',
        position: 8,
        detail: 'browsers write hosts in lower case',
        fix: APP,
      },
    ],
    [`${APP}/`, { kind: 'invalid', position: 23, fix: APP }],
    ['https://app.example.com:443', { kind: 'invalid', position: 23, fix: APP }],
    ['app.example.com', { kind: 'invalid', position: 15 }],
    ['https://*.example.com', { kind: 'invalid', position: 8, fix: null }],
  ])('%j is taken apart', (origin, expected) => {
    const request: DecisionRequest = origin === undefined ? { method: 'GET' } : { method: 'GET', origin };
    expect(explain(request, listOf([]), NOW).origin).toMatchObject(expected);
  });

  it('shows nothing of a hostile one that could break a line or a terminal', () => {
    const { origin, summary } = get('https://a\r\nX: \u001b[31m\u202e\\é', listOf([]));
    const text = 'https://a\\u000d\\u000aX: \\u001b[31m\\u202e\\\\\\u00e9';
    expect(origin).toMatchObject({ text, position: 9 });
    expect(summary).toContain(`The Origin header is "${text}", wrong at position 9`);
    const long = get('a'.repeat(100_000), listOf([]));
    expect(long.origin).toMatchObject({ text: `${'a'.repeat(120)}…`, position: 326 });
    expect(long.summary.length).toBeLessThan(1_000);
  });
});

describe('given a preflight', () => {
  const list = listOf([APP], [{ ...DEFAULT_POLICY, methods: ['PUT'], allowedHeaders: ['content-type'] }]);
  const ask = (request: Partial<DecisionRequest>) =>
    explain({ method: 'OPTIONS', origin: APP, requestMethod: 'PUT', ...request }, list, NOW);

  it('names the method that is refused, and what is allowed', () => {
    const { refused, summary, nearest } = ask({ requestMethod: 'put' });
    expect(refused).toEqual({ part: 'method', names: ['put'], allowed: ['GET', 'HEAD', 'POST', 'PUT'] });
    expect(summary).toContain('The method put is refused; allowed: GET, HEAD, POST, PUT.');
    expect(nearest).toEqual([]);
    expect(ask({ requestMethod: 'TRACE' }).refused).toMatchObject({ part: 'method', names: ['TRACE'] });
    expect(ask({ requestMethod: 'a\nb' }).refused).toMatchObject({ part: 'method', names: ['a\\u000ab'] });
    expect(ask({ requestMethod: ['PUT', 'PUT'] }).refused).toMatchObject({ names: ['2 lines'] });
  });

  it('names every header that is refused, once', () => {
    const { refused, summary } = ask({ requestHeaders: 'authorization,content-type, X-Trace,x-trace' });
    expect(refused).toEqual({
      part: 'header',
      names: ['authorization', 'x-trace'],
      allowed: ['content-type'],
    });
    expect(summary).toContain('The headers authorization, x-trace are refused; allowed: content-type.');
    const many = Array.from({ length: 20 }, (_, index) => `x-${index}`).join(',');
    expect(ask({ requestHeaders: many }).summary).toContain('x-7 and 12 more are refused');
  });

  it('names none when none is refused', () => {
    expect(ask({})).not.toHaveProperty('refused');
    expect(ask({ requestHeaders: 'a b' })).not.toHaveProperty('refused');
    expect(ask({ origin: 'https://x.test' })).not.toHaveProperty('refused');
  });
});

describe('given policies to choose from', () => {
  const api: SnapshotPolicy = { ...DEFAULT_POLICY, name: 'api', paths: ['/api', '/api/v2'] };
  const list = listOf([APP], [DEFAULT_POLICY, api]);
  const ask = (request: Partial<DecisionRequest>) =>
    explain({ method: 'GET', origin: APP, ...request }, list, NOW);

  it.each<[Partial<DecisionRequest>, object, string]>([
    [
      {},
      { chosenBy: 'path', name: 'default', path: '/', prefix: '/' },
      'The policy is default, which the path / leads to by the prefix /.',
    ],
    [
      { target: '/api/v2/x?y=1' },
      { chosenBy: 'path', name: 'api', path: '/api/v2/x', prefix: '/api/v2' },
      'The policy is api, which the path /api/v2/x leads to by the prefix /api/v2.',
    ],
    [
      { policy: 'api', target: '/%zz' },
      { chosenBy: 'name', name: 'api' },
      'The policy is api, which was asked for by name.',
    ],
    [
      { policy: 'a\nb' },
      { chosenBy: 'unknown_name', name: null, asked: 'a\\u000ab', known: ['default', 'api'] },
      'The policy a\\u000ab was asked for; there are default, api.',
    ],
    [
      { target: '/API/x' },
      {
        chosenBy: 'ambiguous_path',
        name: null,
        path: '/API/x',
        readings: [
          { path: '/API/x', policy: 'default' },
          { path: '/api/x', policy: 'api' },
        ],
      },
      'No policy: the path is read as /API/x (policy default) or as /api/x (policy api).',
    ],
    [
      { target: '/%zz' },
      { chosenBy: 'ambiguous_path', name: null, path: '/%zz', readings: [] },
      'No policy: the path /%zz cannot be decoded, or is no path.',
    ],
    [
      { target: 'nowhere' },
      { chosenBy: 'ambiguous_path', name: null, path: 'nowhere', readings: [] },
      'No policy: the path nowhere cannot be decoded, or is no path.',
    ],
  ])('%j says how', (request, expected, sentence) => {
    const { policy, summary, decision } = ask(request);
    expect(policy).toEqual(expected);
    expect(summary).toContain(sentence);
    expect(decision.policy ?? null).toBe(policy.name);
  });
});

describe('given an answer', () => {
  const credentialed: SnapshotPolicy = { ...DEFAULT_POLICY, credentials: true };

  it('says what would be sent', () => {
    expect(get(APP, listOf([APP])).summary).toBe(
      'Allowed: the origin matches the entry https://app.example.com. ' +
        'The origin is https://app.example.com: scheme https, host app.example.com, port 443 (the default of https). ' +
        'The policy is default, which the path / leads to by the prefix /. ' +
        'Not for requests with credentials: the policy default has them off. ' +
        'Headers sent: access-control-allow-origin: https://app.example.com; vary: Origin.',
    );
    const refused = get('https://x.test', listOf([APP]));
    expect(refused.summary).toMatch(/ The application runs all the same\. Headers sent: vary: Origin\.$/);
  });

  it('says who stops a request, and that a report sends nothing', () => {
    const blocking = listOf([APP], [{ ...DEFAULT_POLICY, enforcement: 'block' }]);
    expect(get('https://x.test', blocking).summary).toContain(
      'It is answered 403, and the application does not run.',
    );
    const reporting = listOf([APP], [{ ...DEFAULT_POLICY, enforcement: 'report' }]);
    expect(get('https://x.test', reporting).summary).toMatch(
      / Nothing is sent: the policy only reports, .+\.$/,
    );
    expect(get('https://x.test', listOf(['*'])).summary).toMatch(
      / Headers sent: access-control-allow-origin: \*\.$/,
    );
  });

  it('says why credentials do not go with it', () => {
    expect(get(APP, listOf([APP], [credentialed])).summary).not.toContain('with credentials');
    expect(get('null', listOf(['null'], [credentialed])).summary).toContain(
      'Not for requests with credentials: null never goes with them.',
    );
    expect(get(APP, listOf(['*'], [credentialed])).summary).toContain('without credentials');
  });
});
