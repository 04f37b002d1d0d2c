/**
 * A worker of `bench propagation`: SDK clients, and plain readers of a relay, in a process of its own. Answers one question at a
 * time; between questions it tells what has arrived.
 */
import http from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Allowlist, createAllowlist } from '@origin-allowlist/client';

/** What the worker is asked to do. */
export type Question =
  | ({
      readonly do: 'open-sdks';
      readonly count: number;
      readonly url: string;
      readonly key: string;
    } & SdkSettings)
  | { readonly do: 'open-relays'; readonly count: number; readonly url: string }
  | { readonly do: 'expect'; readonly of: Kind; readonly id: number }
  | { readonly do: 'states' }
  | { readonly do: 'attempts' }
  | { readonly do: 'heap' }
  | { readonly do: 'watch-loop' }
  | { readonly do: 'loop-pause' }
  | { readonly do: 'close' };

type Kind = 'sdks' | 'relays';

interface SdkSettings {
  readonly tenant: string;
  readonly stream: boolean;
  readonly pollIntervalMs: number;
}

const NANOSECONDS_IN_MS = 1e6;
const READY_TIMEOUT_MS = 60_000;
const OPENED_AT_ONCE = 10;
const SECOND_MS = 1_000;

let sdks: Allowlist[] = [];
let relays: http.ClientRequest[] = [];
/** When each message arrived, in ms of the machine's monotonic clock, which all processes share. */
let arrivals: number[] = [];
let expected: { readonly of: Kind; readonly id: number; readonly count: number } | undefined;
/** SDK calls begun in each second since the first. */
let attempts: number[] = [];
let firstAttemptMs: number | undefined;
const loop = monitorEventLoopDelay({ resolution: 1 });

process.on('message', (question: Question) => {
  answer(question).then(
    (told) => told !== undefined && process.send?.(told),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
// Without a parent nobody would stop it.
process.on('disconnect', () => process.exit());

async function answer(question: Question): Promise<object | undefined> {
  switch (question.do) {
    case 'open-sdks':
      await inGroups(question.count, () => openSdk(question));
      return { open: sdks.length };
    case 'open-relays':
      await inGroups(question.count, () => openRelay(question.url));
      return { open: relays.length };
    case 'expect':
      expected = { ...question, count: { sdks, relays }[question.of].length };
      return { expecting: question.id };
    case 'states':
      return { streaming: sdks.filter((sdk) => sdk.status().transport.state === 'streaming').length };
    case 'attempts':
      return takeAttempts();
    case 'heap':
      globalThis.gc?.();
      return { heapUsed: process.memoryUsage().heapUsed, rss: process.memoryUsage().rss };
    case 'watch-loop':
      loop.enable();
      loop.reset();
      return {};
    case 'loop-pause':
      return { pauseMs: loop.max / NANOSECONDS_IN_MS };
    case 'close':
      for (const sdk of sdks) sdk.close();
      for (const relay of relays) relay.destroy();
      [sdks, relays, arrivals, expected] = [[], [], [], undefined];
      return {};
  }
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / NANOSECONDS_IN_MS;
}

async function openSdk({
  url,
  key,
  tenant,
  stream,
  pollIntervalMs,
}: { readonly url: string; readonly key: string } & SdkSettings) {
  const sdk = createAllowlist({ url, key, tenant, stream, pollIntervalMs, deps: { fetch: countingFetch } });
  sdks.push(sdk);
  await sdk.ready({ timeoutMs: READY_TIMEOUT_MS });
  // Told when the list is swapped in: from then on requests are decided by it.
  sdk.on('changed', ({ to }) => arrived('sdks', to?.revision));
}

function countingFetch(url: string, init: RequestInit): Promise<Response> {
  firstAttemptMs ??= performance.now();
  const second = Math.floor((performance.now() - firstAttemptMs) / SECOND_MS);
  attempts[second] = (attempts[second] ?? 0) + 1;
  return fetch(url, init);
}

function takeAttempts(): object {
  const most = Math.max(0, ...Array.from(attempts, (count = 0) => count));
  [attempts, firstAttemptMs] = [[], undefined];
  return { most };
}

function openRelay(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
          arrived('relays', Number(/"to":(\d+)/.exec(text.slice(0, end))?.[1]));
          text = text.slice(end + 2);
        }
      });
      resolve();
    });
    request.on('error', reject);
    relays.push(request);
  });
}

function arrived(of: Kind, id: number | undefined): void {
  if (of !== expected?.of || id !== expected.id) return;
  arrivals.push(nowMs());
  if (arrivals.length < expected.count) return;
  process.send?.({ arrived: arrivals });
  arrivals = [];
}

async function inGroups(count: number, open: () => Promise<void>): Promise<void> {
  for (let opened = 0; opened < count; opened += OPENED_AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(OPENED_AT_ONCE, count - opened) }, open));
  }
}
