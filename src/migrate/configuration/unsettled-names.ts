import type { Statement } from '../literal/program.js';
import type { CallValue, Value } from '../literal/value.js';

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
const HARMLESS_METHODS = new Set(
  'use all get post put patch delete options head route mount register register_blueprint init_app enableCors listen update from_mapping'.split(
    ' ',
  ),
);

/** The names of a source that something in it may change, wherever that stands: layers read their options with each request. */
export function unsettledNames(
  statements: readonly Statement[],
  isLibrary: (callee: string) => boolean,
): UnsettledNames {
  const found: Found = { reassigned: new Set(), touched: new Set(), written: new Set() };
  const defined = new Map<string, Value>();
  for (const { target, key, value } of statements) {
    visit(value, found, isLibrary);
    if (target === undefined) continue;
    for (const above of prefixesOf(target)) found.written.add(above);
    if (key !== undefined) found.written.add(target);
    else if (defined.has(target)) found.reassigned.add(target);
    else defined.set(target, value);
  }
  spreadToAliases(found, defined);
  return found;
}

function visit(value: Value, found: Found, isLibrary: (callee: string) => boolean): void {
  switch (value.kind) {
    case 'code':
      if (value.effect !== 'none') for (const word of value.words) found.touched.add(word);
      if (value.effect === 'assigns') for (const word of value.words) found.reassigned.add(word);
      return;
    case 'call':
      visitCall(value, found, isLibrary);
      return;
    default:
      for (const part of partsOf(value)) visit(part, found, isLibrary);
  }
}

function visitCall(call: CallValue, found: Found, isLibrary: (callee: string) => boolean): void {
  const { callee } = call;
  const dot = callee.lastIndexOf('.');
  if (dot !== -1) touch(callee.slice(0, dot), found);
  const parts = partsOf(call);
  const isHarmless =
    HARMLESS.has(callee) || isLibrary(callee) || (dot !== -1 && HARMLESS_METHODS.has(callee.slice(dot + 1)));
  // `Object.assign` changes the first of its arguments.
  const changed = callee === 'Object.assign' ? parts.slice(0, 1) : isHarmless ? [] : parts;
  for (const name of changed.flatMap(namesIn)) touch(name, found);
  for (const part of parts) visit(part, found, isLibrary);
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
function spreadToAliases(found: Found, defined: ReadonlyMap<string, Value>): void {
  const open = [...found.touched, ...found.written];
  const seen = new Set(open);
  for (const name of open) {
    for (const alias of namesIn(defined.get(name))) {
      if (seen.has(alias)) continue;
      seen.add(alias);
      open.push(alias);
      touch(alias, found);
    }
  }
}

/** Names in a value, in lists and objects too; what is spread is copied. */
function namesIn(value: Value | undefined): readonly string[] {
  if (value === undefined || value.kind === 'spread') return [];
  if (value.kind === 'name') return [value.name];
  return partsOf(value).flatMap(namesIn);
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
