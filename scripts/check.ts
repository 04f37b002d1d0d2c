/**
 * Everything that can be said of the code without running its tests: `npm run check`.
 * One line a step; a step's own output only when it fails; the later steps run all the same.
 */
import { spawn } from 'node:child_process';

interface Step {
  readonly name: string;
  /** Run one after the other from the repository's folder; npm puts the tools on the PATH. */
  readonly commands: readonly string[];
}

const STEPS: readonly Step[] = [
  { name: 'types', commands: ['node scripts/generate.mjs', 'tsc -p tsconfig.json'] },
  { name: 'lint', commands: ['biome ci --colors=off --error-on-warnings .'] },
  { name: 'unused code', commands: ['knip'] },
  { name: 'build', commands: ['npm run --silent build'] },
  { name: 'package', commands: ['publint --strict client', 'attw --pack client --profile esm-only'] },
  { name: 'openapi', commands: ['redocly lint openapi.json'] },
];

/** The slowest step takes seconds; one that takes this long hangs. */
const COMMAND_LIMIT_MS = 180_000;
const NO_CALLING_HOME = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
const NAME_WIDTH = Math.max(...STEPS.map(({ name }) => name.length));

const failed: string[] = [];

for (const { name, commands } of STEPS) {
  const startedMs = performance.now();
  const complaint = await firstComplaint(commands);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const verdict = complaint === undefined ? 'ok  ' : 'FAIL';
  console.log(`${verdict}  ${name.padEnd(NAME_WIDTH)}  ${seconds.padStart(5)} s`);
  if (complaint === undefined) continue;
  console.log(`\n${complaint}\n`);
  failed.push(name);
}

if (failed.length > 0) {
  console.log(`${failed.length} of ${STEPS.length} checks failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/** @returns the first command that fails and what it wrote; `undefined` when all go well. */
async function firstComplaint(commands: readonly string[]): Promise<string | undefined> {
  for (const command of commands) {
    const { passed, output } = await runToEnd(command);
    if (!passed) return `$ ${command}\n${output.trim()}`;
  }
  return undefined;
}

function runToEnd(command: string): Promise<{ readonly passed: boolean; readonly output: string }> {
  const [file = '', ...args] = command.split(' ');
  return new Promise((resolve) => {
    let output = '';
    const collect = (text: string): void => {
      output += text;
    };
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...NO_CALLING_HOME },
      timeout: COMMAND_LIMIT_MS,
    });
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.once('error', (error) => resolve({ passed: false, output: error.message }));
    child.once('close', (code, signal) => {
      if (signal !== null) collect(`\nended by ${signal}; the limit is ${COMMAND_LIMIT_MS / 1000} s`);
      resolve({ passed: code === 0, output });
    });
  });
}
