import type { Program, Statement } from '../literal/program.js';
import type { Place } from '../literal/source-error.js';
import type { CallValue, Value } from '../literal/value.js';
import { keywordsToOptions, type Options } from './options.js';
import { codeAt, resolveValue, type Scope } from './scope.js';

/**
 * The settings of an app that flask-cors takes where a call says nothing: `app.config['CORS_ORIGINS'] = …`, and
 * `app.config.update(CORS_ORIGINS=…)`. A constant `CORS_ORIGINS` is one in a file of settings; beside a call it only may be.
 *
 * @param firstCall where flask-cors is first called; what is set behind it may come too late. `undefined` = nowhere.
 */
export function appConfig({ statements }: Program, scope: Scope, firstCall: Place | undefined): Options {
  const values = new Map<string, Value>();
  const unknown: Value[] = [];
  for (const statement of statements) {
    const own = settingsIn(statement, scope, firstCall !== undefined);
    if (own.unknown.length > 0) values.clear();
    unknown.push(...own.unknown);
    const isLate = firstCall !== undefined && isBehind(statement.value.place, firstCall);
    for (const [name, value] of own.values) {
      const option = name.slice('CORS_'.length).toLowerCase();
      values.set(
        option,
        values.has(option) || isLate ? codeAt({ ...value, source: `${name} ${value.source}` }) : value,
      );
    }
  }
  return { values: new Map([...values].filter(([, { kind }]) => kind !== 'none')), unknown };
}

const NOTHING: Options = { values: new Map(), unknown: [] };

function settingsIn({ target, key, value }: Statement, scope: Scope, isBesideCall: boolean): Options {
  const isSetting = (name: string): boolean => name.startsWith('CORS_');
  if (key !== undefined) {
    return isSetting(key) ? { ...NOTHING, values: new Map([[key, resolveValue(value, scope)]]) } : NOTHING;
  }
  if (target !== undefined && isSetting(target)) {
    const own = isBesideCall ? codeAt({ ...value, source: target }) : resolveValue(value, scope);
    return { ...NOTHING, values: new Map([[target, own]]) };
  }
  if (target?.endsWith('.config') === true) return { ...NOTHING, unknown: [codeAt(value)] };
  if (value.kind === 'code') {
    const changes = target === undefined && value.effect !== 'none' && value.words.has('config');
    return changes ? { ...NOTHING, unknown: [value] } : NOTHING;
  }
  const method = value.kind === 'call' ? /(?:^|\.)config\.(\w+)$/.exec(value.callee)?.[1] : undefined;
  if (value.kind !== 'call' || method === undefined || method === 'get') return NOTHING;
  if (method !== 'update' && method !== 'from_mapping') return { ...NOTHING, unknown: [codeAt(value)] };
  const { values, unknown } = keywordsToOptions(entriesOf(value), scope);
  return { values: new Map([...values].filter(([name]) => isSetting(name))), unknown };
}

function entriesOf({ args, named }: CallValue) {
  return [...args.map((argument) => ({ key: undefined, value: argument })), ...named];
}

function isBehind(one: Place, other: Place): boolean {
  return one.line > other.line || (one.line === other.line && one.column > other.column);
}
