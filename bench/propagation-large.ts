import { applyDelta, compileSnapshot, DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { type Child, numberIn } from './child.js';
import { quantile } from './measure.js';
import { askAll, untilStreaming } from './reader-workers.js';
import { atMost, type Bar, round, table } from './report.js';
import type { ServiceNodes } from './service-nodes.js';

const ENTRIES = 100_000;
const FULL = { writes: 50, applies: 200 };
const QUICK = { writes: 10, applies: 50 };
const NO_POLLS_MS = 3_600_000;
const ARRIVAL_TIMEOUT_MS = 30_000;
const MIB = 2 ** 20;

/** One added entry in a list of 100,000: what travels, what it costs the reader, and what holding the list costs. */
export async function benchLargeList(service: ServiceNodes, worker: Child, isQuick: boolean) {
  const effort = isQuick ? QUICK : FULL;
  try {
    await service.call('POST', '/v1/tenants', { slug: 'large', name: 'large' });
    await service.call('POST', '/v1/tenants', { slug: 'small', name: 'small' });
    const patterns = Array.from(
      { length: ENTRIES },
      (_, index) => `https://app${index}.customer${index % 997}.example`,
    );
    await service.call('PUT', '/v1/tenants/large/origins', {
      entries: patterns.map((pattern) => ({ pattern })),
    });
    const [node] = service.nodes;
    const sdk = { url: node?.url ?? '', key: service.key, stream: true, pollIntervalMs: NO_POLLS_MS };

    await askAll([worker], () => ({ do: 'open-sdks', count: 1, ...sdk, tenant: 'small' }));
    await untilStreaming([worker], 1);
    const [empty] = await askAll([worker], () => ({ do: 'heap' }));
    await askAll([worker], () => ({ do: 'close' }));
    await askAll([worker], () => ({ do: 'open-sdks', count: 1, ...sdk, tenant: 'large' }));
    await untilStreaming([worker], 1);
    const [full] = await askAll([worker], () => ({ do: 'heap' }));

    const bytes = await frameBytes(service, effort.writes);
    await askAll([worker], () => ({ do: 'watch-loop' }));
    for (let index = 0; index < effort.writes; index += 1) {
      // The list, its first write and those of the frames came before.
      await askAll([worker], () => ({ do: 'expect', of: 'sdks', id: 2 + effort.writes + index + 1 }));
      const arrival = worker.ask(undefined, ARRIVAL_TIMEOUT_MS);
      await service.call('POST', '/v1/tenants/large/origins', { pattern: `https://new${index}.example.com` });
      await arrival;
    }
    const [loop] = await askAll([worker], () => ({ do: 'loop-pause' }));
    const [heapMiB, rssMiB] = ['heapUsed', 'rss'].map(
      (name) => (numberIn(full ?? {}, name) - numberIn(empty ?? {}, name)) / MIB,
    );
    const row = {
      setting: `one entry into ${ENTRIES}`,
      frameBytes: bytes,
      applyMs: applyMs(patterns, effort.applies),
      loopPauseMs: numberIn(loop ?? {}, 'pauseMs'),
      heapMiB: heapMiB ?? Number.NaN,
      rssMiB: rssMiB ?? Number.NaN,
    };
    const bars: readonly Bar[] = [
      atMost('one entry into 100,000: bytes to an SDK', row.frameBytes, 2_048, 'bytes'),
      atMost('one entry into 100,000: applied in, p99', row.applyMs, 2, 'ms'),
      atMost('one entry into 100,000: longest pause of the event loop', row.loopPauseMs, 10, 'ms'),
      atMost('an SDK with 100,000 entries: heap above an empty one', row.heapMiB, 45, 'MiB'),
    ];
    return {
      rows: [row],
      bars,
      tables: [
        table(
          ['100,000 entries', 'bytes a delta', 'applied p99, ms', 'pause, ms', 'heap, MiB', 'RSS, MiB'],
          [['', ...[row.frameBytes, row.applyMs, row.loopPauseMs, row.heapMiB, row.rssMiB].map(round)]],
        ),
      ],
    };
  } finally {
    await worker.stop();
  }
}

/** The largest of some frames as they come over the wire. */
async function frameBytes(service: ServiceNodes, writes: number): Promise<number> {
  const controller = new AbortController();
  const tenant: unknown = await (await service.read('GET', '/v1/tenants/large')).json();
  if (typeof tenant !== 'object' || tenant === null) throw new Error('no tenant');
  const response = await service.read('POST', '/v1/stream', {
    body: {
      instance: 'bytes',
      tenants: [
        { slug: 'large', lineage: Reflect.get(tenant, 'lineage'), revision: Reflect.get(tenant, 'revision') },
      ],
    },
    signal: controller.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  let most = 0;
  for (let index = 0; index < writes; index += 1) {
    const chunk = reader?.read();
    await service.call('POST', '/v1/tenants/large/origins', { pattern: `https://frame${index}.example.com` });
    most = Math.max(most, (await chunk)?.value?.byteLength ?? Number.POSITIVE_INFINITY);
  }
  controller.abort();
  return most;
}

function applyMs(patterns: readonly string[], times: number): number {
  const compiled = compileSnapshot({
    tenant: 'large',
    lineage: 'a',
    revision: 1,
    count: patterns.length,
    policies: [DEFAULT_POLICY],
    entries: patterns.map((pattern) => ({ pattern })),
  });
  const taken: number[] = [];
  for (let index = 1; index <= times; index += 1) {
    const entry = { pattern: `https://applied${index}.example.com` };
    const startedMs = performance.now();
    applyDelta(compiled, {
      tenant: 'large',
      lineage: 'a',
      from: index,
      to: index + 1,
      ops: [{ op: 'put', entry }],
      count: patterns.length + index,
    });
    taken.push(performance.now() - startedMs);
  }
  return quantile(taken, 0.99);
}
