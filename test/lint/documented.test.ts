import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RISK_SEVERITIES } from '../../src/lint/finding-code.js';

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const documented = new Set(
  [...text('docs/linting.md').matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, code]) => code),
);

describe('docs/linting.md', () => {
  it('names every risk', () => {
    expect(Object.keys(RISK_SEVERITIES).filter((code) => !documented.has(code))).toEqual([]);
  });

  it.each(['client/src/core/pattern-problem.ts', 'src/lint/lint-policy.ts'])(
    'names every code of %s',
    (file) => {
      const codes = [...text(file).matchAll(/'([A-Z]{2,}_[A-Z_]+|EMPTY|QUOTED|MULTIPLE|UPPERCASE)'/g)].map(
        ([, code]) => code,
      );
      expect(codes.length).toBeGreaterThan(10);
      expect(codes.filter((code) => !documented.has(code))).toEqual([]);
    },
  );
});
