import { type PatternProblemCode, parsePattern } from '@origin-allowlist/client/core';

export function codesOf(text: string): readonly PatternProblemCode[] {
  const result = parsePattern(text);
  return result.ok ? [] : result.problems.map((problem) => problem.code);
}

export function fixOf(text: string): string | undefined {
  const result = parsePattern(text);
  return result.ok ? undefined : result.problems[0]?.fix;
}

export const LABEL_63 = 'a'.repeat(63);
export const HOST_251 = [LABEL_63, LABEL_63, LABEL_63, 'a'.repeat(59)].join('.');
