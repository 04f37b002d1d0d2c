import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

/** The repository's own folder, with a closing slash. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Where the tools of the root package stand; for a PATH or as a prefix. */
export const TOOLS = join(ROOT, 'node_modules/.bin');

const COMMAND_LIMIT_MS = 240_000;
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
const execute = promisify(execFile);

export const readText = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

/** An empty folder outside the repository; it goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'origin-allowlist-packaging-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a command to its end and gives what it wrote; fails with that text when the command fails or takes too long. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { stdout } = await execute(command, [...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    timeout: COMMAND_LIMIT_MS,
    maxBuffer: OUTPUT_LIMIT_BYTES,
  });
  return stdout;
}
