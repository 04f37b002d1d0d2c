import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;
/** Files that hold a row each, so each of their tests is one. */
const ROW_FILES = [
  'flask-cors',
  'flask-cors-origins',
  'flask-decorator',
  'after-request',
  'express-cors',
  'express-cors-origins',
  'fastify-cors',
  'hono-cors',
  'koa-cors',
].map((name) => `test/migrate/${name}.test.ts`);

const guide = readFileSync(`${ROOT}docs/migrating.md`, 'utf8');
const rows = guide
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.endsWith('| test |'))
  .map((line) => ({ line, test: / \| `([^|]+)` \|$/.exec(line)?.[1] }));

/** Titles of the tests in some files, as they stand after `it(` or `it.each(…)(`. */
function titlesIn(files: readonly string[]): ReadonlySet<string> {
  const texts = files.map((file) => readFileSync(`${ROOT}${file}`, 'utf8'));
  const found = texts.flatMap((text) => [
    ...text.matchAll(/\bit(?:\.each\([^;]*?\))?\(\s*(?:'([^'\n]+)'|"([^"\n]+)")/g),
  ]);
  return new Set(found.flatMap(([, single, double]) => single ?? double ?? []));
}

function testsIn(folder: string): readonly string[] {
  return readdirSync(`${ROOT}${folder}`).flatMap((name) =>
    name.endsWith('.test.ts') ? [`${folder}/${name}`] : [],
  );
}

describe('given the migrating guide', () => {
  const existing = titlesIn(['test/migrate', 'test/client'].flatMap(testsIn));

  it('has a row for each setting, one after the other', () => {
    expect(rows.length).toBeGreaterThan(110);
  });

  it.each(rows)('names a test that is there: $line', ({ test }) => {
    expect(existing).toContain(test);
  });

  it.each(ROW_FILES)('has a row for every test of %s', (file) => {
    const unnamed = [...titlesIn([file])].filter((title) => !guide.includes(`\`${title}\``));
    expect(unnamed).toEqual([]);
  });
});
