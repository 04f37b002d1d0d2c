import { parseArgs } from 'node:util';
import { benchDecide } from './decide.js';
import { benchHistory } from './history.js';
import { benchHttp } from './http.js';
import { writeFindings } from './performance-doc.js';
import { benchPropagation } from './propagation.js';
import { describe, type Findings, tableOfBars } from './report.js';

const BENCHES: Readonly<Record<string, (isQuick: boolean) => Promise<Findings>>> = {
  decide: benchDecide,
  history: benchHistory,
  http: benchHttp,
  propagation: benchPropagation,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, write: { type: 'boolean' } },
});
const bench = BENCHES[positionals[0] ?? ''];
if (bench === undefined) {
  const names = Object.keys(BENCHES).join('|');
  console.error(`usage: npm run --silent bench -- ${names} [--json] [--quick] [--write]`);
  process.exit(1);
}
const isQuick = values.quick === true;
if (isQuick && values.write === true) {
  console.error('What --quick measures is too short to be written down.');
  process.exit(1);
}
const { report, tables } = await bench(isQuick);
const text = [...tables, tableOfBars(report.bars), describe(report.machine)].join('\n\n');
if (isQuick) console.error('A quick look, for development: too short to be trusted.');
if (values.write === true) writeFindings(report.name, text);
console.log(values.json === true ? JSON.stringify(report) : text);
if (report.bars.some(({ holds }) => !holds)) process.exitCode = 1;
