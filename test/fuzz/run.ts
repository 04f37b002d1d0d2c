import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { LAWS } from './laws.js';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const runs = Number(values.runs ?? 200_000);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  console.error('usage: npm run --silent fuzz [-- --runs N --seed S]');
  process.exit(1);
}

console.log(`seed ${seed}`);
let passed = 0;
let failed = 0;
for (const { name, share, property } of LAWS) {
  const startedMs = Date.now();
  const details = fc.check(property, { numRuns: Math.ceil((runs * share) / 100), seed, maxSkipsPerRun: 0 });
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  const isBroken = details.failed;
  passed += details.numRuns - (isBroken ? 1 : 0);
  failed += isBroken ? 1 : 0;
  console.log(`${isBroken ? 'FAILED' : 'holds '} ${name} (${details.numRuns} runs, ${seconds} s)`);
  if (!isBroken) continue;
  const { errorInstance } = details;
  console.log(`  ${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}`);
  console.log(`  shrunk ${details.numShrinks} times; again: npm run fuzz -- --runs ${runs} --seed ${seed}`);
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
