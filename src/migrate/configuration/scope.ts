import type { Program } from '../literal/program.js';
import type { DictEntry, Value, Written } from '../literal/value.js';
import { type Library, libraryOfModule } from './library.js';
import { literalOf } from './literal-call.js';
import { isUnsettled, partsOf, type UnsettledNames, unsettledNames } from './unsettled-names.js';

/** Names inside names, and names in all, that are looked up: `a = [b, b]`, `b = [c, c]` and so on grows quickly. */
const MAX_DEPTH = 20;
const MAX_LOOK_UPS = 5_000;

/** What the names of a source stand for. */
export interface Scope {
  readonly names: ReadonlyMap<string, Value>;
  readonly unsettled: UnsettledNames;
  /** Libraries by the name that a source gives them. */
  readonly libraries: ReadonlyMap<string, Library>;
  /** Names that a source takes from modules that are none of the libraries. */
  readonly foreign: ReadonlySet<string>;
  /** By name, whether the source hands it on: what was found once. */
  readonly handedOn: Map<string, boolean>;
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
  const foreign = new Set<string>();
  for (const { module, names: imported } of imports) {
    const library = libraryOfModule(module);
    for (const name of imported) {
      if (library !== undefined) libraries.set(name, library);
      else if (libraries.get(name) !== 'flask-decorator') foreign.add(name);
    }
  }
  for (const { target, key, value } of statements) {
    if (target === undefined || key !== undefined) continue;
    const module = requiredModule(value);
    const library = libraryOfModule(module ?? '');
    if (library !== undefined) libraries.set(target, library);
    else if (module !== undefined) foreign.add(target);
    else names.set(target, value);
  }
  const scope = { names, libraries, foreign, handedOn: new Map<string, boolean>(), lookUps: 0 };
  const unsettled = unsettledNames(statements, (callee) => libraryOfCallee(callee, scope) !== undefined);
  return { ...scope, unsettled };
}

/** `'cors'` of `require('cors')` and `import('cors')`. */
export function requiredModule(value: Value | undefined): string | undefined {
  const isRequired = value?.kind === 'call' && (value.callee === 'require' || value.callee === 'import');
  const argument = isRequired ? value.args[0] : undefined;
  return argument?.kind === 'text' ? argument.text : undefined;
}

/** The library that a call puts to use: `cors`, `cors.default`, `flask_cors.CORS`; `'unknown'` for `cors` without an import. */
export function libraryOfCallee(
  callee: string,
  { libraries, foreign }: Pick<Scope, 'libraries' | 'foreign'>,
): Library | 'unknown' | undefined {
  const [, root = callee] = /^([^.]+)\.(?:default|cors|CORS|cross_origin)$/.exec(callee) ?? [];
  if (foreign.has(root)) return undefined;
  return libraries.get(root) ?? (root === 'cors' ? 'unknown' : undefined);
}

/** Something of which only the running program would tell what it is. */
export function codeAt({ place, source }: Written): Value {
  return { kind: 'code', words: new Set(), effect: 'none', place, source };
}

/**
 * Whether a name, or a call or code in a value, puts a library to use.
 *
 * @param follows names that stand for layers, too.
 */
export function mentionsLibrary(value: Value, scope: Scope, follows = true): boolean {
  const isLibrary = (name: string): boolean =>
    libraryOfCallee(name, scope) !== undefined || (scope.foreign.has(name) && /^(?:cors|CORS)$/.test(name));
  const isUse = (name: string): boolean => isLibrary(name) || (follows && isLayer(name, value, scope));
  switch (value.kind) {
    case 'name':
      return isUse(value.name);
    case 'code':
      return [...value.words].some((word) => isUse(word) || libraryOfModule(word) !== undefined);
    case 'call':
      if (isLibrary(value.callee) || libraryOfModule(requiredModule(value) ?? '') !== undefined) return true;
      break;
  }
  return partsOf(value).some((part) => mentionsLibrary(part, scope, follows));
}

/** `layer` of `const layer = cors({…})`; a name is taken for one when there are too many to look up. */
function isLayer(name: string, { place }: Written, scope: Scope): boolean {
  if (scope.lookUps > MAX_LOOK_UPS) return true;
  if (!scope.names.has(name)) return false;
  const value = resolveValue({ kind: 'name', name, place, source: name }, scope);
  return mentionsLibrary(value, scope, false);
}

/** What a name stands for, in lists and objects too; a name that the source does not define, or changes, stays. */
export function resolveValue(value: Value, scope: Scope, depth = 0): Value {
  scope.lookUps += 1;
  if (depth > MAX_DEPTH || scope.lookUps > MAX_LOOK_UPS) return value;
  switch (value.kind) {
    case 'name': {
      const known = scope.names.get(value.name) ?? memberOf(value, scope, depth);
      if (known === undefined) return value;
      const resolved = resolveValue(known, scope, depth + 1);
      return isUnsettled(value.name, resolved, scope.unsettled) ? value : resolved;
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
      const args = value.args.flatMap((argument) => resolveItem(argument, scope, depth));
      const named = value.named.map((entry) => resolveEntry(entry, scope, depth));
      return literalOf({ ...value, args, named });
    }
    default:
      return value;
  }
}

/** `'/orders'` of `PATHS.orders` after `const PATHS = { orders: '/orders' }` */
function memberOf({ name, ...written }: NameValue, scope: Scope, depth: number): Value | undefined {
  const dot = name.lastIndexOf('.');
  if (dot === -1) return undefined;
  const whole = resolveValue({ ...written, name: name.slice(0, dot) }, scope, depth + 1);
  if (whole.kind !== 'dict') return undefined;
  const own = whole.entries.filter(({ key }) => key?.kind !== 'text' || key.text === name.slice(dot + 1));
  return own.length === 1 && own[0]?.key !== undefined ? own[0].value : undefined;
}

type NameValue = Extract<Value, { readonly kind: 'name' }>;

function resolveItem(item: Value, scope: Scope, depth: number): readonly Value[] {
  const resolved = resolveValue(item, scope, depth + 1);
  return item.kind === 'spread' && resolved.kind === 'list' ? resolved.items : [resolved];
}

function resolveEntry({ key, value }: DictEntry, scope: Scope, depth: number): DictEntry {
  const resolved = resolveValue(value, scope, depth + 1);
  return { key: key === undefined ? undefined : resolveValue(key, scope, depth + 1), value: resolved };
}
