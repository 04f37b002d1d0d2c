import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../docs/performance.md', import.meta.url);

/** Puts a benchmark's findings into `docs/performance.md`, in the place of those that are there. */
export function writeFindings(name: string, text: string): void {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const document = readFileSync(FILE, 'utf8');
  const [before, rest = ''] = document.split(start, 2);
  const after = rest.split(end, 2)[1];
  if (after === undefined) throw new Error(`docs/performance.md has no place for ${name}.`);
  writeFileSync(FILE, `${before}${start}\n\n${text}\n\n${end}${after}`);
}
