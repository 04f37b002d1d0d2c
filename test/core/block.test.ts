import {
  compileSnapshot,
  DEFAULT_POLICY,
  type DecisionRequest,
  decide,
  explainDecision,
  refuse,
  type SnapshotPolicy,
} from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';

const ORIGIN = 'https://app.example';
const OWN = 'https://own.example';
const EVIL = 'https://evil.example';

const policy = (name: string, settings: Partial<SnapshotPolicy> = {}): SnapshotPolicy => ({
  ...DEFAULT_POLICY,
  name,
  paths: [],
  ...settings,
});
const listOf = (patterns: readonly string[], ...policies: readonly SnapshotPolicy[]) =>
  compileSnapshot({
    tenant: 'acme',
    lineage: 'l',
    revision: 1,
    count: patterns.length,
    policies,
    entries: patterns.map((pattern) => ({ pattern })),
  });
const BLOCKING = policy('default', { enforcement: 'block' });
const LIST = listOf([ORIGIN], BLOCKING);
const post = (request: Partial<DecisionRequest>): DecisionRequest => ({ method: 'POST', ...request });

describe('given a policy that blocks', () => {
  it('stops a refused request with 403 and no header that allows anything', () => {
    expect(decide(post({ origin: EVIL }), LIST, 0)).toMatchObject({
      kind: 'actual',
      allowed: false,
      reason: 'origin_not_listed',
      policy: 'default',
      enforcement: 'block',
      callsNext: false,
      status: 403,
      headers: {},
      vary: ['Origin'],
      remove: expect.objectContaining({ length: 7 }),
    });
  });

  it.each<[string, DecisionRequest, string]>([
    ['several Origin lines', post({ origin: [ORIGIN, ORIGIN] }), 'origin_multiple'],
    ['an origin that does not parse', post({ origin: `${ORIGIN}/` }), 'origin_invalid'],
    ['null', post({ origin: 'null' }), 'origin_not_listed'],
    ['another site', post({ origin: EVIL, secFetchSite: 'cross-site' }), 'origin_not_listed'],
    ['the same site on another host', post({ origin: EVIL, secFetchSite: 'same-site' }), 'origin_not_listed'],
    [
      'a site header in another case',
      post({ origin: EVIL, secFetchSite: 'Same-Origin' }),
      'origin_not_listed',
    ],
    [
      'two site headers',
      post({ origin: EVIL, secFetchSite: ['same-origin', 'cross-site'] }),
      'origin_not_listed',
    ],
    ['two joined', post({ origin: EVIL, secFetchSite: 'same-origin, cross-site' }), 'origin_not_listed'],
    [
      'null where null is named as the own',
      post({ origin: 'null', ownOrigins: ['null'] }),
      'origin_not_listed',
    ],
    [
      'the own host by another scheme',
      post({ origin: 'http://own.example', ownOrigins: [OWN] }),
      'origin_not_listed',
    ],
    ['a plain OPTIONS request', { method: 'OPTIONS', origin: EVIL }, 'origin_not_listed'],
    ['GET', { method: 'GET', origin: EVIL }, 'origin_not_listed'],
  ])('stops %s', (_title, request, reason) => {
    expect(decide(request, LIST, 0)).toMatchObject({ status: 403, callsNext: false, reason });
  });

  it.each<[string, DecisionRequest]>([
    ['no Origin', { method: 'POST' }],
    ['no Origin from another site', post({ secFetchSite: 'cross-site' })],
    ['a listed origin', post({ origin: ORIGIN, secFetchSite: 'cross-site' })],
    ['a page of its own under no-referrer', post({ origin: 'null', secFetchSite: 'same-origin' })],
    ['the address bar', post({ origin: EVIL, secFetchSite: 'none' })],
    ['a page of its own in a browser without Sec-Fetch-Site', post({ origin: OWN, ownOrigins: [OWN] })],
  ])('lets %s pass', (_title, request) => {
    expect(decide(request, LIST, 0)).toMatchObject({ status: null, callsNext: true, vary: ['Origin'] });
  });

  it('allows nothing to a page of its own that is not listed: it needs no CORS', () => {
    expect(decide(post({ origin: OWN, ownOrigins: [OWN] }), LIST, 0)).toMatchObject({
      allowed: false,
      reason: 'origin_not_listed',
      headers: {},
    });
  });

  it('lets every origin pass where the list holds *', () => {
    const list = listOf(['*'], BLOCKING);
    expect(decide(post({ origin: EVIL }), list, 0)).toMatchObject({ status: null, callsNext: true });
  });

  it('answers preflights as ever, refused with 403 also from its own pages', () => {
    const preflight = { method: 'OPTIONS', requestMethod: 'PUT', secFetchSite: 'same-origin' };
    expect(decide({ ...preflight, origin: ORIGIN }, LIST, 0)).toMatchObject({ status: 204 });
    expect(decide({ ...preflight, origin: OWN, ownOrigins: [OWN] }, LIST, 0)).toMatchObject({ status: 403 });
  });

  it('binds its own paths only', () => {
    const list = listOf(
      [ORIGIN],
      policy('default'),
      policy('admin', { paths: ['/admin'], enforcement: 'block' }),
    );
    expect(decide(post({ origin: EVIL, target: '/admin/x' }), list, 0).status).toBe(403);
    expect(decide(post({ origin: EVIL, target: '/' }), list, 0).status).toBeNull();
  });
});

describe('given policies of which one blocks, and a request that leads to none', () => {
  const blocking = policy('admin', { paths: ['/admin'], enforcement: 'block' });

  it.each([
    ['a path of several readings', { target: '/ADMIN' }, 'path_ambiguous'],
    ['a path that does not decode', { target: '/%zz' }, 'path_ambiguous'],
    ['a policy that is not there', { policy: 'other' }, 'policy_unknown'],
  ])('stops it, since it may be the one that is meant: %s', (_title, request, reason) => {
    for (const enforcement of ['report', 'headers'] as const) {
      const list = listOf([ORIGIN], policy('default', { enforcement }), blocking);
      expect(decide(post({ origin: ORIGIN, ...request }), list, 0)).toMatchObject({
        reason,
        enforcement: 'block',
        status: 403,
        callsNext: false,
      });
      const own = { origin: 'null', secFetchSite: 'same-origin', ...request };
      expect(decide(post(own), list, 0)).toMatchObject({ status: null, callsNext: true });
    }
  });

  it('lets it pass where none blocks', () => {
    const list = listOf([ORIGIN], policy('default'));
    expect(decide(post({ origin: ORIGIN, target: '/%zz' }), list, 0).status).toBeNull();
  });
});

describe('given a list that may not be used', () => {
  const request = post({ origin: ORIGIN, target: '/admin' });

  it('lets the request pass when there is none', () => {
    expect(refuse(request, 'not_loaded')).toMatchObject({
      enforcement: 'headers',
      status: null,
      callsNext: true,
    });
  });

  it('does what the policy it holds for the path says', () => {
    const enforced = (enforcement: SnapshotPolicy['enforcement']) =>
      refuse(
        request,
        'stale',
        listOf([ORIGIN], policy('default'), policy('admin', { paths: ['/admin'], enforcement })),
      );
    const stopped = {
      allowed: false,
      reason: 'stale',
      policy: 'admin',
      tenant: 'acme',
      revision: 1,
      status: 403,
    };
    expect(enforced('block')).toMatchObject(stopped);
    expect(enforced('headers')).toMatchObject({ reason: 'stale', status: null, vary: ['Origin'] });
    expect(enforced('report')).toMatchObject({ reason: 'stale', status: null, vary: [], remove: [] });
  });
});

describe('given a request that opens a socket', () => {
  const open = (origin: string, rest: Partial<DecisionRequest> = {}): DecisionRequest => ({
    method: 'GET',
    origin,
    socket: 'credentialed',
    ...rest,
  });
  const list = (...patterns: readonly string[]) => listOf(patterns, policy('default'));

  it('stops a refused origin whatever the policy enforces, save where it only reports', () => {
    expect(decide(open(EVIL), list(ORIGIN), 0)).toMatchObject({ status: 403, callsNext: false });
    expect(decide(open(ORIGIN), list(ORIGIN), 0)).toMatchObject({ status: null, callsNext: true });
    const reporting = listOf([ORIGIN], policy('default', { enforcement: 'report' }));
    expect(decide(open(EVIL), reporting, 0)).toMatchObject({ status: null, callsNext: true });
  });

  it('stops it when there is no list, too', () => {
    expect(refuse(open(ORIGIN), 'not_loaded')).toMatchObject({ status: 403, callsNext: false });
    const own = open(OWN, { ownOrigins: [OWN] });
    expect(refuse(own, 'not_loaded')).toMatchObject({ status: null, callsNext: true });
  });

  it('lets pages of its own and clients without Origin pass', () => {
    for (const request of [open(OWN, { ownOrigins: [OWN] }), open('null', { secFetchSite: 'same-origin' })])
      expect(decide(request, list(ORIGIN), 0)).toMatchObject({ status: null, callsNext: true });
    expect(decide({ method: 'GET', socket: 'credentialed' }, list(ORIGIN), 0)).toMatchObject({
      status: null,
    });
  });

  it('takes nobody in by * or null, which never go with cookies', () => {
    for (const request of [open(EVIL), open('null')]) {
      const decision = decide(request, list('*', 'null', ORIGIN), 0);
      expect(decision).toMatchObject({ allowed: false, reason: 'origin_unnamed', status: 403 });
      expect(explainDecision(decision)).toMatch(/^Refused: .+\.$/);
    }
    expect(decide(open(ORIGIN), list('*', ORIGIN), 0)).toMatchObject({ allowed: true, status: null });
    expect(decide(open('null'), list('null'), 0)).toMatchObject({ reason: 'origin_unnamed', status: 403 });
    const own = open(OWN, { ownOrigins: [OWN] });
    expect(decide(own, list('*'), 0)).toMatchObject({ status: null, callsNext: true });
  });

  it('takes them in where it heeds no cookies', () => {
    const rest = { socket: 'anonymous' } as const;
    expect(decide(open(EVIL, rest), list('*'), 0)).toMatchObject({ allowed: true, status: null });
    expect(decide(open('null', rest), list('null'), 0)).toMatchObject({ allowed: true, status: null });
    expect(decide(open(EVIL, rest), list(ORIGIN), 0)).toMatchObject({ allowed: false, status: 403 });
  });
});
