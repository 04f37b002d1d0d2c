import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { existingOf } from '../../src/lint/existing-patterns.js';
import { verdictOf } from '../../src/lint/finding.js';
import { lintPattern } from '../../src/lint/lint-pattern.js';

const LintCase = z.object({
  id: z.string(),
  pattern: z.string(),
  context: z.object({
    credentials: z.boolean(),
    environment: z.enum(['production', 'staging', 'development']),
    existing: z.array(z.string()).optional(),
  }),
  verdict: z.enum(['ok', 'warn', 'reject']),
  code: z.string(),
});
const file = new URL('../cases/lint.json', import.meta.url);
const cases = z.array(LintCase).parse(JSON.parse(readFileSync(file, 'utf8')));

describe('the contract cases', () => {
  it.each(cases)('$id: $pattern is $verdict, $code', ({ pattern, context, verdict, code }) => {
    const { credentials, environment, existing } = context;
    const list = existing?.map((text) => ({ pattern: text }));
    const findings = lintPattern(pattern, {
      credentials,
      environment,
      ...(list !== undefined && { existing: existingOf(list, 0) }),
    });
    const codes = findings.filter((finding) => finding.class !== 'hint').map((finding) => finding.code);
    expect(verdictOf(findings)).toBe(verdict);
    if (code === 'OK') expect(codes).toEqual([]);
    else expect(codes).toContain(code);
  });
});
