import type { SnapshotEntry } from '@origin-allowlist/client/core';
import { createRandom, type Random } from './random.js';

/** How many origins of a list the requests come from, as in an hour of an ordinary API. */
const REGULARS = 64;

/** A list of some size, in the forms that the candidates take, and the requests that are made to it. */
export interface BenchList {
  readonly size: number;
  /** Ours: half of it exact, a quarter subdomains and a quarter affixes. With one entry it is the exact one. */
  readonly entries: readonly SnapshotEntry[];
  /** As many wildcards and nothing else, half of them subdomains and half affixes. */
  readonly wildcards: readonly SnapshotEntry[];
  /** For those that take a list of texts: as many exact origins. */
  readonly origins: readonly string[];
  /** Exact origins of `entries`: some of them, and all. */
  readonly regulars: readonly string[];
  readonly everybody: readonly string[];
  /** Origins that some of `wildcards` cover. */
  readonly covered: readonly string[];
  /** Origins that no entry covers, though their hosts are like those of some that do. */
  readonly strangers: readonly string[];
}

/** @param size entries. */
export function createList(size: number): BenchList {
  const random = createRandom(size);
  const hosts = Array.from({ length: size }, (_, index) => hostOf(random, index));
  const entries = hosts.map((host, index) => ({ pattern: patternOf(host, size === 1 ? 0 : index % 4) }));
  const wildcards = hosts.map((host, index) => ({ pattern: patternOf(host, 1 + 2 * (index % 2)) }));
  const everybody = entries.map(({ pattern }) => pattern).filter((pattern) => !pattern.includes('*'));
  const some = Array.from({ length: Math.min(size, REGULARS) }, () => random(size));
  return {
    size,
    entries,
    wildcards,
    origins: hosts.map((host) => `https://app.${host}`),
    regulars: pickSome(random, everybody),
    everybody,
    covered: some.map((index) => coveredBy(random, wildcards[index]?.pattern ?? '')),
    strangers: some.map((index) => `https://app.${hosts[index]}.example`),
  };
}

const WORDS = ['acme', 'billing', 'shop', 'portal', 'preview', 'status', 'internal', 'docs', 'a', 'checkout'];
const SUFFIXES = ['com', 'example', 'co.uk', 'dev', 'internal.example.com'];

/** Names of different lengths and depths; the number keeps them apart. */
function hostOf(random: Random, index: number): string {
  return `${word(random)}-${index}.${word(random)}.${SUFFIXES[random(SUFFIXES.length)] ?? ''}`;
}

function patternOf(host: string, kind: number): string {
  if (kind === 1) return `https://*.${host}`;
  if (kind === 3) return `https://pr-*-${host.split('-', 1).join()}.${host}`;
  return `https://app.${host}`;
}

function coveredBy(random: Random, pattern: string): string {
  return pattern.includes('*.')
    ? pattern.replace('*', `${word(random)}.${word(random)}`)
    : pattern.replace('*', String(random(10_000)));
}

function word(random: Random): string {
  return WORDS[random(WORDS.length)] ?? '';
}

function pickSome(random: Random, values: readonly string[]): readonly string[] {
  return Array.from({ length: Math.min(values.length, REGULARS) }, () => values[random(values.length)] ?? '');
}
