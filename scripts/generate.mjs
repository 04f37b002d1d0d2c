// Generates the Prisma client (src/store/generated) without the network. Runs after install, before build and typecheck:
// `npm ci --ignore-scripts` skips the first. Says nothing when all is well.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const schema = join(root, 'prisma', 'schema.prisma');
const output = join(root, 'src', 'store', 'generated');
const stampFile = join(output, '.stamp');
const GENERATE_TIMEOUT_MS = 120_000;

const cli = findCli();
// Without the CLI (`npm ci --omit=dev`) the build has been done elsewhere; without the schema (a Docker layer that has only
// the manifests yet) it is still to come, and calls this script again.
if (cli !== undefined && existsSync(schema)) {
  const stamp = createHash('sha256').update(cli.version).update(readFileSync(schema)).digest('hex');
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
    if (generate(cli.path)) writeFileSync(stampFile, stamp);
    else process.exitCode = 1;
  }
}

function findCli() {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve('prisma/package.json');
    return { path: join(dirname(manifest), 'build', 'index.js'), version: require(manifest).version };
  } catch {
    return undefined;
  }
}

function generate(cliPath) {
  const configHome = mkdtempSync(join(tmpdir(), 'prisma-config-'));
  try {
    const result = spawnSync(process.execPath, [cliPath, 'generate'], {
      cwd: root,
      encoding: 'utf8',
      timeout: GENERATE_TIMEOUT_MS,
      env: {
        ...process.env,
        CHECKPOINT_DISABLE: '1',
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        // Any existing file will do: it keeps the CLI from downloading an engine that generating does not use.
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        XDG_CONFIG_HOME: configHome,
      },
    });
    if (result.status === 0) return true;
    process.stderr.write(
      `prisma generate failed: ${result.error?.message ?? ''}\n${result.stdout}${result.stderr}`,
    );
    return false;
  } finally {
    rmSync(configHome, { recursive: true, force: true });
  }
}
