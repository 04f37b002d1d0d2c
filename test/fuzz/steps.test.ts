import {
  type CompiledAllowlist,
  compileSnapshot,
  DEFAULT_POLICY,
  type DecisionRequest,
  decide,
} from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { NOW_MS, snapshotOf } from './generated-lists.js';
import { HOSTILE_ORIGINS } from './hostile-origins.js';
import { countSteps } from './steps.js';

/** For any Origin header and any list, however long. */
const MAX_ORIGIN_STEPS = 100_000;
/** For the 4,096 characters of Access-Control-Request-Headers that are read. */
const MAX_REQUEST_HEADERS_STEPS = 25_000;
/** For the 16,384 characters of a path that are read, in every reading. */
const MAX_PATH_STEPS = 500_000;
/** For what is past a bound. */
const MAX_GLANCE_STEPS = 1500;
const TIMEOUT_MS = 60_000;

const ORDINARY = [
  (index: number) => `https://app-${index}.example.com`,
  (index: number) => `https://*.team-${index}.example.com`,
  (index: number) => `https://pr-*-shop.team-${index}.example.com:*`,
  (index: number) => `http://host-${index}.localhost:*`,
];
/** Every length a prefix and a suffix can have and every depth of a parent, below hosts the requests name. */
const NASTIEST = [
  (index: number) => `https://${'-a'.repeat(index % 29)}a-*-${'a-'.repeat(1 + (index % 27))}a.example.com:*`,
  (index: number) => `https://${'-'.repeat(1 + (index % 58))}a-*.example.com`,
  (index: number) => `https://*-a${'-'.repeat(1 + (index % 58))}.example.com`,
  (index: number) => `https://*.${'b.'.repeat(1 + (index % 117))}example.com:*`,
  (index: number) => `https://app-${index}.example.com:*`,
];

const ORIGINS = [
  ...HOSTILE_ORIGINS.filter(({ length }) => length > 200),
  'https://app-0.example.com',
  `https://${'-'.repeat(63)}.example.com`,
  `https://${'a-'.repeat(31)}a.example.com`,
  `https://${'-a'.repeat(31)}-.example.com:1`,
  `https://${'b.'.repeat(120)}example.com:65535`,
  `https://${'c.'.repeat(120)}example.com`,
];
const LISTED = 'https://app-0.example.com:8080';
const AT_THE_BOUNDS = [
  {
    name: 'lines',
    requestHeaders: Array.from({ length: 64 }, () => `content-type,content-type${' '.repeat(39)}`),
  },
  { name: 'names', requestHeaders: Array.from({ length: 128 }, () => 'content-type').join() },
  { name: 'characters, all of them spaces', requestHeaders: ' '.repeat(4096) },
  { name: 'characters, all of one name', requestHeaders: 'x'.repeat(4096) },
  { name: 'empty elements', requestHeaders: ` ${','.repeat(15)}${' '.repeat(4080)}` },
];
const PAST_THE_BOUNDS = [
  { name: '65 lines', requestHeaders: Array.from({ length: 65 }, () => 'content-type') },
  { name: '4,097 characters', requestHeaders: 'x'.repeat(4097) },
  { name: 'a megabyte of commas', requestHeaders: ','.repeat(1_000_000) },
  { name: '64 lines of a megabyte', requestHeaders: Array.from({ length: 64 }, () => 'x'.repeat(1_000_000)) },
  { name: '17 empty elements', requestHeaders: ','.repeat(4096) },
];
const MAX_PATH_LENGTH = 16_384;
/** Each is read in another way by somebody. */
const PATHS = ['/%41', '/A', '//', '/..', '/.', '/\\', '/%2e%2e', '/%c3%a9', '/a'];

describe('given an ordinary list', () => {
  const ask = (size: number) => {
    const compiled = compile(inTurn(ORDINARY), size);
    return () => ORIGINS.forEach((origin) => void decide({ method: 'GET', origin }, compiled, NOW_MS));
  };

  it('takes not one step more at 100,000 entries than at 12', { timeout: TIMEOUT_MS }, () => {
    expect(countSteps(ask(100_000))).toBe(countSteps(ask(12)));
  });
});

describe('given a list with every prefix, suffix and depth that patterns can have', () => {
  const few = compile(inTurn(NASTIEST), 1000);

  it.each(ORIGINS.map(shortened))(
    'takes bounded steps for the origin $name',
    { timeout: TIMEOUT_MS },
    ({ text }) => {
      expect(stepsOf({ method: 'GET', origin: text }, few)).toBeLessThan(MAX_ORIGIN_STEPS);
    },
  );

  it('hardly looks at an origin that is too long', { timeout: TIMEOUT_MS }, () => {
    const origin = `https://${'a.'.repeat(500_000)}example.com`;
    expect(stepsOf({ method: 'GET', origin }, few)).toBeLessThan(MAX_GLANCE_STEPS);
  });

  it('takes not one step more at 20,000 entries than at 1,000', { timeout: TIMEOUT_MS }, () => {
    const request = { method: 'GET', origin: `https://${'c.'.repeat(120)}example.com` };
    expect(stepsOf(request, compile(inTurn(NASTIEST), 20_000))).toBe(stepsOf(request, few));
  });
});

describe('given Access-Control-Request-Headers', () => {
  const compiled = compile(() => LISTED, 1);
  const preflight = { method: 'OPTIONS', origin: LISTED, requestMethod: 'PUT' };

  it.each(AT_THE_BOUNDS)(
    'takes bounded steps at the bound on $name',
    { timeout: TIMEOUT_MS },
    ({ requestHeaders }) => {
      expect(stepsOf({ ...preflight, requestHeaders }, compiled)).toBeLessThan(MAX_REQUEST_HEADERS_STEPS);
    },
  );

  it.each(PAST_THE_BOUNDS)('hardly looks at $name', { timeout: TIMEOUT_MS }, ({ requestHeaders }) => {
    expect(stepsOf({ ...preflight, requestHeaders }, compiled)).toBeLessThan(MAX_GLANCE_STEPS);
  });
});

describe('given a path as long as is read', () => {
  const compiled = compile(() => LISTED, 1);

  it.each(PATHS)('takes bounded steps when it is made of %s', { timeout: TIMEOUT_MS }, (piece) => {
    const target = piece.repeat(Math.floor(MAX_PATH_LENGTH / piece.length));
    expect(stepsOf({ method: 'GET', target, origin: LISTED }, compiled)).toBeLessThan(MAX_PATH_STEPS);
  });

  it('looks at a longer one only for where it ends', { timeout: TIMEOUT_MS }, () => {
    const target = `/%41${'/..'.repeat(MAX_PATH_LENGTH)}`;
    expect(stepsOf({ method: 'GET', target, origin: LISTED }, compiled)).toBeLessThan(target.length * 4);
  });
});

function compile(patternOf: (index: number) => string, size: number): CompiledAllowlist {
  const list = Array.from({ length: size }, (_, index) => ({ pattern: patternOf(index) }));
  const api = { ...DEFAULT_POLICY, name: 'api', paths: ['/api'] };
  return compileSnapshot(snapshotOf(list, [DEFAULT_POLICY, api]));
}

function stepsOf(request: DecisionRequest, compiled: CompiledAllowlist): number {
  return countSteps(() => void decide(request, compiled, NOW_MS));
}

function inTurn(kinds: readonly ((index: number) => string)[]): (index: number) => string {
  return (index) => kinds[index % kinds.length]?.(Math.floor(index / kinds.length)) ?? '*';
}

function shortened(text: string) {
  return { text, name: text.length > 40 ? `${text.slice(0, 30)}… of ${text.length} characters` : text };
}
