import type { Program, Statement } from '../literal/program.js';
import type { CallValue, Value } from '../literal/value.js';
import { isApp } from './app-name.js';
import { joinPath, type Mount, prefixesOf, WHOLE_APP } from './mount.js';
import { codeAt, libraryOfCallee, resolveValue, type Scope } from './scope.js';

/** The app or blueprint that `CORS(…)` or `init_app(…)` is given. */
export function mountOfApp(call: CallValue, program: Program, scope: Scope): Mount {
  const app = call.args[0] ?? namedValue(call, 'app');
  if (app === undefined || app.kind === 'none') return WHOLE_APP;
  const made = resolveValue(app, scope);
  const unsaid: Mount = { kind: 'unsaid', written: call };
  if (app.kind !== 'name') return isApp('', made) ? WHOLE_APP : unsaid;
  const prefixes = prefixesOf(app.name, program, scope);
  if (prefixes.every(({ kind }) => kind === 'none') && isApp(app.name, made)) return WHOLE_APP;
  // A blueprint without a prefix is some of the app's routes.
  const paths = prefixes.flatMap((one) => (one.kind === 'path' ? [one.path] : []));
  return paths.length === prefixes.length ? { kind: 'paths', paths, pathKind: 'prefix' } : unsaid;
}

function namedValue({ named }: CallValue, name: string): Value | undefined {
  return named.find(({ key }) => key?.kind === 'text' && key.text === name)?.value;
}

/**
 * The routes of a decorator: those above it, without a decorator of a library between. A route below it registers the view as
 * that decorator found it.
 */
export function mountOfDecorator(index: number, program: Program, scope: Scope): Mount {
  const { statements } = program;
  const written = statements[index]?.value ?? codeAt({ place: { line: 1, column: 1 }, source: '' });
  const above = decoratorsFrom(statements, index, -1, scope).toReversed();
  const routes = above.flatMap(({ value }) => routesOf(value, program, scope));
  if (routes.length > 0) return { kind: 'paths', paths: routes, pathKind: 'exact' };
  const below = decoratorsFrom(statements, index, 1, scope);
  if (!below.some(({ value }) => isRoute(value))) return { kind: 'unsaid', written };
  const reason =
    'A route takes the view as it is below the route’s own line, so this decorator above it has no effect.';
  const instead = 'The route above it, if pages may read the view’s answers.';
  return { kind: 'refused', code: 'NEVER_WORKED', written, reason, instead };
}

/** The decorators next to one, in one direction, up to one of a library. */
function decoratorsFrom(
  statements: readonly Statement[],
  index: number,
  step: 1 | -1,
  scope: Scope,
): readonly Statement[] {
  const found: Statement[] = [];
  for (let at = index + step; ; at += step) {
    const statement = statements[at];
    if (statement?.isDecorator !== true) return found;
    const { value } = statement;
    if (value.kind === 'call' && libraryOfCallee(value.callee, scope) !== undefined) return found;
    found.push(statement);
  }
}

const ROUTING = /\.(?:route|get|post|put|patch|delete)$/;

function isRoute(value: Value): value is CallValue {
  return value.kind === 'call' && ROUTING.test(value.callee);
}

/** The paths of one route: one for each place its blueprint is at. */
function routesOf(value: Value, program: Program, scope: Scope): readonly Value[] {
  if (!isRoute(value)) return [];
  const rule = value.args[0] ?? namedValue(value, 'rule');
  const path = rule === undefined ? codeAt(value) : resolveValue(rule, scope);
  const receiver = value.callee.slice(0, value.callee.lastIndexOf('.'));
  return prefixesOf(receiver, program, scope).map((prefix) => {
    if (prefix.kind === 'unsaid') return codeAt(value);
    return prefix.kind === 'none' ? path : joinPath(prefix.path, path);
  });
}
