import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url).pathname;
const OUTPUT = join(ROOT, 'src/store/generated/client.ts');

describe('given an output that is of this schema', () => {
  it('leaves it alone and says nothing', async () => {
    const before = await stat(OUTPUT);
    const { stdout, stderr } = await run(process.execPath, [join(ROOT, 'scripts/generate.mjs')]);
    expect(stdout + stderr).toBe('');
    expect((await stat(OUTPUT)).mtimeMs).toBe(before.mtimeMs);
  });
});

describe('given an installation without the Prisma CLI', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oa-generate-'));
    await mkdir(join(folder, 'scripts'));
    await copyFile(join(ROOT, 'scripts/generate.mjs'), join(folder, 'scripts/generate.mjs'));
    await cp(join(ROOT, 'prisma'), join(folder, 'prisma'), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('does nothing and says nothing', async () => {
    const { stdout, stderr } = await run(process.execPath, [join(folder, 'scripts/generate.mjs')]);
    expect(stdout + stderr).toBe('');
    await expect(stat(join(folder, 'src'))).rejects.toThrow('ENOENT');
  });
});
