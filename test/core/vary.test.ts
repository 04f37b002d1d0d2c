import { mergeVary } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';

describe('given what a response varies on already', () => {
  it.each<[string | readonly string[] | undefined, readonly string[], string]>([
    [undefined, ['Origin'], 'Origin'],
    ['', ['Origin'], 'Origin'],
    [[], ['Origin'], 'Origin'],
    [undefined, [], ''],
    ['Accept-Encoding', [], 'Accept-Encoding'],
    ['Accept-Encoding', ['Origin'], 'Accept-Encoding, Origin'],
    ['origin', ['Origin'], 'origin'],
    ['Accept-Encoding,ORIGIN', ['Origin'], 'Accept-Encoding, ORIGIN'],
    [['Accept', 'Origin, accept'], ['Origin'], 'Accept, Origin'],
    ['Accept', ['Origin', 'Access-Control-Request-Method'], 'Accept, Origin, Access-Control-Request-Method'],
    [' , Accept ,, ', ['Origin'], 'Accept, Origin'],
    ['X-Origin', ['Origin'], 'X-Origin, Origin'],
  ])('%j and %j make %j', (existing, add, merged) => {
    expect(mergeVary(existing, add)).toBe(merged);
  });

  it.each<[string | readonly string[]]>([['*'], ['Accept, *'], [['Accept', ' * ']]])(
    '%j stays *',
    (existing) => {
      expect(mergeVary(existing, ['Origin'])).toBe('*');
      expect(mergeVary(existing, [])).toBe('*');
    },
  );
});
