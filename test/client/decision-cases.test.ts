import { readFileSync } from 'node:fs';
import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors } from '@origin-allowlist/client/node';
import express from 'express';
import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  caseHeaderLines,
  caseSnapshot,
  checkExpectation,
  type DecisionCase,
  isCarriedByHttp,
} from '../cases/decision-case.js';
import { createFakeClock } from './fake-clock.js';
import { listen, listenFastify, MAX_HEADER_BYTES } from './listening.js';
import { fetchOf } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ALL: readonly DecisionCase[] = JSON.parse(
  readFileSync(new URL('../cases/decisions.json', import.meta.url), 'utf8'),
);
const CASES = ALL.filter(isCarriedByHttp);
console.log(
  `decision cases over HTTP: ${CASES.length}; ${ALL.length - CASES.length} hold bytes HTTP cannot carry`,
);

/** One client that holds the list of every case, as a tenant named by the `Host` header. */
async function createCaseAllowlist(): Promise<Allowlist> {
  const clock = createFakeClock();
  const cases = new Map(CASES.map((decisionCase) => [decisionCase.id, decisionCase]));
  const allowlist = createAllowlist({
    url: 'https://allowlist.example',
    key: 'key',
    tenant: ({ host }) => host,
    deps: {
      ...clock.deps,
      fetch: fetchOf((slug) => {
        const decisionCase = cases.get(slug);
        return decisionCase && { ...caseSnapshot(decisionCase), tenant: slug };
      }),
    },
  });
  onTestFinished(() => allowlist.close());
  await allowlist.ready();
  for (const { id } of CASES) {
    await allowlist.decide({ method: 'GET', host: id });
    clock.advance(50);
  }
  return allowlist;
}

/** Runs every case against a server. @returns what did not come out as expected. */
async function runCases(port: number, ran: Set<string>): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  for (const decisionCase of CASES) {
    const { id, request } = decisionCase;
    const { status, headers } = await sendRaw(port, {
      host: id,
      method: request.method,
      headers: caseHeaderLines(decisionCase),
    });
    const mismatches = checkExpectation(decisionCase, { status, headers, callsNext: ran.has(id) });
    if (mismatches.length > 0) failures.push({ id, mismatches });
  }
  return failures;
}

const byId = new Map(CASES.map((decisionCase) => [decisionCase.id, decisionCase]));

describe('every decision case that HTTP can carry', () => {
  it('comes out the same through Express', async () => {
    const ran = new Set<string>();
    const app = express();
    app.use((request, response, next) => {
      response.set(byId.get(request.headers.host ?? '')?.request.priorResponseHeaders ?? {});
      next();
    });
    app.use(cors(await createCaseAllowlist()));
    app.use((request, response) => {
      const id = request.headers.host ?? '';
      ran.add(id);
      if (byId.get(id)?.request.applicationThrows === true) throw new Error('as the case asks');
      response.send('ok');
    });
    app.set('env', 'test');
    expect(CASES.length).toBeGreaterThan(200);
    expect(await runCases(await listen(app), ran)).toEqual([]);
  });

  it('comes out the same through Fastify', async () => {
    const ran = new Set<string>();
    const app = Fastify({ http: { maxHeaderSize: MAX_HEADER_BYTES } });
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(byId.get(request.headers.host ?? '')?.request.priorResponseHeaders ?? {});
    });
    await app.register(fastifyCors, { allowlist: await createCaseAllowlist() });
    app.all('/', async (request) => {
      const id = request.headers.host ?? '';
      ran.add(id);
      if (byId.get(id)?.request.applicationThrows === true) throw new Error('as the case asks');
      return 'ok';
    });
    expect(await runCases(await listenFastify(app), ran)).toEqual([]);
  });
});
