import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { choosePath, type PathBinding } from '../../client/src/core/path.js';
import { MAX_PATH_LENGTH, normalisePath } from '../../client/src/core/path-reading.js';
import { DEFAULT_POLICY } from '../../client/src/core/policy-settings.js';
import { compilePolicies, policyForTarget } from '../../client/src/core/policy-table.js';
import { anyText, LAW_TIMEOUT_MS } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

function bindingsOf(paths: Readonly<Record<string, readonly string[]>>): readonly PathBinding[] {
  const policies = Object.entries(paths).map(([name, prefixes]) => ({
    ...DEFAULT_POLICY,
    name,
    paths: prefixes,
  }));
  return compilePolicies(policies).bindings;
}

function chosen(bindings: readonly PathBinding[], target: string): string {
  const choice = choosePath(bindings, target);
  return choice.ok ? choice.policy.name : choice.reason;
}

describe('given two policies on one prefix', () => {
  it('the first name answers, whatever their order', () => {
    expect(chosen(bindingsOf({ default: ['/'], b: ['/api'], a: ['/api'] }), '/api')).toBe('a');
    expect(chosen(bindingsOf({ a: ['/api'], b: ['/api'], default: ['/'] }), '/api')).toBe('a');
  });

  it('any answers before default', () => {
    expect(chosen(bindingsOf({ default: ['/', '/api'], zoo: ['/api'] }), '/api')).toBe('zoo');
    expect(chosen(bindingsOf({ zoo: ['/api'], default: ['/', '/api'] }), '/api')).toBe('zoo');
  });
});

describe('given one policy', () => {
  const one = compilePolicies([DEFAULT_POLICY]);
  // With another of its own prefix there is a way through the rules for paths, and it leads to the same place.
  const { bindings } = compilePolicies([{ ...DEFAULT_POLICY, paths: ['/', '/somewhere'] }]);
  const policyOf = (target: string | undefined) => {
    const policy = policyForTarget(one, target);
    return typeof policy === 'string' ? policy : policy.name;
  };

  it.each(['/', '/a//b/../c', '//host/a', '/a?b=%', '/a%20b', '/%', '/%ff', '*', 'a', 'http://h/%zz', ''])(
    '%j leads where the rules for paths say',
    (target) => expect(policyOf(target)).toBe(chosen(bindings, target)),
  );

  it('so does any other target', () => {
    const property = fc.property(
      fc.oneof(
        anyText,
        anyText.map((text) => `/${text}`),
      ),
      (target) => {
        expect(policyOf(target)).toBe(chosen(bindings, target));
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  it('a request without a target leads to it', () => expect(policyOf(undefined)).toBe('default'));

  it('a path that is longer than is read does not', () => {
    expect(policyOf(`/${'a'.repeat(MAX_PATH_LENGTH)}`)).toBe('path_ambiguous');
    expect(policyOf(`/${'a'.repeat(MAX_PATH_LENGTH - 1)}`)).toBe(
      chosen(bindings, `/${'a'.repeat(MAX_PATH_LENGTH - 1)}`),
    );
  });
});

describe('given policies without default', () => {
  it('a path that none covers cannot be told', () => {
    expect(chosen(bindingsOf({ api: ['/api'] }), '/x')).toBe('path_ambiguous');
    expect(chosen(bindingsOf({ api: ['/api'] }), '/api')).toBe('api');
  });
});

describe('given a path', () => {
  it.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b'],
    ['//a///b', '/a/b'],
    ['/a/./b/../c', '/a/c'],
    ['/../..', '/'],
    ['/a%2fb', '/a/b'],
    ['/%2e%2e/a', '/a'],
    ['/a\\b', '/a/b'],
    ['/a%5Cb', '/a/b'],
    ['/%252e', '/%2e'],
    ['/caf%C3%A9', '/café'],
  ])('%s in normal form is %s', (path, normal) => {
    expect(normalisePath(path)).toBe(normal);
  });

  it.each(['/%', '/%4', '/%zz', '/%ff', '/%c0%af'])('%s has no normal form', (path) => {
    expect(normalisePath(path)).toBeUndefined();
  });
});

describe('given a path that some reader takes apart before it tidies it up', () => {
  const bindings = bindingsOf({ default: ['/'], api: ['/api'], cafe: ['/caf\u00e9'] });

  it.each([
    ['//host//api/x', 'a host, then doubled slashes'],
    ['//host/%2f/api', 'a host, then doubled slashes, encoded'],
    ['//host/x/..%2fapi', 'a host, then dots before an encoded slash'],
    ['/../api/api/%5c/../..', 'dots resolved before the backslash is decoded'],
    ['/caf\u00e9', 'URL parsers encode what is not ASCII'],
    ['/caf\u00e9/', 'and leave the rest as it is'],
  ])('%s cannot be told: %s', (target) => {
    expect(chosen(bindings, target)).toBe('path_ambiguous');
  });

  it('it is told where all of them lead to one policy', () => {
    expect(chosen(bindings, '/api/caf\u00e9')).toBe('api');
    expect(chosen(bindings, '//host//x')).toBe('default');
  });
});

describe('given any target', () => {
  const bindings = bindingsOf({ default: ['/'], api: ['/api'], admin: ['/api/admin'] });
  const piece = fc.constantFrom(
    '/',
    '//',
    '\\',
    'api',
    'API',
    'admin',
    'x',
    '.',
    '..',
    '%2f',
    '%2e',
    '%61',
    '%41',
    '%5c',
    '?',
    '#',
    '%',
    ';',
    'http://h',
    '*',
  );
  const pathLike = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const targets = fc.oneof(
    pathLike,
    pathLike.map((path) => `/${path}`),
    anyText,
  );

  it('it never throws', () => {
    fc.assert(
      fc.property(targets, (target) => {
        expect(['default', 'api', 'admin', 'path_ambiguous']).toContain(chosen(bindings, target));
      }),
      { numRuns: 1000 },
    );
  });

  it('no reading of it leads to another policy than the one that answers', () => {
    fc.assert(
      fc.property(targets, (target) => {
        const policy = chosen(bindings, target);
        fc.pre(policy !== 'path_ambiguous' && target.startsWith('/'));
        for (const path of readingsOf(target)) expect([path, naivePolicy(path)]).toEqual([path, policy]);
      }),
      { numRuns: 1000 },
    );
  });
});

/** How routers and handlers read a target: as it is, decoded, collapsed, or parsed as a URL. */
function readingsOf(target: string): readonly string[] {
  const [path = ''] = target.split(/[?#]/, 1);
  const decoded = decodeURIComponent(path);
  const parsed = URL.canParse(target, 'http://host') ? [new URL(target, 'http://host').pathname] : [];
  const collapsed = [path, decoded].map((reading) => reading.replaceAll(/[/\\]+/g, '/'));
  const readings = [path, decoded, ...collapsed, ...parsed, ...parsed.map(decodeURIComponent)];
  return readings.flatMap((reading) => [reading, reading.toLowerCase()]);
}

function naivePolicy(path: string): string {
  if (/^\/api\/admin(\/|$)/.test(path)) return 'admin';
  return /^\/api(\/|$)/.test(path) ? 'api' : 'default';
}
