import { isPolicyName, isSlug } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';

describe('given a name for a tenant or a policy', () => {
  it.each(['a', '0', 'acme', 'acme-2', 'a--b', 'a'.repeat(63)])('it takes %s', (text) => {
    expect(isSlug(text)).toBe(true);
    expect(isPolicyName(text)).toBe(true);
  });

  it.each(['', '-', '-a', 'a-', 'A', 'a_b', 'a.b', 'a b', 'a\n', 'é', 'a/b', 'a'.repeat(64), '__proto__'])(
    'it refuses %j',
    (text) => {
      expect(isSlug(text)).toBe(false);
      expect(isPolicyName(text)).toBe(false);
    },
  );
});
