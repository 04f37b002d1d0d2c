import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROJECT = resolve(import.meta.dirname, '../..');
const TSC = resolve(PROJECT, 'node_modules/.bin/tsc');
const TIMEOUT_MS = 120_000;

/** Global setup of the tests that start what was built: two files that build at once would copy what the other is writing. */
export async function setup(): Promise<void> {
  // Not `npm run build`: the Prisma client is there already, or no test of the store would run.
  await run(TSC, ['-b', 'tsconfig.build.json'], { cwd: PROJECT, timeout: TIMEOUT_MS }).catch(
    (error: Error & { readonly stdout?: string }) => {
      throw new Error(`the build failed: ${error.stdout}`, { cause: error });
    },
  );
}
