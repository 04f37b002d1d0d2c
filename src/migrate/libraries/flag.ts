import type { Options } from '../configuration/options.js';
import type { Value } from '../literal/value.js';
import type { Report } from '../report.js';
import { refuseValue } from './option-value.js';

/** What a library takes a value for: on or off; `undefined` for a value that only the running program knows. */
export type Truth = (value: Value) => boolean | undefined;

/** Whether an option is on, as its library reads it; `undefined` when it is not given or cannot be told, which is refused. */
export function readFlag(options: Options, name: string, truth: Truth, report: Report): boolean | undefined {
  const value = options.values.get(name);
  if (value === undefined) return undefined;
  const isOn = truth(value);
  if (isOn === undefined) refuseValue(report, value);
  return isOn;
}

/** `if (value)`, `!!value`: lists and objects are true, also empty ones. */
export function javaScriptTruth(value: Value): boolean | undefined {
  return truthOf(value, () => true);
}

/** `if value:`, where lists and dicts that are empty are false. */
export function pythonTruth(value: Value): boolean | undefined {
  return truthOf(value, (members) => {
    // What is spread into it may be empty.
    if (members.some(isComputed) && members.every(isComputed)) return undefined;
    return members.length > 0;
  });
}

/** `value === true` */
export function strictTruth(value: Value): boolean | undefined {
  return isComputed(value) ? undefined : value.kind === 'boolean' && value.boolean;
}

function truthOf(
  value: Value,
  ofMembers: (members: readonly Value[]) => boolean | undefined,
): boolean | undefined {
  switch (value.kind) {
    case 'boolean':
      return value.boolean;
    case 'number':
      return value.number !== 0;
    case 'text':
      return value.text !== '';
    case 'duration':
      return value.seconds !== 0;
    case 'none':
      return false;
    case 'regex':
      return true;
    case 'list':
      return ofMembers(value.items);
    case 'dict':
      return ofMembers(value.entries.map((entry) => entry.key ?? entry.value));
    case 'call':
    case 'name':
    case 'spread':
    case 'code':
      return undefined;
  }
}

function isComputed({ kind }: Value): boolean {
  return kind === 'call' || kind === 'name' || kind === 'spread' || kind === 'code';
}
