import {
  applyDelta,
  type CompiledAllowlist,
  compileSnapshot,
  DEFAULT_POLICY,
  type DeltaOperation,
  decide,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { MAX_KEPT_ANSWERS } from '../../client/src/core/kept-answers.js';

const APP = 'https://app.example.com';
const START_MS = Date.parse('2030-01-01T00:00:00Z');
const LATER = '2030-01-01T01:00:00Z';
const HOUR_MS = 3_600_000;

function compile(...entries: readonly SnapshotEntry[]): CompiledAllowlist {
  const lineage = '5f0c2b7e-0000-4000-8000-000000000000';
  const policies = [DEFAULT_POLICY, { ...DEFAULT_POLICY, name: 'predict', paths: ['/predict'] }];
  return compileSnapshot({ tenant: 'acme', lineage, revision: 1, count: entries.length, policies, entries });
}

function ask(compiled: CompiledAllowlist, origin = APP, target = '/', nowMs = START_MS) {
  return decide({ method: 'GET', origin, target }, compiled, nowMs);
}

function change(compiled: CompiledAllowlist, count: number, ...ops: readonly DeltaOperation[]) {
  const { tenant, lineage, revision } = compiled;
  return applyDelta(compiled, { tenant, lineage, from: revision, to: revision + 1, count, ops });
}

describe('given an origin that was let in before', () => {
  it.each([APP, 'https://*.example.com', 'https://ap-*.example.com', 'https://app.example.com:*'])(
    'by %s: its answer is kept',
    (pattern) => {
      const compiled = compile({ pattern });
      const origin = pattern.includes('-*') ? 'https://ap-1.example.com' : APP;
      const first = ask(compiled, origin);
      expect(first).toMatchObject({ allowed: true, matched: { pattern } });
      expect(ask(compiled, origin)).toBe(first);
    },
  );

  it('what is kept is for one policy, and not for sockets or several lines', () => {
    const compiled = compile({ pattern: APP, policies: ['default'] });
    expect(ask(compiled).allowed).toBe(true);
    expect(ask(compiled, APP, '/predict')).toMatchObject({ allowed: false, reason: 'entry_other_policy' });
    const twice = { method: 'GET', origin: [APP, APP] };
    expect(decide(twice, compiled, START_MS)).toMatchObject({ reason: 'origin_multiple' });
    const anybody = compile({ pattern: 'null' });
    expect(ask(anybody, 'null').allowed).toBe(true);
    const socket = { method: 'GET', origin: 'null', socket: 'credentialed' } as const;
    expect(decide(socket, anybody, START_MS)).toMatchObject({ reason: 'origin_unnamed' });
  });

  it.each([
    ['taken away', { op: 'delete', pattern: APP }, 0, 'origin_not_listed'],
    ['disabled', { op: 'put', entry: { pattern: APP, enabled: false } }, 1, 'entry_disabled'],
  ] as const)('it is refused as soon as its entry is %s', (_how, op, count, reason) => {
    const compiled = compile({ pattern: APP });
    // Twice: the second time it is the one that was asked for last.
    for (const _time of ['first', 'second']) expect(ask(compiled).allowed).toBe(true);
    expect(change(compiled, count, op)).toBe('applied');
    expect(ask(compiled)).toMatchObject({ allowed: false, reason, revision: 2 });
  });

  it('also by a step that does not end where the service is', () => {
    const compiled = compile({ pattern: APP });
    expect(ask(compiled).allowed).toBe(true);
    expect(change(compiled, 5, { op: 'delete', pattern: APP })).toBe('count_mismatch');
    expect(ask(compiled).allowed).toBe(false);
  });

  it('a change of its policy, or of another entry, is seen in the next answer', () => {
    const compiled = compile({ pattern: APP });
    expect(ask(compiled).revision).toBe(1);
    change(compiled, 1, { op: 'putPolicy', policy: { ...DEFAULT_POLICY, credentials: true } });
    expect(ask(compiled).headers).toMatchObject({ 'access-control-allow-credentials': 'true' });
    change(compiled, 2, { op: 'put', entry: { pattern: '*' } });
    expect(ask(compiled).headers).toEqual({ 'access-control-allow-origin': '*' });
  });

  it('nobody who was given a kept answer can change it for the others', () => {
    const compiled = compile({ pattern: APP });
    const answer = ask(compiled);
    for (const part of [answer, answer.headers, answer.matched]) expect(Object.isFrozen(part)).toBe(true);
  });
});

describe('given answers that hang on the time', () => {
  it('the one of an entry that expires is not kept', () => {
    const compiled = compile({ pattern: APP, expiresAt: LATER });
    expect(ask(compiled).allowed).toBe(true);
    expect(ask(compiled, APP, '/', START_MS + HOUR_MS)).toMatchObject({ reason: 'entry_expired' });
  });

  it('nor one that another entry gave before it expired: clocks are set back', () => {
    const compiled = compile({ pattern: APP, expiresAt: LATER }, { pattern: 'https://*.example.com' });
    expect(ask(compiled, APP, '/', START_MS + HOUR_MS).matched?.kind).toBe('subdomains');
    expect(ask(compiled).matched?.kind).toBe('exact');
  });

  it('nor one beside a `*` that counted before', () => {
    const compiled = compile({ pattern: '*', expiresAt: LATER }, { pattern: APP });
    expect(ask(compiled, APP, '/', START_MS + HOUR_MS).reason).toBe('origin_allowed');
    expect(ask(compiled).reason).toBe('any_origin');
  });
});

describe('given a preflight that was answered before', () => {
  const policy = { ...DEFAULT_POLICY, methods: ['*'], allowedHeaders: ['*'], privateNetwork: true };
  const asked = { method: 'OPTIONS', origin: APP, requestMethod: 'PUT', requestHeaders: 'x-a,x-b' };

  function compileAnyHeader(...entries: readonly SnapshotEntry[]): CompiledAllowlist {
    const compiled = compile(...entries);
    change(compiled, entries.length, { op: 'putPolicy', policy });
    return compiled;
  }

  it('its answer is kept for who asks in the same words, and goes to nobody else', () => {
    const compiled = compileAnyHeader({ pattern: APP });
    const first = decide(asked, compiled, START_MS);
    expect(first).toMatchObject({ kind: 'preflight', allowed: true });
    expect(decide({ ...asked }, compiled, START_MS)).toBe(first);
    expect(Object.isFrozen(first.headers)).toBe(true);
    for (const other of [
      { requestMethod: 'DELETE' },
      { requestHeaders: 'x-a' },
      { requestHeaders: undefined },
      { requestPrivateNetwork: 'true' },
      { target: '/predict' },
      { origin: 'https://other.example' },
    ])
      expect(decide({ ...asked, ...other }, compiled, START_MS)).not.toBe(first);
    expect(ask(compiled).kind).toBe('actual');
    expect(decide(asked, compiled, START_MS)).toBe(first);
  });

  it('it is answered anew as soon as the policy changes', () => {
    const compiled = compileAnyHeader({ pattern: APP });
    expect(decide(asked, compiled, START_MS).allowed).toBe(true);
    change(compiled, 1, { op: 'putPolicy', policy: DEFAULT_POLICY });
    expect(decide(asked, compiled, START_MS)).toMatchObject({
      allowed: false,
      reason: 'request_header_not_allowed',
    });
  });

  it.each([
    ['refused', { ...asked, requestMethod: 'TRACE' }, { pattern: APP }],
    ['for a time only', asked, { pattern: APP, expiresAt: LATER }],
    ['of several lines', { ...asked, requestHeaders: ['x-a', 'x-b'] }, { pattern: APP }],
    ['longer than browsers ask', { ...asked, requestHeaders: 'x'.repeat(257) }, { pattern: APP }],
  ])('one that is %s is not kept', (_how, request, entry) => {
    const compiled = compileAnyHeader(entry);
    expect(decide(request, compiled, START_MS)).not.toBe(decide(request, compiled, START_MS));
  });

  it('invented questions fill the room, and no more than that', () => {
    const compiled = compileAnyHeader({ pattern: APP });
    const answers = Array.from({ length: 9 }, (_, index) =>
      decide({ ...asked, requestHeaders: `x-${index}` }, compiled, START_MS),
    );
    const again = answers.map((_, index) =>
      decide({ ...asked, requestHeaders: `x-${index}` }, compiled, START_MS),
    );
    expect(again.map((answer, index) => answer === answers[index])).toEqual([...Array(8).fill(true), false]);
    expect(again).toEqual(answers);
  });

  it('invented origins fill the room, and no more than that', () => {
    const compiled = compileAnyHeader({ pattern: 'https://*.example.com' });
    for (let index = 0; index <= MAX_KEPT_ANSWERS; index += 1)
      decide({ ...asked, origin: `https://a${index}.example.com` }, compiled, START_MS);
    expect(compiled.policies.byName.get('default')?.kept.preflights.size).toBe(MAX_KEPT_ANSWERS);
  });
});

it('invented origins fill the room for answers, and no more than that', () => {
  const compiled = compile({ pattern: 'https://*.example.com' });
  for (let index = 0; index < 2 * MAX_KEPT_ANSWERS; index += 1)
    ask(compiled, `https://a${index}.example.com`);
  expect(compiled.policies.byName.get('default')?.kept.byOrigin.size).toBe(MAX_KEPT_ANSWERS);
  const late = `https://a${2 * MAX_KEPT_ANSWERS - 1}.example.com`;
  expect(ask(compiled, late)).toMatchObject({ allowed: true });
  expect(ask(compiled, late)).not.toBe(ask(compiled, late));
});

describe('given a request without an origin', () => {
  const plain = { method: 'GET', target: '/' };

  it('its answer is kept until the list changes', () => {
    const compiled = compile({ pattern: APP });
    const first = decide(plain, compiled, START_MS);
    expect(first).toMatchObject({ kind: 'non-cors', allowed: false, reason: 'no_origin', revision: 1 });
    expect(decide({ ...plain, host: 'api.example.com' }, compiled, START_MS)).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    change(compiled, 2, { op: 'put', entry: { pattern: '*' } });
    expect(decide(plain, compiled, START_MS)).toMatchObject({ reason: 'any_origin', revision: 2 });
    change(compiled, 1, { op: 'delete', pattern: '*' });
    expect(decide(plain, compiled, START_MS)).toMatchObject({ reason: 'no_origin', revision: 3 });
  });

  it('is not kept beside a `*` that counts only for a time', () => {
    const compiled = compile({ pattern: '*', expiresAt: LATER });
    expect(decide(plain, compiled, START_MS + HOUR_MS).reason).toBe('no_origin');
    expect(decide(plain, compiled, START_MS).reason).toBe('any_origin');
  });

  it('is not kept where the host says who asks', () => {
    const compiled = compile({ pattern: 'https://api.example.com' });
    change(compiled, 1, { op: 'putPolicy', policy: { ...DEFAULT_POLICY, alwaysSend: true } });
    expect(decide(plain, compiled, START_MS).reason).toBe('no_origin');
    const own = { ...plain, host: 'api.example.com' };
    expect(decide(own, compiled, START_MS).reason).toBe('same_host');
  });

  it('is not given to one with an empty origin, which is another matter', () => {
    const compiled = compile({ pattern: APP });
    decide(plain, compiled, START_MS);
    expect(ask(compiled, '').reason).toBe('origin_invalid');
    expect(decide({ ...plain, origin: [] }, compiled, START_MS).kind).toBe('non-cors');
  });
});

it('refused origins are not kept', () => {
  const compiled = compile({ pattern: APP });
  ask(compiled, 'https://other.example');
  ask(compiled, 'no origin');
  expect(compiled.policies.byName.get('default')?.kept.byOrigin.size).toBe(0);
});
