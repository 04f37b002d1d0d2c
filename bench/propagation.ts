import { type Child, numberIn, startChild } from './child.js';
import { describeMachine } from './machine.js';
import { quantile } from './measure.js';
import { benchHerd } from './propagation-herd.js';
import { benchLargeList } from './propagation-large.js';
import { askAll, nowMs, untilStreaming } from './reader-workers.js';
import { atMost, type Bar, type Findings, round, table } from './report.js';
import { type ServiceNodes, startServiceNodes } from './service-nodes.js';

const WORKERS = 4;
const FULL = { writes: 300, streams: [1, 100, 1_000], pollWrites: 20, polls: 100 };
const QUICK = { writes: 30, streams: [1, 100], pollWrites: 5, polls: 20 };
const WARM_UP_WRITES = 20;
const POLLING = 'polling every second';
const POLL_INTERVAL_MS = 1_000;
const LINEAGE = '00000000-0000-4000-8000-000000000000';
const NO_POLLS_MS = 3_600_000;
/** What a relay does on an undisturbed machine: above it the run says nothing. */
const RELAY_LIMITS_MS: Readonly<Record<number, number>> = { 1: 5, 100: 25, 1000: 100 };
const ANSWER_TIMEOUT_MS = 120_000;
const ARRIVAL_TIMEOUT_MS = 30_000;

/** What one constellation gave, in ms. */
interface Figures {
  readonly name: string;
  readonly streams: number;
  readonly enforced: readonly number[];
  readonly relayed: readonly number[];
  readonly writes: readonly number[];
  readonly quietWrites: readonly number[];
}

/** From a write request to its enforcement in every SDK, beside a bare relay of the same bytes. */
export async function benchPropagation(isQuick: boolean): Promise<Findings> {
  const machine = describeMachine();
  const effort = isQuick ? QUICK : FULL;
  const service = await startServiceNodes(2);
  const relay = startChild('relay.ts', undefined, [service.redisUrl]);
  const workers = Array.from({ length: WORKERS }, () => startChild('readers.ts', undefined));
  try {
    const relayUrl = `http://127.0.0.1:${numberIn(await relay.ask(undefined, ANSWER_TIMEOUT_MS), 'port')}`;
    const figures: Figures[] = [];
    for (const [node, name] of ['the writer’s node', 'another node'].entries()) {
      for (const streams of effort.streams) {
        const setting = { name, node, streams, writes: effort.writes, stream: true };
        figures.push(await run(service, relayUrl, workers, setting));
      }
    }
    const polling = { name: POLLING, node: 0, streams: effort.polls, writes: effort.pollWrites };
    figures.push(await run(service, relayUrl, workers, { ...polling, stream: false }));
    const large = await benchLargeList(service, startChild('readers.ts', undefined), isQuick);
    const herd = await benchHerd(service, workers, isQuick);
    return {
      report: {
        name: 'propagation',
        machine,
        rows: [...figures.map(rowOf), ...large.rows, ...herd.rows],
        bars: [...figures.flatMap(barsOf), ...large.bars, ...herd.bars],
      },
      tables: [tableOf(figures), ...large.tables, ...herd.tables],
    };
  } finally {
    for (const child of [relay, ...workers]) await child.stop();
    await service.stop();
  }
}

interface Setting {
  readonly name: string;
  /** Which node the SDKs are on; writes go to the first. */
  readonly node: number;
  readonly streams: number;
  readonly writes: number;
  readonly stream: boolean;
}

async function run(
  service: ServiceNodes,
  relayUrl: string,
  workers: readonly Child[],
  setting: Setting,
): Promise<Figures> {
  const { name, node, streams, writes, stream } = setting;
  const counts = workers.map((_, index) =>
    Math.floor((streams + workers.length - 1 - index) / workers.length),
  );
  const [tenant, quiet] = [await newTenant(service), await newTenant(service)];
  const url = service.nodes[node]?.url ?? '';
  const { key } = service;
  const pollIntervalMs = stream ? NO_POLLS_MS : POLL_INTERVAL_MS;
  await askAll(workers, (index) => ({
    do: 'open-sdks',
    count: counts[index] ?? 0,
    ...{ url, key, tenant, stream, pollIntervalMs },
  }));
  await askAll(workers, (index) => ({ do: 'open-relays', count: counts[index] ?? 0, url: relayUrl }));
  if (stream) await untilStreaming(workers, streams);

  const busy = workers.filter((_, index) => (counts[index] ?? 0) > 0);
  const figures = { name, streams, ...noFigures() };
  for (let index = -WARM_UP_WRITES; index < writes; index += 1) {
    const isMeasured = index >= 0;
    const revision = index + WARM_UP_WRITES + 2;
    const quietMs = (await write(service, quiet, revision)).tookMs;
    const enforced = await arrivalsOf(busy, 'sdks', revision, () => write(service, tenant, revision));
    // The bytes a reader of ours gets, more or less.
    const frame = `event: delta\ndata: {"tenant":"${tenant}","lineage":"${LINEAGE}","from":${revision - 1},"to":${revision},"ops":[{"op":"put","entry":{"pattern":"https://app.example.com"}}],"count":1}\n\n`;
    const relayed = await arrivalsOf(busy, 'relays', revision, async () => {
      const sentMs = nowMs();
      await service.publish('bench-relay', frame);
      return { sentMs, tookMs: nowMs() - sentMs };
    });
    if (!isMeasured) continue;
    figures.quietWrites.push(quietMs);
    figures.writes.push(enforced.tookMs);
    figures.enforced.push(...enforced.delaysMs);
    figures.relayed.push(...relayed.delaysMs);
  }
  await askAll(workers, () => ({ do: 'close' }));
  return figures;
}

function noFigures() {
  const none = (): number[] => [];
  return { enforced: none(), relayed: none(), writes: none(), quietWrites: none() };
}

/** Adds an origin, or takes it away again. */
async function write(service: ServiceNodes, slug: string, revision: number) {
  const path = `/v1/tenants/${slug}/origins/by-pattern?pattern=https://app.example.com`;
  const sentMs = nowMs();
  if (revision % 2 === 0) await service.call('PUT', path, {});
  else await service.call('DELETE', path);
  return { sentMs, tookMs: nowMs() - sentMs };
}

/** Sends something, and waits until all have it. */
async function arrivalsOf(
  workers: readonly Child[],
  of: 'sdks' | 'relays',
  id: number,
  send: () => Promise<{ readonly sentMs: number; readonly tookMs: number }>,
) {
  await askAll(workers, () => ({ do: 'expect', of, id }));
  const arrivals = Promise.all(workers.map((worker) => worker.ask(undefined, ARRIVAL_TIMEOUT_MS)));
  const [{ sentMs, tookMs }, answers] = await Promise.all([send(), arrivals]);
  const arrivedMs = answers.flatMap((answer): number[] => Reflect.get(answer, 'arrived'));
  return { tookMs, delaysMs: arrivedMs.map((atMs) => atMs - sentMs) };
}

let tenants = 0;

async function newTenant(service: ServiceNodes): Promise<string> {
  tenants += 1;
  const slug = `tenant-${tenants}`;
  await service.call('POST', '/v1/tenants', { slug, name: slug });
  return slug;
}

function rowOf({ name, streams, ...times }: Figures) {
  const { enforced, relayed, writes, quietWrites } = times;
  return {
    setting: name,
    streams,
    writes: writes.length,
    enforcedP50: quantile(enforced, 0.5),
    enforcedP99: quantile(enforced, 0.99),
    ...(relayed.length > 0 && { relayedP50: quantile(relayed, 0.5), relayedP99: quantile(relayed, 0.99) }),
    writeP50: quantile(writes, 0.5),
    quietWriteP50: quantile(quietWrites, 0.5),
  };
}

function barsOf(figures: Figures): readonly Bar[] {
  const { name, streams, enforced, relayed, writes, quietWrites } = figures;
  if (name === POLLING) return [];
  const relayMs = quantile(relayed, 0.99);
  const writeMs = quantile(writes, 0.5);
  const what = `${streams} on ${name}:`;
  return [
    atMost(`${what} relay p99 (above it the run is void)`, relayMs, RELAY_LIMITS_MS[streams] ?? 0, 'ms'),
    atMost(
      `${what} enforced p99 less the write’s median, against the relay’s p99`,
      (quantile(enforced, 0.99) - writeMs) / relayMs,
      3,
      'times',
    ),
    atMost(`${what} a write against one nobody follows`, writeMs / quantile(quietWrites, 0.5), 1.5, 'times'),
  ];
}

function tableOf(figures: readonly Figures[]): string {
  return table(
    ['SDKs', 'streams', 'enforced p50, ms', 'p99', 'relay p50, ms', 'p99', 'write p50, ms', 'unfollowed'],
    figures
      .map(rowOf)
      .map((row) => [
        row.setting,
        String(row.streams),
        round(row.enforcedP50),
        round(row.enforcedP99),
        round(row.relayedP50 ?? Number.NaN),
        round(row.relayedP99 ?? Number.NaN),
        round(row.writeP50),
        round(row.quietWriteP50),
      ]),
  );
}
