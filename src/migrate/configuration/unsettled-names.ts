import type { Statement } from '../literal/program.js';
import type { CallValue, Value } from '../literal/value.js';
import { isAppOrRouter } from './app-name.js';

/** Names of a source whose value at the place of use cannot be told. */
export interface UnsettledNames {
  /** Given a value twice, or by code. */
  readonly reassigned: ReadonlySet<string>;
  /** What they hold may be changed: lists and objects of that name, and all that stands below it. */
  readonly touched: ReadonlySet<string>;
  /** A part of them is given a value: they are not what they were, other parts of them are. */
  readonly written: ReadonlySet<string>;
}

interface Found {
  readonly reassigned: Set<string>;
  readonly touched: Set<string>;
  readonly written: Set<string>;
}

/** Calls that leave their arguments as they are. Any other may change them. */
const HARMLESS = new Set(
  'dict list set tuple frozenset Object.freeze RegExp re.compile timedelta datetime.timedelta require import print console.log Flask Blueprint Flask.Flask flask.Blueprint'.split(
    ' ',
  ),
);
/** Those of an app or a router alone: `helpers.get(list)` may be anything. */
const ROUTER_METHODS = new Set(
  'use all get post put patch delete options head route mount register register_blueprint enableCors listen'.split(
    ' ',
  ),
);

interface Sight {
  readonly found: Found;
  readonly defined: ReadonlyMap<string, Value>;
  readonly isLibrary: (callee: string) => boolean;
}

/** The names of a source that something in it may change, wherever that stands: layers read their options with each request. */
export function unsettledNames(
  statements: readonly Statement[],
  isLibrary: (callee: string) => boolean,
): UnsettledNames {
  const found: Found = { reassigned: new Set(), touched: new Set(), written: new Set() };
  const defined = new Map<string, Value>();
  for (const { target, key, value } of statements) {
    if (target === undefined) continue;
    for (const above of prefixesOf(target)) found.written.add(above);
    if (key !== undefined) found.written.add(target);
    else if (defined.has(target)) found.reassigned.add(target);
    else defined.set(target, value);
  }
  const sight: Sight = { found, defined, isLibrary };
  for (const { value } of statements) visit(value, sight);
  spreadToAliases(sight);
  return found;
}

function visit(value: Value, sight: Sight): void {
  const { found } = sight;
  switch (value.kind) {
    case 'code':
      if (value.effect !== 'none') for (const word of value.words) found.touched.add(word);
      if (value.effect === 'assigns') for (const word of value.words) found.reassigned.add(word);
      return;
    case 'call':
      visitCall(value, sight);
      return;
    default:
      for (const part of partsOf(value)) visit(part, sight);
  }
}

function visitCall(call: CallValue, sight: Sight): void {
  const { callee } = call;
  const dot = callee.lastIndexOf('.');
  if (dot !== -1) touch(callee.slice(0, dot), sight.found);
  const parts = partsOf(call);
  // `Object.assign` changes the first of its arguments.
  const changed =
    callee === 'Object.assign' ? parts.slice(0, 1) : isHarmless(callee, dot, sight) ? [] : parts;
  for (const name of changed.flatMap((part) => namesIn(part, sight))) touch(name, sight.found);
  for (const part of parts) visit(part, sight);
}

function isHarmless(callee: string, dot: number, { found, defined, isLibrary }: Sight): boolean {
  if (HARMLESS.has(callee) || isLibrary(callee)) return true;
  if (/(?:^|\.)config\.(?:update|from_mapping)$/.test(callee)) return true;
  const receiver = callee.slice(0, Math.max(dot, 0));
  if (receiver === '' || found.reassigned.has(receiver)) return false;
  const own = defined.get(receiver);
  const made = own?.kind === 'name' ? (defined.get(own.name) ?? own) : own;
  const method = callee.slice(dot + 1);
  if (method !== 'init_app') return ROUTER_METHODS.has(method) && isAppOrRouter(receiver, made);
  return made === undefined ? /cors/i.test(receiver) : made.kind === 'call' && isLibrary(made.callee);
}

function touch(name: string, { touched, written }: Found): void {
  touched.add(name);
  for (const above of prefixesOf(name)) written.add(above);
}

/** `a` and `a.b` of `a.b.c` */
function prefixesOf(name: string): readonly string[] {
  const parts = name.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

/** `const all = list` is the same list. */
function spreadToAliases(sight: Sight): void {
  const { found, defined } = sight;
  const open = [...found.touched, ...found.written];
  const seen = new Set(open);
  for (const name of open) {
    for (const alias of namesIn(defined.get(name), sight)) {
      if (seen.has(alias)) continue;
      seen.add(alias);
      open.push(alias);
      touch(alias, found);
    }
  }
}

/** Names in a value, in lists and objects too; what is spread is copied, and a layer does not hand out its options. */
function namesIn(value: Value | undefined, sight: Pick<Sight, 'isLibrary'>): readonly string[] {
  if (value === undefined || value.kind === 'spread') return [];
  if (value.kind === 'name') return [value.name];
  if (value.kind === 'call' && sight.isLibrary(value.callee)) return [];
  return partsOf(value).flatMap((part) => namesIn(part, sight));
}

/** The values that a value is made of. */
export function partsOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case 'list':
      return value.items;
    case 'dict':
      return value.entries.flatMap(({ key, value: own }) => (key === undefined ? [own] : [key, own]));
    case 'call':
      return [...value.args, ...value.named.map(({ value: own }) => own)];
    case 'spread':
      return [value.value];
    default:
      return [];
  }
}

/** Whether this name cannot be taken for what the source gives it. */
export function isUnsettled(
  name: string,
  value: Value | undefined,
  { reassigned, touched, written }: UnsettledNames,
): boolean {
  if (reassigned.has(name) || prefixesOf(name).some((above) => touched.has(above) || reassigned.has(above)))
    return true;
  const canChange = value?.kind === 'list' || value?.kind === 'dict';
  return canChange && (touched.has(name) || written.has(name));
}
