import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ROOT, TOOLS } from './workspace.js';

const LIMIT_MS = 30_000;
const RULES = [
  'lint/style/noRestrictedImports',
  'lint/style/noRestrictedGlobals',
  'lint/style/noProcessEnv',
  'plugin',
];

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({
      category: z.string(),
      location: z.object({ path: z.string(), start: z.object({ line: z.number() }) }),
    }),
  ),
});

/** Code by the file it would stand in, one statement a line. */
export type Sources = ReadonlyMap<string, readonly string[]>;

/**
 * Lints imagined files with the repository's own configuration, in a folder outside it, and gives the lines that a rule
 * of the floors refuses. Other rules (unused names and the like) do not count.
 */
export async function refusedLines(folder: string, sources: Sources): Promise<Sources> {
  for (const file of ['biome.json', 'scripts/pure-core.grit']) await place(folder, file);
  for (const [file, lines] of sources) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `${lines.join('\n')}\n`);
  }
  const report = reportSchema.parse(JSON.parse(await lint(folder)));
  return new Map(
    [...sources].map(([file, lines]) => {
      const found = report.diagnostics.filter(
        ({ category, location }) => location.path === file && RULES.includes(category),
      );
      const numbers = new Set(found.map(({ location }) => location.start.line));
      return [file, lines.filter((_, index) => numbers.has(index + 1))];
    }),
  );
}

async function place(folder: string, file: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await copyFile(join(ROOT, file), join(folder, file));
}

/** The linter fails on findings, which are what is asked for: only its report counts. */
function lint(folder: string): Promise<string> {
  const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'];
  return new Promise((resolve, reject) => {
    execFile(join(TOOLS, 'biome'), args, { cwd: folder, timeout: LIMIT_MS }, (error, stdout) => {
      if (stdout === '') reject(error ?? new Error('biome printed no report'));
      else resolve(stdout);
    });
  });
}
