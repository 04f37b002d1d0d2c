import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The repository's own folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where the root package's tools stand. */
export const TOOLS = join(ROOT, 'node_modules/.bin');

const COMMAND_LIMIT_MS = 240_000;
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
const execute = promisify(execFile);

/** A file of the repository. */
export const readText = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

/** An empty folder outside the repository; whoever makes it removes it with `removeFolder`. */
export const createFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'origin-allowlist-packaging-'));

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** Runs a command to its end and gives its standard output; a failure carries all it wrote. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const limits = { timeout: COMMAND_LIMIT_MS, maxBuffer: OUTPUT_LIMIT_BYTES };
  try {
    const { stdout } = await execute(command, [...args], { ...options, ...limits });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = Object(error);
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
