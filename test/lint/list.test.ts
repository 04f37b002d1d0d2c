import { compileSnapshot, type Pattern } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import {
  type ExistingPatterns,
  existingAfter,
  existingIn,
  existingOf,
} from '../../src/lint/existing-patterns.js';
import { lintPattern } from '../../src/lint/lint-pattern.js';

const NOW_MS = Date.parse('2026-06-01T00:00:00.000Z');
const listOf = (...patterns: readonly string[]) =>
  existingOf(
    patterns.map((pattern) => ({ pattern })),
    NOW_MS,
  );

const LIST_CODES = ['DUPLICATE', 'REDUNDANT', 'APEX_NOT_COVERED_HINT'];
/** The codes that depend on the list. */
const said = (
  pattern: string,
  existing: ExistingPatterns,
  more: { policies?: string[]; isListed?: boolean } = {},
) =>
  lintPattern(pattern, { credentials: false, environment: 'development', existing, ...more })
    .map(({ code }) => code)
    .filter((code) => LIST_CODES.includes(code));

describe('given a pattern that is in the list', () => {
  it.each([
    'https://a.example',
    'https://a.example:*',
    'https://*.a.example',
    'https://pr-*.a.example',
    '*',
    'null',
  ])('calls %s a duplicate', (pattern) => {
    expect(said(pattern, listOf(pattern, 'https://a.example'))).toContain('DUPLICATE');
  });

  it('calls it one when the other is disabled too', () => {
    const existing = existingOf([{ pattern: 'https://a.example', enabled: false }], NOW_MS);
    expect(
      lintPattern('https://a.example', { credentials: true, environment: 'production', existing }),
    ).toMatchObject([
      {
        code: 'DUPLICATE',
        class: 'risk',
        severity: 'warn',
        detail: 'The list has this entry already, disabled.',
      },
    ]);
  });

  it('does not call the entry a duplicate of itself', () => {
    expect(said('https://a.example', listOf('https://a.example'), { isListed: true })).toEqual([]);
  });
});

describe('given a wider entry in the list', () => {
  it.each([
    ['https://a.example', 'https://a.example:*'],
    ['https://a.example:8443', 'https://a.example:*'],
    ['https://a.example', 'https://*.example'],
    ['https://c.b.a.example', 'https://*.example'],
    ['https://b.a.example:8443', 'https://*.a.example:*'],
    ['https://pr-1.a.example', 'https://pr-*.a.example'],
    ['https://pr-1.a.example:1', 'https://pr-*.a.example:*'],
    ['https://pr-1-shop.a.example', 'https://pr-*-shop.a.example'],
    ['https://x-shop.a.example', 'https://*-shop.a.example'],
    ['https://a.example.', 'https://*.example.'],
    ['https://127.0.0.1:3000', 'https://127.0.0.1:*'],
    ['https://[::1]:3000', 'https://[::1]:*'],
    ['https://a.example:*', 'https://*.example:*'],
    ['https://*.a.example', 'https://*.a.example:*'],
    ['https://*.b.a.example', 'https://*.a.example'],
    ['https://*.c.b.a.example:8443', 'https://*.a.example:*'],
    ['https://pr-*.a.example', 'https://pr-*.a.example:*'],
    ['https://pr-*-shop.a.example', 'https://pr-*.a.example'],
    ['https://pr-*-shop.a.example', 'https://*-shop.a.example'],
    ['https://pr-1-*.a.example', 'https://pr-*.a.example'],
    ['https://pr-*-my-shop.a.example', 'https://pr-*-shop.a.example'],
    ['https://pr-*.a.example', 'https://*.a.example'],
    ['https://pr-*.a.example', 'https://*.example'],
    ['https://a.example', '*'],
    ['capacitor://localhost', '*'],
    ['null', '*'],
  ])('calls %s redundant beside %s', (pattern, wider) => {
    expect(said(pattern, listOf(wider))).toContain('REDUNDANT');
    expect(said(wider, listOf(pattern))).not.toContain('REDUNDANT');
  });

  it.each([
    ['https://a.example', 'http://a.example:*'],
    ['https://a.example:8443', 'https://*.example'],
    ['https://a.example', 'https://*.example:8443'],
    ['https://a.example', 'https://*.a.example'],
    ['https://a.example:*', 'https://*.example'],
    ['https://evil-a.example', 'https://*.a.example'],
    ['https://a.example.', 'https://*.example'],
    ['https://1.2.3.4', 'https://*.3.4.example'],
    ['https://*.a.example', 'https://pr-*.a.example'],
    ['https://*.a.example:*', 'https://*.a.example'],
    ['https://pr-.a.example', 'https://pr-*.a.example'],
    ['https://pr-x_y.a.example', 'https://pr-*.a.example'],
    ['https://pr-1.b.a.example', 'https://pr-*.a.example'],
    ['https://a-b.a.example', 'https://a-*-b.a.example'],
    ['https://a--b.a.example', 'https://a-*-b.a.example'],
    ['https://pr1.a.example', 'https://pr-*.a.example'],
    ['https://pr-*.a.example', 'https://pr-*-shop.a.example'],
    ['https://pr-*.a.example', 'https://pr-1-*.a.example'],
    ['https://pr-*.a.example:*', 'https://pr-*.a.example'],
    ['https://*.example', 'https://*.a.example'],
    ['https://a.example', 'null'],
    ['*', 'https://*.example:*'],
  ])('does not call %s redundant beside %s', (pattern, other) => {
    expect(said(pattern, listOf(other))).not.toContain('REDUNDANT');
  });

  it('names it', () => {
    const existing = existingOf(
      [{ pattern: 'https://*.example', expiresAt: '2026-06-02T00:00:00.000Z' }],
      NOW_MS,
    );
    const [finding] = lintPattern('https://a.example', {
      credentials: true,
      environment: 'production',
      existing,
    });
    expect(finding).toEqual({
      code: 'REDUNDANT',
      class: 'risk',
      severity: 'warn',
      text: 'https://a.example',
      detail: 'The entry https://*.example lets in all of this already, until 2026-06-02T00:00:00.000Z.',
    });
  });
});

describe('given a wider entry that does not count for all of the new one', () => {
  const wider = { pattern: 'https://*.example' };

  it('is silent when it is disabled', () => {
    expect(said('https://a.example', existingOf([{ ...wider, enabled: false }], NOW_MS))).toEqual([]);
  });

  it('is silent from the instant it expires', () => {
    const expiring = { ...wider, expiresAt: '2026-06-01T00:00:00.000Z' };
    expect(said('https://a.example', existingOf([expiring], NOW_MS))).toEqual([]);
    expect(said('https://a.example', existingOf([expiring], NOW_MS - 1))).toEqual(['REDUNDANT']);
  });

  it('is silent when it is for other policies', () => {
    const limited = existingOf([{ ...wider, policies: ['api', 'files'] }], NOW_MS);
    expect(said('https://a.example', limited)).toEqual([]);
    expect(said('https://a.example', limited, { policies: ['api', 'admin'] })).toEqual([]);
    expect(said('https://a.example', limited, { policies: ['files', 'api'] })).toEqual(['REDUNDANT']);
  });

  it('looks further for one that does', () => {
    const existing = existingOf(
      [{ pattern: 'https://*.a.example', enabled: false }, { pattern: 'https://*.example' }],
      NOW_MS,
    );
    expect(said('https://b.a.example', existing)).toEqual(['REDUNDANT']);
  });
});

describe('given a subdomain wildcard and a list', () => {
  it('hints that the apex is not let in', () => {
    const [finding] = lintPattern('https://*.a.example:8443', {
      credentials: true,
      environment: 'production',
      existing: listOf('https://b.example'),
    });
    expect(finding).toEqual({
      code: 'APEX_NOT_COVERED_HINT',
      class: 'hint',
      severity: 'ok',
      text: '*.a.example',
      detail:
        'This lets in what is below a.example, not https://a.example:8443 itself; add that too if it is meant.',
    });
  });

  it.each(['https://a.example', 'https://a.example:*', 'https://*.example', '*'])(
    'is silent when %s lets the apex in',
    (pattern) => {
      expect(said('https://*.a.example', listOf(pattern))).not.toContain('APEX_NOT_COVERED_HINT');
    },
  );

  it('hints for an empty list', () => {
    expect(said('https://*.a.example', listOf())).toEqual(['APEX_NOT_COVERED_HINT']);
  });

  it('is silent when no list is given', () => {
    expect(lintPattern('https://*.a.example', { credentials: true, environment: 'production' })).toEqual([]);
  });

  it('is silent at a public suffix, where nobody has a page', () => {
    expect(said('https://*.vercel.app', listOf())).toEqual([]);
  });
});

describe('given a tenant’s compiled list', () => {
  it('reads it as it is', () => {
    const { origins } = compileSnapshot({
      tenant: 'acme',
      lineage: '00000000-0000-4000-8000-000000000000',
      revision: 1,
      count: 2,
      policies: [],
      entries: [{ pattern: 'https://*.a.example' }, { pattern: 'https://pr-*.b.example' }],
    });
    const existing = existingIn(origins, NOW_MS);
    expect(said('https://b.a.example', existing)).toEqual(['REDUNDANT']);
    expect(said('https://pr-1.b.example', existing)).toEqual(['REDUNDANT']);
    expect(said('https://*.a.example', existing)).toEqual(['DUPLICATE', 'APEX_NOT_COVERED_HINT']);
  });
});

describe('given a list as it will be', () => {
  const before = listOf('https://*.example', 'https://pr-*.b.test');

  it('no longer counts what the write removes', () => {
    const after = existingAfter(before, { written: [], removed: new Set(['https://*.example']) });
    expect(said('https://a.example', after)).toEqual([]);
    expect(said('https://pr-1.b.test', after)).toEqual(['REDUNDANT']);
  });

  it('counts what the write adds, and what it leaves', () => {
    const after = existingAfter(before, { written: [{ pattern: 'https://x-*.b.test' }] });
    expect(said('https://x-1.b.test', after)).toEqual(['REDUNDANT']);
    expect(said('https://pr-1.b.test', after)).toEqual(['REDUNDANT']);
    expect(said('https://a.example', after)).toEqual(['REDUNDANT']);
  });

  it('counts an entry as the write leaves it', () => {
    const after = existingAfter(before, { written: [{ pattern: 'https://*.example', enabled: false }] });
    expect(said('https://a.example', after)).toEqual([]);
  });
});

describe('given a long list', () => {
  const fillers = Array.from({ length: 10_000 }, (_, index) => ({
    pattern: `https://*.host${index}.example`,
  }));

  it('looks at no more of its entries than of a list of five', () => {
    const lookUps = (entries: readonly { pattern: string }[]) => {
      const existing = existingOf([...entries, { pattern: 'https://pr-*-x.a.example' }], NOW_MS);
      let count = 0;
      const find = (pattern: Pattern) => {
        count += 1;
        return existing.find(pattern);
      };
      const counted = { ...existing, find };
      for (const pattern of [
        'https://pr-1-b.a.example',
        'https://*.a.example',
        'https://pr-*-b.a.example:8443',
      ]) {
        lintPattern(pattern, { credentials: true, environment: 'production', existing: counted });
      }
      return count;
    };
    expect(lookUps(fillers)).toBe(lookUps(fillers.slice(0, 4)));
  });
});
