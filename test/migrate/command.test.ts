import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const ARGS = ['--import', 'tsx', '--conditions', '@origin-allowlist/source', 'scripts/migrate-config.ts'];
/** A run takes a second; a slow machine may take ten. */
const LIMIT_MS = 30_000;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `npm run migrate-config` runs. */
async function run(source: string, ...args: readonly string[]) {
  const file = join(folder, 'cors.txt');
  await writeFile(file, source);
  const child = spawn(process.execPath, [...ARGS, file, ...args], { cwd: ROOT, timeout: LIMIT_MS });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text.replaceAll(file, 'FILE');
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  return { status, ...output };
}

describe('given the command', () => {
  it(
    'prints one object and ends with 0 when all is converted',
    async () => {
      const { status, stdout } = await run(
        "CORS(app, resources={r'/api/*': {'origins': r'https://.*\\.example\\.com$'}}, allow_headers=['X-A'])",
        '--json',
      );
      expect(JSON.parse(stdout)).toEqual({
        from: 'flask-cors',
        policies: [
          {
            name: 'api',
            paths: ['/api'],
            credentials: false,
            methods: ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'],
            allowedHeaders: ['X-A'],
            exposedHeaders: [],
            privateNetwork: false,
            alwaysSend: false,
            enforcement: 'headers',
          },
        ],
        entries: [{ pattern: 'https://*.example.com', policies: ['api'] }],
        findings: [
          {
            subject: "r'/api/*'",
            code: 'PATH_NARROWER',
            severity: 'warn',
            detail: 'The expression also covered paths that only begin like /api; the policy does not.',
            examples: ['/apix'],
          },
          expect.objectContaining({ code: 'APEX_NOT_COVERED_HINT', severity: 'ok' }),
        ],
        refused: [],
      });
      expect(status).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'prints a table and ends with 1 when something is refused',
    async () => {
      const { status, stdout } = await run(
        '{ origin: /example\\.com$/ }',
        '--from',
        'cors',
        '--path',
        '/api',
      );
      expect(stdout).toContain('    paths           /api\n');
      expect(stdout).toContain('Refused\n  /example\\.com$/\n    resists  example\\.com\n');
      expect(status).toBe(1);
    },
    LIMIT_MS,
  );

  it.each([
    ['{ origin: [1, }', [], 'FILE:1:15: A value was expected, not }\n'],
    ['{}', ['--from', 'other'], 'There is no library other.\n'],
    ['{}', ['--colour'], 'usage: npm run --silent migrate-config'],
  ])(
    'ends with 2 and says why when it cannot read %s %j',
    async (source, args, message) => {
      const { status, stdout, stderr } = await run(source, ...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain(message);
    },
    LIMIT_MS,
  );
});
