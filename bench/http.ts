import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { startFakeService } from '../test/client/fake-service.js';
import { type Child, numberIn, startChild } from './child.js';
import { describeMachine } from './machine.js';
import { medianRatio, quantile } from './measure.js';
import { atLeast, type Bar, type Findings, round, table } from './report.js';

const ORIGINS = ['https://app.example.com', 'https://admin.example.com', 'https://shop.example.com'];
const FRAMEWORKS = ['express', 'fastify'];
const LAYERS = ['bare', 'ours', 'theirs'];
const REQUESTS = [
  { request: 'no Origin', origin: undefined },
  { request: 'allowed Origin', origin: ORIGINS.at(-1) },
];
/** Enough to keep a server on one core busy, few enough that none waits long. */
const CONNECTIONS = 32;
const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
const FULL = { rounds: 7, durationMs: 5000, warmUpMs: 1500 };
const QUICK = { rounds: 3, durationMs: 1000, warmUpMs: 500 };
/** Those that are compared take turns within a round too: the machine has been seen to halve its speed from one second to the next. */
const TURNS = 10;
const GRACE_MS = 30_000;

/** One of the servers under one of the requests, and what each round gave. */
interface Run {
  readonly framework: string;
  readonly layer: string;
  readonly request: string;
  readonly origin: string | undefined;
  readonly rates: number[];
  readonly serverCpu: number[];
  readonly generatorCpu: number[];
}

/** A server, for one round. */
interface Server {
  readonly child: Child;
  readonly port: number;
}

/** Requests per second of Express and Fastify: bare, with our middleware, and with `cors` or `@fastify/cors`. */
export async function benchHttp(isQuick: boolean): Promise<Findings> {
  const machine = describeMachine();
  const effort = isQuick ? QUICK : FULL;
  const service = await startFakeService();
  const generator = startChild('http-load.ts', GENERATOR_CORE);
  try {
    service.write('acme', { entries: ORIGINS.map((pattern) => ({ pattern })), policies: [DEFAULT_POLICY] });
    const args = [ORIGINS.join(), service.url, service.key, 'acme'];
    const runs = FRAMEWORKS.flatMap((framework) =>
      REQUESTS.flatMap((asked) => LAYERS.map((layer) => ({ framework, layer, ...asked, ...noFigures() }))),
    );
    for (let round = 0; round < effort.rounds; round += 1) {
      for (const framework of FRAMEWORKS) {
        await measureRound(
          generator,
          runs.filter((run) => run.framework === framework),
          args,
          effort,
        );
      }
    }
    return {
      report: { name: 'http', machine, rows: runs.map(rowOf), bars: barsOf(runs) },
      tables: [tableOf(runs)],
    };
  } finally {
    await generator.stop();
    await service.close();
  }
}

function noFigures(): Pick<Run, 'rates' | 'serverCpu' | 'generatorCpu'> {
  return { rates: [], serverCpu: [], generatorCpu: [] };
}

/**
 * Starts the servers anew, since one process may be a tenth faster than another of the same code for as long as it lives, and measures
 * those that are compared by turns.
 *
 * @param runs of one framework.
 */
async function measureRound(
  generator: Child,
  runs: readonly Run[],
  args: readonly string[],
  { durationMs, warmUpMs }: typeof FULL,
): Promise<void> {
  const servers = new Map<string, Server>();
  try {
    for (const { framework, layer } of runs) {
      if (!servers.has(layer)) servers.set(layer, await startServer(framework, layer, args));
    }
    for (const { request } of REQUESTS) {
      const compared = runs.filter((run) => run.request === request);
      for (const run of compared) await load(generator, run, serverOf(servers, run), warmUpMs);
      await takeTurns(generator, compared, servers, durationMs);
    }
  } finally {
    for (const { child } of servers.values()) await child.stop();
  }
}

async function startServer(framework: string, layer: string, args: readonly string[]): Promise<Server> {
  const child = startChild('http-app.ts', SERVER_CORE, [framework, layer, ...args]);
  return { child, port: numberIn(await child.ask(undefined, GRACE_MS), 'port') };
}

function serverOf(servers: ReadonlyMap<string, Server>, { layer }: Run): Server {
  const server = servers.get(layer);
  if (server === undefined) throw new Error(`No server is ${layer}.`);
  return server;
}

/** @param durationMs of each of them, in all its turns together. */
async function takeTurns(
  generator: Child,
  compared: readonly Run[],
  servers: ReadonlyMap<string, Server>,
  durationMs: number,
): Promise<void> {
  const sums = new Map(compared.map((run) => [run, { rate: 0, serverCpu: 0, generatorCpu: 0 }]));
  for (let turn = 0; turn < TURNS; turn += 1) {
    const first = turn % compared.length;
    for (const run of [...compared.slice(first), ...compared.slice(0, first)]) {
      const turned = await measure(generator, run, serverOf(servers, run), durationMs / TURNS);
      const sum = sums.get(run);
      if (sum === undefined) continue;
      sum.rate += turned.rate;
      sum.serverCpu += turned.serverCpu;
      sum.generatorCpu += turned.generatorCpu;
    }
  }
  for (const [run, { rate, serverCpu, generatorCpu }] of sums) {
    run.rates.push(rate / TURNS);
    run.serverCpu.push(serverCpu / TURNS);
    run.generatorCpu.push(generatorCpu / TURNS);
  }
}

async function measure(generator: Child, run: Run, server: Server, durationMs: number) {
  const cpuBefore = numberIn(await server.child.ask({}, GRACE_MS), 'cpuMs');
  const result = await load(generator, run, server, durationMs);
  const cpuAfter = numberIn(await server.child.ask({}, GRACE_MS), 'cpuMs');
  return {
    rate: numberIn(result, 'requestsPerSecond'),
    serverCpu: (cpuAfter - cpuBefore) / durationMs,
    generatorCpu: numberIn(result, 'generatorCpu'),
  };
}

/** Loads a server, and makes sure that it answers as it should. */
async function load(
  generator: Child,
  { origin, layer }: Run,
  { port }: Server,
  durationMs: number,
): Promise<object> {
  const result = await generator.ask(
    { port, origin, connections: CONNECTIONS, durationMs },
    durationMs + GRACE_MS,
  );
  const head = String(Reflect.get(result, 'head')).toLowerCase();
  const isAllowed = head.includes(`access-control-allow-origin: ${origin}`);
  if (isAllowed !== (layer !== 'bare' && origin !== undefined))
    throw new Error(`${layer} answers wrongly: ${head}`);
  return result;
}

function rowOf({ framework, layer, request, rates, serverCpu, generatorCpu }: Run) {
  return {
    framework,
    layer,
    request,
    requestsPerSecond: quantile(rates, 0.5),
    spread: quantile(rates, 0.75) - quantile(rates, 0.25),
    // Others at work on the machine take away from the rate, and hardly from this.
    cpuMicroseconds: quantile(
      serverCpu.map((cpu, index) => (cpu / (rates[index] ?? Number.NaN)) * 1e6),
      0.5,
    ),
    serverCpu: quantile(serverCpu, 0.5),
    generatorCpu: quantile(generatorCpu, 0.5),
  };
}

function barsOf(runs: readonly Run[]): readonly Bar[] {
  return FRAMEWORKS.flatMap((framework) =>
    REQUESTS.flatMap(({ request }) => {
      const rates = (layer: string) =>
        runs.find((run) => run.framework === framework && run.request === request && run.layer === layer)
          ?.rates ?? [];
      const ratio = (layer: string) => medianRatio(rates('ours'), rates(layer));
      const name = `${framework}, ${request}: ours against`;
      return [
        atLeast(
          `${name} ${framework === 'express' ? 'cors' : '@fastify/cors'}`,
          ratio('theirs'),
          0.97,
          'of its rate',
        ),
        atLeast(`${name} bare`, ratio('bare'), 0.9, 'of its rate'),
      ];
    }),
  );
}

function tableOf(runs: readonly Run[]): string {
  const rows = runs
    .map(rowOf)
    .map(({ framework, layer, request, ...numbers }) => [
      `${framework} ${layer}`,
      request,
      round(numbers.requestsPerSecond),
      round(numbers.spread),
      round(numbers.cpuMicroseconds),
      percent(numbers.serverCpu),
      percent(numbers.generatorCpu),
    ]);
  return table(
    [
      'server',
      'request',
      'requests a second',
      'spread',
      'CPU a request, µs',
      'CPU of the server',
      'of the generator',
    ],
    rows,
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
