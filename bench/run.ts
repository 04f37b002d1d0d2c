import { parseArgs } from 'node:util';
import { writeFindings } from './performance-doc.js';
import { describe, type Findings, tableOfBars } from './report.js';

type Bench = (isQuick: boolean) => Promise<Findings>;

/** Each is loaded alone: what another needs has been seen to slow down the whole process. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  decide: async () => (await import('./decide.js')).benchDecide,
  history: async () => (await import('./history.js')).benchHistory,
  http: async () => (await import('./http.js')).benchHttp,
  propagation: async () => (await import('./propagation.js')).benchPropagation,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, write: { type: 'boolean' } },
});
const load = BENCHES[positionals[0] ?? ''];
if (load === undefined) {
  const names = Object.keys(BENCHES).join('|');
  console.error(`usage: npm run --silent bench -- ${names} [--json] [--quick] [--write]`);
  process.exit(1);
}
const isQuick = values.quick === true;
if (isQuick && values.write === true) {
  console.error('What --quick measures is too short to be written down.');
  process.exit(1);
}
const bench = await load();
const { report, tables } = await bench(isQuick);
const text = [...tables, tableOfBars(report.bars), describe(report.machine)].join('\n\n');
if (isQuick) console.error('A quick look, for development: too short to be trusted.');
if (values.write === true) writeFindings(report.name, text);
console.log(values.json === true ? JSON.stringify(report) : text);
if (report.bars.some(({ holds }) => !holds)) process.exitCode = 1;
