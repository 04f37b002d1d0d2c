import type { PathKind } from '../libraries/policy-path.js';
import type { Program } from '../literal/program.js';
import type { CallValue, Value } from '../literal/value.js';
import { isApp } from './app-name.js';
import { joinPath, type Mount, prefixesOf, WHOLE_APP } from './mount.js';
import { codeAt, mentionsLibrary, resolveValue, type Scope } from './scope.js';

/** Methods of routers that put a layer on a path. */
const MOUNTING: ReadonlyMap<string, PathKind> = new Map<string, PathKind>([
  ['use', 'prefix'],
  ...['all', 'get', 'post', 'put', 'patch', 'delete', 'options', 'head'].map(
    (verb) => [verb, 'exact'] as const,
  ),
]);

/** Whether a method of this name puts layers on a path. */
export function isMounting(method: string): boolean {
  return MOUNTING.has(method);
}

/** Where `app.use(…)`, `router.get(…)` and the like put their layers. */
export function mountOfRouter(call: CallValue, program: Program, scope: Scope): Mount {
  const dot = call.callee.lastIndexOf('.');
  const receiver = call.callee.slice(0, dot);
  const pathKind = MOUNTING.get(call.callee.slice(dot + 1)) ?? 'prefix';
  const args = call.args.flatMap((argument) => resolveAll(argument, scope));
  const [first, second] = args;
  const prefixes = prefixesOf(receiver, program, scope);
  const unsaid: Mount = { kind: 'unsaid', written: call };
  if (prefixes.some(({ kind }) => kind === 'unsaid')) return unsaid;
  const isPathless = first !== undefined && first.kind !== 'spread' && mentionsLibrary(first, scope);
  if (isPathless) {
    if (pathKind === 'exact') return unsaid;
    const paths = prefixes.flatMap((one) => (one.kind === 'path' ? [one.path] : []));
    if (paths.length > 0 && paths.length === prefixes.length) return { kind: 'paths', paths, pathKind };
    return isApp(receiver, madeOf(receiver, call, scope)) ? WHOLE_APP : unsaid;
  }
  // Koa's routers take a name before the path.
  const own = second !== undefined && isPath(second) ? [codeAt(call)] : pathsIn(first ?? call);
  const paths = prefixes.flatMap((prefix) =>
    own.map((path) => joinPath(prefix.kind === 'path' ? prefix.path : undefined, path)),
  );
  return { kind: 'paths', paths, pathKind };
}

function madeOf(receiver: string, call: CallValue, scope: Scope): Value {
  return resolveValue({ kind: 'name', name: receiver, place: call.place, source: receiver }, scope);
}

/** An argument; what is spread into a call, one by one. */
export function resolveAll(argument: Value, scope: Scope): readonly Value[] {
  const resolved = resolveValue(argument, scope);
  return argument.kind === 'spread' && resolved.kind === 'list' ? resolved.items : [resolved];
}

function isPath({ kind }: Value): boolean {
  return kind === 'text' || kind === 'regex';
}

function pathsIn(value: Value): readonly Value[] {
  return value.kind === 'list' && value.items.length > 0 ? value.items : [value];
}
