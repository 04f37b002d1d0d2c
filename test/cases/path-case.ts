import { compileSnapshot, DEFAULT_POLICY, decide } from '@origin-allowlist/client/core';
import { type CaseValue, expandValue } from './case-value.js';
import type { Mismatch } from './decision-case.js';

/** A row of `paths.json`; the README beside it says what each field means. */
export interface PathCase {
  readonly id: string;
  /** Path prefixes by policy name; `default` is on `/` in any case. */
  readonly policies: Readonly<Record<string, readonly string[]>>;
  readonly target: CaseValue;
  readonly expect: { readonly policy: string } | { readonly reason: 'path_ambiguous' };
  readonly note: string;
}

/** Runs a case on the engine and compares; empty when it passes. */
export function checkPathCase({ policies, target, expect }: PathCase): readonly Mismatch[] {
  const named = Object.entries({ default: ['/'], ...policies });
  const compiled = compileSnapshot({
    tenant: 'case',
    lineage: '00000000-0000-4000-8000-000000000000',
    revision: 1,
    count: 0,
    policies: named.map(([name, paths]) => ({ ...DEFAULT_POLICY, name, paths })),
    entries: [],
  });
  const decision = decide({ method: 'GET', target: expandValue(target) }, compiled, 0);
  const actual = decision.policy === undefined ? { reason: decision.reason } : { policy: decision.policy };
  return JSON.stringify(actual) === JSON.stringify(expect)
    ? []
    : [{ what: 'answer', expected: expect, actual }];
}
