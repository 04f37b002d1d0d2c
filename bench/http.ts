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
const FULL = { rounds: 7, durationMs: 5000, warmUpMs: 2000 };
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
  readonly server: Child;
  readonly port: number;
  readonly rates: number[];
  readonly serverCpu: number[];
  readonly generatorCpu: number[];
}

/** Requests per second of Express and Fastify: bare, with our middleware, and with `cors` or `@fastify/cors`. */
export async function benchHttp(isQuick: boolean): Promise<Findings> {
  const machine = describeMachine();
  const effort = isQuick ? QUICK : FULL;
  const service = await startFakeService();
  const children: Child[] = [];
  try {
    service.write('acme', { entries: ORIGINS.map((pattern) => ({ pattern })), policies: [DEFAULT_POLICY] });
    const generator = startChild('http-load.ts', GENERATOR_CORE);
    children.push(generator);
    const runs: Run[] = [];
    for (const framework of FRAMEWORKS) {
      for (const layer of LAYERS) {
        const args = [framework, layer, ORIGINS.join(), service.url, service.key, 'acme'];
        const server = startChild('http-app.ts', SERVER_CORE, args);
        children.push(server);
        const port = numberIn(await server.ask(undefined, GRACE_MS), 'port');
        runs.push(...REQUESTS.map((asked) => ({ framework, layer, ...asked, server, port, ...noFigures() })));
      }
    }
    for (const run of runs) await load(generator, run, effort.warmUpMs);
    for (let index = 0; index < effort.rounds; index += 1) {
      for (const compared of comparedRuns(runs)) await measureRound(generator, compared, effort.durationMs);
    }
    return {
      report: { name: 'http', machine, rows: runs.map(rowOf), bars: barsOf(runs) },
      tables: [tableOf(runs)],
    };
  } finally {
    for (const child of children) await child.stop();
    await service.close();
  }
}

function noFigures(): Pick<Run, 'rates' | 'serverCpu' | 'generatorCpu'> {
  return { rates: [], serverCpu: [], generatorCpu: [] };
}

/** The layers of one framework under one request. */
function comparedRuns(runs: readonly Run[]): readonly (readonly Run[])[] {
  return FRAMEWORKS.flatMap((framework) =>
    REQUESTS.map(({ request }) =>
      runs.filter((run) => run.framework === framework && run.request === request),
    ),
  );
}

/** @param durationMs of each of them, in all its turns together. */
async function measureRound(generator: Child, compared: readonly Run[], durationMs: number): Promise<void> {
  const sums = new Map(compared.map((run) => [run, { rate: 0, serverCpu: 0, generatorCpu: 0 }]));
  for (let turn = 0; turn < TURNS; turn += 1) {
    const first = turn % compared.length;
    for (const run of [...compared.slice(first), ...compared.slice(0, first)]) {
      const turned = await measure(generator, run, durationMs / TURNS);
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

async function measure(generator: Child, run: Run, durationMs: number) {
  const cpuBefore = numberIn(await run.server.ask({}, GRACE_MS), 'cpuMs');
  const result = await load(generator, run, durationMs);
  const cpuAfter = numberIn(await run.server.ask({}, GRACE_MS), 'cpuMs');
  return {
    rate: numberIn(result, 'requestsPerSecond'),
    serverCpu: (cpuAfter - cpuBefore) / durationMs,
    generatorCpu: numberIn(result, 'generatorCpu'),
  };
}

/** Loads a server, and makes sure that it answers as it should. */
async function load(generator: Child, { port, origin, layer }: Run, durationMs: number): Promise<object> {
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
