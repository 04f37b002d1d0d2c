// Ends a CI run: reads vitest's JSON report, says how many tests passed and failed, and exits as the run did.
// What failed outside a test (a file that does not load, a hook, a server that does not start) counts as one failure each.
import { readFileSync } from 'node:fs';

const [reportPath = '', vitestStatus = '1'] = process.argv.slice(2);
const runFailed = Number(vitestStatus) !== 0;

const { passed, failed, skipped } = count(readReport());
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = runFailed || failed > 0 || passed === 0 ? 1 : 0;

function readReport() {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8'));
  } catch {
    console.log('vitest wrote no report');
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] };
  }
}

function count({ numPassedTests, numFailedTests, numPendingTests, testResults }) {
  const broken = testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
  }).length;
  const failed = numFailedTests + broken;
  return {
    passed: numPassedTests,
    failed: failed === 0 && runFailed ? 1 : failed,
    skipped: numPendingTests,
  };
}
