import { setTimeout as pause } from 'node:timers/promises';
import type { Allowlist } from '@origin-allowlist/client';
import { expect, onTestFinished } from 'vitest';
import { eventually } from './setup.js';

/** More than a rejection takes to be told, and an application to be run. */
const SETTLE_MS = 20;

/** Hears, until the test ends, of rejections that nobody handles: outside of tests each would end the process. */
export function hearRejections(): readonly unknown[] {
  const heard: unknown[] = [];
  const hear = (error: unknown) => void heard.push(error);
  process.on('unhandledRejection', hear);
  onTestFinished(() => void process.off('unhandledRejection', hear));
  return heard;
}

/** Waits until the one request that waits for a first load was decided, and what follows from that has run. */
export async function decidedLate(allowlist: Allowlist): Promise<void> {
  await eventually(() => expect(allowlist.status().counters.decisions).toBe(1));
  await pause(SETTLE_MS);
}
