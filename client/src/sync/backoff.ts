import { type Deps, jitter } from '../deps.js';

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const JITTER = 0.2;
const FIRST_STREAM_SPREAD_MS = 16_000;
const RETRY_AFTER_MAX_MS = 300_000;

/** The pause after the n-th failure in a row: 1 s doubling to 30 s, ± 20 %. */
export function backoffMs(deps: Deps, failures: number): number {
  return jitter(deps, Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS), JITTER);
}

/**
 * The pause before the stream is tried again after the n-th failure in a row: anywhere within 16 s, doubling to 30 s. A service that
 * goes away cuts all its streams in one moment, so only the width of the spread keeps those who come back from being a flood: with
 * 200 of them at most 40 a second.
 */
export function streamBackoffMs(deps: Deps, failures: number): number {
  return Math.round(deps.random() * Math.min(FIRST_STREAM_SPREAD_MS * 2 ** (failures - 1), LONGEST_MS));
}

/** What the service asked for, up to 5 minutes and up to a fifth more: never less, and not all callers at once. */
export function askedPauseMs(deps: Deps, askedMs: number): number {
  return Math.round(Math.min(askedMs, RETRY_AFTER_MAX_MS) * (1 + JITTER * deps.random()));
}
