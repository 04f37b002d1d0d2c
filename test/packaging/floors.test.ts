import { beforeAll, describe, expect, it } from 'vitest';
import { refusedLines, type Sources } from './linter.js';
import { createFolder, readText, removeFolder } from './workspace.js';

interface Floor {
  readonly file: string;
  readonly takes: readonly string[];
  readonly refuses: readonly string[];
}

const imports = (...specifiers: readonly string[]): readonly string[] =>
  specifiers.map((specifier) => `import {} from '${specifier}';`);

const FLOORS: readonly Floor[] = [
  {
    file: 'client/src/core/pattern.ts',
    takes: [...imports('./origin.js'), "Date.parse('2026-01-01T00:00:00Z');", 'new Date(0);'],
    refuses: [
      ...imports('../client.js', '../sync/poll.js', '../node.js', '..', 'node:crypto', 'crypto', 'zod'),
      "import type {} from 'fastify';",
      "export {} from '../client.js';",
      "import('node:fs');",
      'Date.now();',
      'new Date();',
      'Math.random();',
      'process.exit();',
      "fetch('http://localhost');",
      'setTimeout(() => {}, 1);',
    ],
  },
  {
    file: 'client/src/client.ts',
    takes: imports('./core/index.js', './sync/poll.js', 'node:crypto', 'node:fs/promises'),
    refuses: imports(
      './node.js',
      './fastify.js',
      './koa.js',
      './hono.js',
      './cors-delegate.js',
      './upgrade.js',
      './testing.js',
      'fastify',
      'undici',
      '@scope/package',
      '../../src/errors.js',
    ),
  },
  {
    file: 'client/src/sync/poll.ts',
    takes: imports('../core/index.js', './stream.js', 'node:timers/promises'),
    refuses: imports('../node.js', '../fastify.js', 'fastify', '../../package.json'),
  },
  {
    file: 'client/src/node.ts',
    takes: imports('./client.js', './core/index.js', 'node:http'),
    refuses: imports('./fastify.js', 'express', 'fastify'),
  },
  {
    file: 'client/src/fastify.ts',
    takes: ["import type {} from 'fastify';", ...imports('./client.js', './core/index.js')],
    refuses: imports('./node.js', './koa.js', 'fastify-plugin', 'express', '../../src/http/etag.js'),
  },
  {
    file: 'client/src/koa.ts',
    takes: imports('./client.js', './core/index.js', './node-response.js', 'node:http'),
    refuses: [...imports('./node.js', './hono.js', 'koa'), "import type {} from 'koa';"],
  },
  {
    file: 'client/src/hono.ts',
    takes: imports('./client.js', './core/index.js', './routes.js'),
    refuses: [...imports('./node.js', './koa.js', 'hono'), "import type {} from 'hono';"],
  },
  {
    file: 'client/src/cors-delegate.ts',
    takes: imports('./client.js', './core/response-headers.js', './node-request.js'),
    refuses: imports('./node.js', './fastify.js', 'cors', '@fastify/cors'),
  },
  {
    file: 'client/src/upgrade.ts',
    takes: imports('./client.js', './core/index.js', './node-request.js', 'node:stream'),
    refuses: imports('./node.js', './hono.js', 'ws', 'socket.io'),
  },
  {
    file: 'client/src/testing.ts',
    takes: imports('./client.js', './core/index.js', './sync/tenants.js', './testing-clock.js'),
    refuses: imports('./node.js', './hono.js', 'vitest'),
  },
  {
    file: 'src/store/entries.ts',
    takes: imports(
      'pg',
      'ioredis',
      '@prisma/adapter-pg',
      './generated/client.js',
      '../errors.js',
      '@origin-allowlist/client/core',
    ),
    refuses: imports(
      '../http/problem.js',
      '../lint/findings.js',
      '../config.js',
      '../embedded/server.js',
      '../app.js',
      '../main.js',
      'fastify',
      '@fastify/swagger',
      '@origin-allowlist/client',
      '../../client/src/core/origin.js',
    ),
  },
  {
    file: 'src/lint/findings.ts',
    takes: imports('./suffixes.js', '@origin-allowlist/client/core'),
    refuses: imports('../store/store.js', '../http/problem.js', '@origin-allowlist/client', 'pg', 'node:fs'),
  },
  {
    file: 'src/migrate/regex/narrowing.ts',
    takes: imports(
      './template.js',
      '../report.js',
      '../../lint/lint-entries.js',
      '@origin-allowlist/client/core',
    ),
    refuses: imports(
      '../../store/store.js',
      '../../http/problem.js',
      '../../embedded/server.js',
      '../../config.js',
      '../../app.js',
      '@origin-allowlist/client',
      'pg',
      'node:fs',
    ),
  },
  {
    file: 'src/http/routes/tenants.ts',
    takes: [
      "import type {} from '../../store/store.js';",
      ...imports('../problem.js', '../../errors.js', 'zod', 'fastify', '@origin-allowlist/client/core'),
    ],
    refuses: [
      ...imports('../../store/entries.js', '../../store/generated/client.js'),
      ...imports('pg', 'pg-copy-streams', 'ioredis', '@prisma/client', '@prisma/client/runtime/client'),
      "import type {} from 'pg';",
      "export {} from '../../store/entries.js';",
      "import('ioredis');",
      ...imports('../../app.js', '../../main.js', '../../config.js', '../../embedded/server.js'),
      ...imports('@origin-allowlist/client', '@origin-allowlist/client/node'),
      ...imports('../../../client/src/core/origin.js'),
    ],
  },
  {
    file: 'src/app.ts',
    takes: imports('./http/problem.js', './store/store.js', './config.js', 'fastify'),
    refuses: imports(
      './main.js',
      './store/pool.js',
      './store/generated/client.js',
      'ioredis',
      'pg',
      '@origin-allowlist/client',
    ),
  },
  {
    file: 'src/main.ts',
    takes: imports('./app.js', './config.js', './store/store.js', './embedded/server.js'),
    refuses: imports('./store/pool.js', './store/generated/client.js', 'ioredis', 'pg'),
  },
  {
    file: 'src/config.ts',
    takes: [...imports('zod', './errors.js'), 'process.env.PORT;'],
    refuses: imports('./store/store.js', './http/problem.js', './lint/findings.js', './app.js', './main.js'),
  },
  {
    file: 'src/errors.ts',
    takes: imports('./log.js'),
    refuses: [
      ...imports('./store/store.js', './http/problem.js', 'pg', '@origin-allowlist/client'),
      'process.env.PORT;',
    ],
  },
];

describe('given the floors of the architecture as lint rules', () => {
  let refused: Sources = new Map();

  beforeAll(async () => {
    const folder = await createFolder();
    try {
      const sources = new Map(FLOORS.map(({ file, takes, refuses }) => [file, [...takes, ...refuses]]));
      refused = await refusedLines(folder, sources);
    } finally {
      await removeFolder(folder);
    }
  });

  it.each(FLOORS)('$file takes what stands below it and refuses everything else', ({ file, refuses }) => {
    expect(refused.get(file)).toEqual(refuses);
  });

  it('has every door of the SDK above the client in the table, so that a new adapter gets its rule', async () => {
    const { exports } = JSON.parse(await readText('client/package.json'));
    const adapters = Object.keys(exports).filter((door) => door !== '.' && door !== './core');
    const refusedByClient = FLOORS.find(({ file }) => file === 'client/src/client.ts')?.refuses;
    expect(refusedByClient).toEqual(
      expect.arrayContaining([...imports(...adapters.map((door) => `${door}.js`))]),
    );
  });
});
