import { readFileSync } from 'node:fs';
import { runCaseFile } from './runner.js';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: npm run --silent cases -- FILE…');
  process.exitCode = 1;
}

const reports = files.map((file) => runCaseFile(file, readFileSync(file, 'utf8')));
for (const line of reports.flatMap((report) => report.lines)) console.error(line);

const passed = reports.reduce((sum, report) => sum + report.passed, 0);
const failed = reports.reduce((sum, report) => sum + report.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || reports.some((report) => !report.isComplete)) process.exitCode = 1;
