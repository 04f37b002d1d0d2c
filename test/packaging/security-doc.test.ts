import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/config.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const document = readFileSync(`${ROOT}docs/security.md`, 'utf8');
/** The part with one section a threat. */
const model = document.split('\n## Threats\n')[1]?.split('\n## ')[0] ?? '';
const threats = model
  .split('\n### ')
  .slice(1)
  .map((section) => ({
    name: section.split('\n')[0] ?? '',
    section,
    tests: [...section.matchAll(/^- `(test\/[^`]+)` › `([^`]+)`$/gm)].map(([, file = '', title = '']) => ({
      file,
      title,
    })),
  }));

/** Whether a test has this title, as it stands after `it(` or the table of `it.each(…)`. */
function hasTest(file: string, title: string): boolean {
  const text = readFileSync(`${ROOT}${file}`, 'utf8');
  return [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) =>
    new RegExp(String.raw`\(\s*${quoted.replace(/[.*+?^$()[\]{}|\\]/g, '\\$&')},`).test(text),
  );
}

describe('given the threat model', () => {
  it.each([
    'A stolen SDK key',
    'A stolen CI key',
    'A poisoned Redis',
    'A hostile tenant admin',
    'A malicious Origin header or path',
    'A planted disk copy',
    'A replayed snapshot',
    'A compromised node',
    'An insider who edits the database',
  ])('has a section on %s', (name) => {
    expect(threats.map((threat) => threat.name)).toContain(name);
  });

  it.each(threats)('says what stops it, and names a test: $name', ({ section, tests }) => {
    expect(section).toContain('**Stops it.**');
    expect(tests.length).toBeGreaterThan(0);
    // A line that starts like a test and is not read as one would never be checked.
    expect(section.match(/^- /gm)).toHaveLength(tests.length);
  });

  it.each(threats.flatMap(({ tests }) => tests))(
    'names a test that is there: $file › $title',
    ({ file, title }) => {
      expect(hasTest(file, title)).toBe(true);
    },
  );

  it('takes no other text for a test', () => {
    expect(hasTest('test/http/quotas.test.ts', 'lets no more in than there is')).toBe(false);
  });
});

describe('given the settings that it names', () => {
  it('are settings', () => {
    const named = document.match(/`[A-Z]+(?:_[A-Z]+)+`/g)?.map((name) => name.slice(1, -1)) ?? [];
    const known = new Set(SETTINGS.map(({ name }) => name));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
