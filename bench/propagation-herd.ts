import { setTimeout as delay } from 'node:timers/promises';
import { type Child, numberIn } from './child.js';
import { askAll, nowMs, untilStreaming } from './reader-workers.js';
import { atMost, type Bar, round, table } from './report.js';
import type { ServiceNodes } from './service-nodes.js';

const FULL = { sdks: 200, downMs: 20_000 };
const QUICK = { sdks: 40, downMs: 8_000 };
const SECONDS = 1_000;
const POLL_INTERVAL_MS = 30_000;

/** Kills the service under its SDKs, and brings it back: how hard they try meanwhile, and when all are back. */
export async function benchHerd(service: ServiceNodes, workers: readonly Child[], isQuick: boolean) {
  const { sdks, downMs } = isQuick ? QUICK : FULL;
  const [node] = service.nodes;
  if (node === undefined) throw new Error('no node');
  await service.call('POST', '/v1/tenants', { slug: 'herd', name: 'herd' });
  const { key } = service;
  const count = sdks / workers.length;
  await askAll(workers, () => ({
    do: 'open-sdks',
    count,
    ...{ url: node.url, key, tenant: 'herd', stream: true, pollIntervalMs: POLL_INTERVAL_MS },
  }));
  await untilStreaming(workers, sdks);
  await node.kill();
  await askAll(workers, () => ({ do: 'attempts' }));
  await delay(downMs);
  const attempts = await askAll(workers, () => ({ do: 'attempts' }));
  // The workers' seconds begin within some milliseconds of one another: the sum of their worst is no less than the worst of all.
  const most = attempts.reduce((sum, answer) => sum + numberIn(answer, 'most'), 0);
  const startedMs = nowMs();
  await node.start();
  const upMs = nowMs() - startedMs;
  const backMs = await untilStreaming(workers, sdks);
  await askAll(workers, () => ({ do: 'close' }));
  const bars: readonly Bar[] = [
    atMost(`herd of ${sdks}: calls in the worst second while down`, most, 40, 'calls'),
    atMost(`herd of ${sdks}: all streaming after the service is back`, backMs / SECONDS, 45, 's'),
  ];
  return {
    rows: [{ setting: 'herd', streams: sdks, downMs, mostAttempts: most, startMs: upMs, backMs }],
    bars,
    tables: [
      table(
        ['restart of the service', 'SDKs', 'down, s', 'calls in the worst second', 'all streaming after, s'],
        [['', String(sdks), round(downMs / SECONDS), String(most), round(backMs / SECONDS)]],
      ),
    ],
  };
}
