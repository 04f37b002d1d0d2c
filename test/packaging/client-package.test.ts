import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { imagePath, npmEnvironment } from './image.js';
import { createFolder, ROOT, readText, removeFolder, run, TOOLS } from './workspace.js';

const LIMIT_MS = 120_000;

const packSchema = z
  .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
  .length(1);

const manifestSchema = z.object({ exports: z.record(z.string(), z.unknown()) });

/** What a service writes to use every door, checked as strictly as a service may. */
const CONSUMER = `
import fastify from 'fastify';
import { createServer } from 'node:http';
import { createAllowlist } from '@origin-allowlist/client';
import { type Decision, decide, parsePattern } from '@origin-allowlist/client/core';
import { corsDelegate } from '@origin-allowlist/client/cors-delegate';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors as honoCors, withCors } from '@origin-allowlist/client/hono';
import { cors as koaCors } from '@origin-allowlist/client/koa';
import { cors } from '@origin-allowlist/client/node';
import { createTestAllowlist } from '@origin-allowlist/client/testing';
import { allowRequest, verifyClient, verifyUpgrade } from '@origin-allowlist/client/upgrade';

const allowlist = createAllowlist({ url: 'http://127.0.0.1:8080', key: 'k', tenant: 'acme' });
const middleware = cors(allowlist, { routes: { '/predict': 'predict' } });
createServer((request, response) => middleware(request, response, () => response.end()));
await fastify().register(fastifyCors, { allowlist });
export const use: readonly [typeof decide, typeof parsePattern] = [decide, parsePattern];
export const others = [
  koaCors(allowlist),
  honoCors(allowlist),
  withCors(() => new Response(), allowlist),
  corsDelegate(allowlist),
  allowRequest(allowlist),
  verifyClient(allowlist),
  verifyUpgrade(allowlist),
  cors(createTestAllowlist(['https://app.example.com'])),
];
export const allowed = ({ allowed }: Decision): boolean => allowed;
`;

describe('given the SDK as npm packs it', () => {
  let folder: string;
  let consumer: string;
  let packed: readonly string[];
  let doors: readonly string[];

  beforeAll(async () => {
    folder = await createFolder();
    const { exports } = manifestSchema.parse(JSON.parse(await readText('client/package.json')));
    doors = Object.keys(exports).map((door) => join('@origin-allowlist/client', door));
    const source = await buildClient(join(folder, 'source'));
    const [pack] = packSchema.parse(JSON.parse(await npm(source, 'pack', '--json')));
    packed = pack?.files.map(({ path }) => path) ?? [];

    consumer = join(folder, 'consumer');
    await mkdir(consumer);
    await writeFile(join(consumer, 'package.json'), '{ "private": true, "type": "module" }');
    await npm(consumer, 'install', '--offline', join(source, pack?.filename ?? ''));
  }, LIMIT_MS);

  afterAll(() => removeFolder(folder));

  it('holds compiled code, licence and manifest, and nothing else', () => {
    const others = packed.filter((path) => !/^dist\/.+\.(js|d\.ts)(\.map)?$/.test(path));
    expect(others.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json']);
  });

  it('installs nothing but itself', async () => {
    const installed = await readdir(join(consumer, 'node_modules'));
    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['@origin-allowlist']);
  });

  it('loads through every door where nothing else is installed', async () => {
    const script = `
      const doors = await Promise.all(${JSON.stringify(doors)}.map(async (door) => [door, await import(door)]));
      console.log(JSON.stringify(doors.map(([door, module]) => [door, Object.keys(module)])));
    `;
    const printed = await run('node', ['--input-type=module', '--eval', script], {
      cwd: consumer,
      env: { PATH: imagePath() },
    });
    const exports = new Map<string, string[]>(JSON.parse(printed));
    expect([...exports.keys()]).toEqual(doors);
    expect(exports.get('@origin-allowlist/client')).toContain('createAllowlist');
    expect(exports.get('@origin-allowlist/client/core')).toEqual(
      expect.arrayContaining(['decide', 'parsePattern', 'parseOrigin', 'compileSnapshot']),
    );
    expect(exports.get('@origin-allowlist/client/node')).toContain('cors');
    expect(exports.get('@origin-allowlist/client/fastify')).toContain('cors');
    expect(exports.get('@origin-allowlist/client/koa')).toContain('cors');
    expect(exports.get('@origin-allowlist/client/hono')).toEqual(
      expect.arrayContaining(['cors', 'withCors']),
    );
    expect(exports.get('@origin-allowlist/client/cors-delegate')).toContain('corsDelegate');
    expect(exports.get('@origin-allowlist/client/upgrade')).toEqual(
      expect.arrayContaining(['allowRequest', 'verifyClient', 'verifyUpgrade']),
    );
    expect(exports.get('@origin-allowlist/client/testing')).toEqual(
      expect.arrayContaining(['createTestAllowlist', 'TestListError']),
    );
  });

  it(
    'has types for every door, checked in a strict project beside Fastify',
    async () => {
      for (const name of ['fastify', '@types/node']) {
        const link = join(consumer, 'node_modules', name);
        await mkdir(dirname(link), { recursive: true });
        await symlink(join(ROOT, 'node_modules', name), link);
      }
      await writeFile(join(consumer, 'consumer.ts'), CONSUMER);
      const options = { strict: true, module: 'nodenext', target: 'es2023', noEmit: true, types: ['node'] };
      await writeFile(
        join(consumer, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
      );
      await expect(run(join(TOOLS, 'tsc'), ['-p', '.'], { cwd: consumer })).resolves.toBe('');
    },
    LIMIT_MS,
  );

  const npm = (cwd: string, ...args: readonly string[]): Promise<string> =>
    run('npm', args, { cwd, env: npmEnvironment({}) });
});

/** Compiled in a copy, so that a build in the repository and this one never write the same files. */
async function buildClient(folder: string): Promise<string> {
  const client = join(folder, 'client');
  await mkdir(client, { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(ROOT, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
  await cp(join(ROOT, 'client'), client, {
    recursive: true,
    filter: (source) => source !== join(ROOT, 'client/dist'),
  });
  await run(join(TOOLS, 'tsc'), ['-p', '.'], { cwd: client });
  return client;
}
