import { type Deps, jitter } from '../deps.js';

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const JITTER = 0.2;

/** The pause after the n-th failure in a row: 1 s doubling to 30 s, ± 20 %. */
export function backoffMs(deps: Deps, failures: number): number {
  return jitter(deps, Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS), JITTER);
}
