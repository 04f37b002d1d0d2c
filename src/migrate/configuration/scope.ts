import type { Program } from '../literal/program.js';
import type { DictEntry, Value } from '../literal/value.js';
import { type Library, libraryOfModule } from './library.js';
import { literalOf } from './literal-call.js';

/** Options by name, names of other values put in. */
export interface Options {
  readonly values: ReadonlyMap<string, Value>;
  /** What the source spreads into them and does not define. */
  readonly unknown: readonly Value[];
}

/** Names inside names, and names in all, that are looked up: `a = [b, b]`, `b = [c, c]` and so on grows quickly. */
const MAX_DEPTH = 20;
const MAX_LOOK_UPS = 5_000;

/** What the names of a source stand for. */
export interface Scope {
  readonly names: ReadonlyMap<string, Value>;
  /** Libraries by the name that a source gives them. */
  readonly libraries: ReadonlyMap<string, Library>;
  lookUps: number;
}

const DEFAULT_NAMES: readonly (readonly [string, Library])[] = [
  ['CORS', 'flask-cors'],
  ['cross_origin', 'flask-cors'],
  ['crossdomain', 'flask-decorator'],
  ['cross_domain', 'flask-decorator'],
];

/** The scope of a source: its imports and what it gives names to. */
export function createScope({ imports, statements }: Program): Scope {
  const names = new Map<string, Value>();
  const libraries = new Map<string, Library>(DEFAULT_NAMES);
  for (const { module, names: imported } of imports) {
    const library = libraryOfModule(module);
    if (library === undefined) continue;
    for (const name of imported) libraries.set(name, library);
  }
  for (const { target, key, value } of statements) {
    if (target === undefined || key !== undefined) continue;
    const library = libraryOfModule(requiredModule(value) ?? '');
    if (library === undefined) names.set(target, value);
    else libraries.set(target, library);
  }
  return { names, libraries, lookUps: 0 };
}

/** `'cors'` of `require('cors')`. */
export function requiredModule(value: Value | undefined): string | undefined {
  const argument = value?.kind === 'call' && value.callee === 'require' ? value.args[0] : undefined;
  return argument?.kind === 'text' ? argument.text : undefined;
}

/** Entries as options: spreads put in, names looked up; a later one wins. */
export function entriesToOptions(entries: readonly DictEntry[], scope: Scope): Options {
  const values = new Map<string, Value>();
  const unknown: Value[] = [];
  for (const { key, value } of entries) {
    const resolved = resolveValue(value, scope);
    if (key?.kind === 'text') values.set(key.text, resolved);
    else if (key === undefined && resolved.kind === 'dict') {
      const spread = entriesToOptions(resolved.entries, scope);
      for (const [name, own] of spread.values) values.set(name, own);
      unknown.push(...spread.unknown);
    } else unknown.push(key ?? value);
  }
  return { values, unknown };
}

/** What a name stands for, in lists and objects too; a name that the source does not define stays. */
export function resolveValue(value: Value, scope: Scope, depth = 0): Value {
  scope.lookUps += 1;
  if (depth > MAX_DEPTH || scope.lookUps > MAX_LOOK_UPS) return value;
  switch (value.kind) {
    case 'name': {
      const known = scope.names.get(value.name);
      return known === undefined ? value : resolveValue(known, scope, depth + 1);
    }
    case 'spread': {
      const inner = resolveValue(value.value, scope, depth + 1);
      return inner.kind === 'dict' || inner.kind === 'list' ? inner : value;
    }
    case 'list':
      return { ...value, items: value.items.flatMap((item) => resolveItem(item, scope, depth)) };
    case 'dict':
      return { ...value, entries: value.entries.map((entry) => resolveEntry(entry, scope, depth)) };
    case 'call': {
      const args = value.args.map((argument) => resolveValue(argument, scope, depth + 1));
      return literalOf({ ...value, args });
    }
    default:
      return value;
  }
}

function resolveItem(item: Value, scope: Scope, depth: number): readonly Value[] {
  const resolved = resolveValue(item, scope, depth + 1);
  return item.kind === 'spread' && resolved.kind === 'list' ? resolved.items : [resolved];
}

function resolveEntry({ key, value }: DictEntry, scope: Scope, depth: number): DictEntry {
  const resolved = resolveValue(value, scope, depth + 1);
  return { key: key === undefined ? undefined : resolveValue(key, scope, depth + 1), value: resolved };
}
