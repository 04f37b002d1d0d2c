import fc from 'fast-check';
import { describe, it } from 'vitest';
import { LAWS } from './laws.js';

/** What `npm run fuzz` does at length: once with what is known, once with what nobody has seen yet. */
const RUNS = 2000;
const SEEDS = [20_300_101, Date.now() % 2 ** 31];

describe.each(SEEDS)('given origins, lists and requests generated from seed %i', (seed) => {
  it.each(LAWS)('$name by the engine and by the slow matcher', ({ property, share }) => {
    fc.assert(property, { seed, numRuns: (RUNS * share) / 100 });
  });
});
