import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dockerAnswers } from './docker.js';

let folder: string;
let engine: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oa-test-docker-'));
  vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'docker.sock')}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  engine?.closeAllConnections();
  engine?.close();
  engine = undefined;
  await rm(folder, { recursive: true });
});

describe('given the socket of a Docker engine', () => {
  it('is used when the engine answers', async () => {
    await listen((request, response) => response.writeHead(request.url === '/_ping' ? 200 : 404).end('OK'));
    expect(await dockerAnswers()).toBe(true);
  });

  it('is passed over when the engine takes the question and never answers', async () => {
    await listen(() => undefined);
    expect(await dockerAnswers()).toBe(false);
  });

  it('is passed over when nothing listens', async () => {
    expect(await dockerAnswers()).toBe(false);
  });
});

async function listen(listener: RequestListener): Promise<void> {
  engine = createServer(listener).listen(join(folder, 'docker.sock'));
  await once(engine, 'listening');
}
