import type { PathKind } from '../libraries/policy-path.js';
import type { Program } from '../literal/program.js';
import type { Value, Written } from '../literal/value.js';
import type { RefusalCode } from '../report.js';
import { isApp } from './app-name.js';
import { isHandedOn } from './app-use.js';
import { codeAt, resolveValue, type Scope } from './scope.js';
import { partsOf } from './unsettled-names.js';

/** Where a layer is mounted. */
export type Mount =
  /** On all there is, as far as the source says. */
  | { readonly kind: 'app' }
  /** Values that are no texts are not known. */
  | { readonly kind: 'paths'; readonly paths: readonly Value[]; readonly pathKind: PathKind }
  /** On a part that the source does not name, so that the caller may. */
  | { readonly kind: 'unsaid'; readonly written: Written }
  /** The layer has no effect there, or it cannot be told what it is. */
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      readonly written: Written;
      readonly reason: string;
      readonly instead: string;
    };

export const WHOLE_APP: Mount = { kind: 'app' };

/** A layer that is put to use in a way that is not understood. */
export function notUnderstood({ place, source }: Written): Mount {
  return {
    kind: 'refused',
    code: 'COMPUTED',
    written: { place, source },
    reason: 'What it does with the layer is known only when the program runs.',
    instead: "Write the layer by itself with its path: app.use('/api', cors({ … })), CORS(app, …).",
  };
}

/** One path after the other; a value that is no text stays. */
export function joinPath(prefix: Value | undefined, path: Value): Value {
  if (prefix === undefined) return path;
  if (prefix.kind !== 'text' || path.kind !== 'text') return codeAt(path);
  const stem = prefix.text.replace(/\/$/, '');
  const rest = path.text === '' || path.text.startsWith('/') || stem === '' ? path.text : `/${path.text}`;
  return { ...path, text: stem + rest };
}

/** What is below a router: nothing before it, a prefix, or something that the source does not say. */
export type Prefix =
  | { readonly kind: 'none' }
  | { readonly kind: 'path'; readonly path: Value }
  | { readonly kind: 'unsaid' };

const NONE: Prefix = { kind: 'none' };
const UNSAID: Prefix = { kind: 'unsaid' };
const MAX_DEPTH = 10;
const MAX_LOOK_UPS = 5_000;

/** The prefixes that an app, a router or a blueprint of this name is mounted on. */
export function prefixesOf(name: string, program: Program, scope: Scope, depth = 0): readonly Prefix[] {
  scope.lookUps += 1;
  if (depth > MAX_DEPTH || scope.lookUps > MAX_LOOK_UPS) return [UNSAID];
  const made = resolveValue({ kind: 'name', name, place: { line: 1, column: 1 }, source: name }, scope);
  const mounts = program.statements.flatMap(({ value }) => mountsIn(value, name, scope));
  if (mounts.length === 0) {
    if (isHandedOn(name, program, scope)) return [UNSAID];
    return [isApp(name, made) ? NONE : ownPrefix(made, scope)];
  }
  return mounts.flatMap(({ parent, path }) => {
    const own: Prefix = path === undefined ? ownPrefixOrNone(made, scope) : path;
    if (own.kind === 'unsaid') return [UNSAID];
    return prefixesOf(parent, program, scope, depth + 1).map((above): Prefix => {
      if (above.kind !== 'path' || own.kind !== 'path') return above.kind === 'none' ? own : above;
      return { kind: 'path', path: joinPath(above.path, own.path) };
    });
  });
}

interface RouterMount {
  readonly parent: string;
  /** `undefined` = the router's own. */
  readonly path: Prefix | undefined;
}

const MOUNTING_METHODS = new Set([
  'use',
  'route',
  'mount',
  'register_blueprint',
  'register_blueprints',
  'register',
]);

/** Where a value mounts the router of this name. */
function mountsIn(value: Value, name: string, scope: Scope): readonly RouterMount[] {
  if (value.kind === 'code') {
    const isMounted = value.words.has(name) && [...value.words].some((word) => MOUNTING_METHODS.has(word));
    // `name.use(…).use(…)` goes on with the router itself.
    return isMounted && !value.source.startsWith(`${name}.`) ? [{ parent: '', path: UNSAID }] : [];
  }
  if (value.kind !== 'call') return [];
  const dot = value.callee.lastIndexOf('.');
  const parent = value.callee.slice(0, dot);
  const isMounting = dot !== -1 && parent !== name && MOUNTING_METHODS.has(value.callee.slice(dot + 1));
  if (!isMounting || !mentions(value, name)) return [];
  const direct = value.args.findIndex((argument) => isRouter(argument, name));
  if (direct === -1) return [{ parent, path: UNSAID }];
  const [first] = value.args;
  const prefix = value.named.find(({ key }) => key?.kind === 'text' && key.text === 'url_prefix')?.value;
  const hasMore = value.named.some(({ key }) => key === undefined);
  if (hasMore) return [{ parent, path: UNSAID }];
  const path = prefix ?? (direct === 0 || first === undefined ? undefined : first);
  if (path === undefined) return [{ parent, path: undefined }];
  const resolved = resolveValue(path, scope);
  const paths = resolved.kind === 'list' ? resolved.items : [resolved];
  return paths.map((one) => ({ parent, path: one.kind === 'text' ? { kind: 'path', path: one } : UNSAID }));
}

/** `router`, or `router.routes()` of Koa. */
function isRouter(value: Value, name: string): boolean {
  return value.kind === 'call'
    ? value.callee === `${name}.routes`
    : value.kind === 'name' && value.name === name;
}

function mentions(value: Value, name: string): boolean {
  if (value.kind === 'name') return value.name === name;
  if (value.kind === 'code') return value.words.has(name);
  if (value.kind === 'call' && value.callee.startsWith(`${name}.`)) return true;
  return partsOf(value).some((part) => mentions(part, name));
}

/** `url_prefix` of a blueprint, `prefix` of Koa's router. */
function ownPrefix(made: Value, scope: Scope): Prefix {
  if (made.kind !== 'call') return UNSAID;
  const [options] = made.args;
  const entries = /Blueprint$/.test(made.callee)
    ? made.named
    : options?.kind === 'dict'
      ? options.entries
      : [];
  const own = entries.find(({ key }) => key?.kind === 'text' && /^(?:url_)?prefix$/.test(key.text))?.value;
  const path = own === undefined ? undefined : resolveValue(own, scope);
  if (entries.some(({ key }) => key === undefined)) return UNSAID;
  return path?.kind === 'text' ? { kind: 'path', path } : UNSAID;
}

/** Mounted without a path: its own prefix, or none when it is known to have none. */
function ownPrefixOrNone(made: Value, scope: Scope): Prefix {
  const own = ownPrefix(made, scope);
  if (own.kind === 'path' || made.kind !== 'call') return own;
  const options = /Blueprint$/.test(made.callee) ? made.named : made.args;
  const isPlain = options.every((one) =>
    'key' in one ? one.key?.kind === 'text' && one.key.text !== 'url_prefix' : false,
  );
  return isPlain ? NONE : UNSAID;
}
