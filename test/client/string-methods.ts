/** Tells, as JSON, whether V8 keeps the methods of texts in a fast table: at first, after a class extends `String`, and so on. */
import { setFlagsFromString } from 'node:v8';
import { createAllowlist } from '@origin-allowlist/client';

setFlagsFromString('--allow-natives-syntax');
const isFast: unknown = new Function('return %HasFastProperties(String.prototype)');
const told: unknown[] = [];
const tell = () => told.push(typeof isFast === 'function' && isFast());

const classes: unknown[] = [];
const extendString = () => classes.push(class Verbatim extends String {});
const start = () => createAllowlist({ url: 'http://127.0.0.1:1', key: 'none', tenant: 'acme' }).close();

tell();
for (const step of process.argv[2] === 'class first'
  ? [extendString, start, extendString]
  : [start, extendString]) {
  step();
  tell();
}
process.stdout.write(JSON.stringify(told));
