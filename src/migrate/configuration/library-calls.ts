import type { PathKind } from '../libraries/policy-path.js';
import type { Program, Statement } from '../literal/program.js';
import type { CallValue, Value } from '../literal/value.js';
import { type Library, libraryOfModule } from './library.js';
import { entriesToOptions, requiredModule, resolveValue, type Scope } from './scope.js';

/** A call that puts a library to use. */
export interface LibraryCall {
  readonly call: CallValue;
  /** `undefined` for `cors(…)` without an import: it may be any of the JavaScript libraries that have it. */
  readonly library: Library | undefined;
  /** The path it is mounted on; `undefined` when the source does not say. */
  readonly path: Value | undefined;
  readonly pathKind: PathKind;
  /** The options, when they are one argument of the call; flask-cors takes them as keywords. */
  readonly options: Value | undefined;
}

/** The calls of a source that put a library to use, each once. */
export function findLibraryCalls(program: Program, scope: Scope): readonly LibraryCall[] {
  const calls = program.statements.flatMap((statement, index) =>
    callsIn(statement.value, scope).map((found) => ({
      ...withRoute(found, program.statements, index),
      isNamed: statement.target !== undefined,
    })),
  );
  return calls.filter((found) => !isUsedElsewhere(found, calls));
}

/** `const layer = cors({…})` says nothing that `app.use(layer)` does not; nor does `CORS()` beside its `init_app`. */
function isUsedElsewhere(
  { call, isNamed }: LibraryCall & { readonly isNamed: boolean },
  all: readonly LibraryCall[],
): boolean {
  return (
    isNamed && all.some((other) => other.call !== call && (isAt(other.call, call) || isInit(other.call)))
  );
}

function isAt({ place }: CallValue, { place: other }: CallValue): boolean {
  return place.line === other.line && place.column === other.column;
}

function isInit({ callee }: CallValue): boolean {
  return callee.endsWith('.init_app');
}

/** With the path of `@app.route('/predict')` when that stands among the decorators above. */
function withRoute(found: LibraryCall, statements: readonly Statement[], index: number): LibraryCall {
  if (found.path !== undefined) return found;
  for (let above = index - 1; statements[above]?.isDecorator === true; above -= 1) {
    const value = statements[above]?.value;
    if (value?.kind === 'call' && value.callee.endsWith('.route')) {
      return { ...found, path: value.args[0], pathKind: 'exact' };
    }
  }
  return found;
}

const WHOLE_APP = { path: undefined, pathKind: 'prefix', options: undefined } as const;

function callsIn(value: Value, scope: Scope): readonly LibraryCall[] {
  if (value.kind !== 'call') return [];
  const { callee, args } = value;
  const method = callee.slice(callee.lastIndexOf('.') + 1);
  const library = scope.libraries.get(callee);
  if (library === 'flask-cors' || library === 'flask-decorator') {
    return [{ ...WHOLE_APP, call: value, library, path: pathOfApp(value, scope) }];
  }
  if (isInit(value)) return initialised(value, scope);
  if (method === 'register') return registered(value, scope);
  // NestJS hands its options on to `cors`.
  if (method === 'enableCors') return [{ ...WHOLE_APP, call: value, library: 'cors', options: args[0] }];
  if (library !== undefined || callee === 'cors') {
    return [{ ...WHOLE_APP, call: value, library, options: args[0] }];
  }
  const pathKind = MOUNTING.get(method);
  if (pathKind === undefined) return [];
  const path = args.find(({ kind }) => kind === 'text');
  const layers = args.flatMap((argument) => callsIn(resolveValue(argument, scope), scope));
  return layers.map((layer) => ({ ...layer, path: layer.path ?? path, pathKind }));
}

/** Methods of routers that put a layer on a path. */
const MOUNTING: ReadonlyMap<string, PathKind> = new Map<string, PathKind>([
  ['use', 'prefix'],
  ...['all', 'get', 'post', 'put', 'patch', 'delete', 'options', 'head'].map(
    (verb) => [verb, 'exact'] as const,
  ),
]);

/** `cors.init_app(app, …)`, with what `cors = CORS(…)` said before. */
function initialised(call: CallValue, scope: Scope): readonly LibraryCall[] {
  const made = scope.names.get(call.callee.slice(0, -'.init_app'.length));
  if (made?.kind !== 'call' || scope.libraries.get(made.callee) !== 'flask-cors') return [];
  const whole = { ...call, named: [...made.named, ...call.named] };
  return [{ ...WHOLE_APP, call: whole, library: 'flask-cors', path: pathOfApp(call, scope) }];
}

/** `app.register(cors, {…})`: only Fastify has it. */
function registered(call: CallValue, scope: Scope): readonly LibraryCall[] {
  const [plugin, options] = call.args;
  const name = plugin?.kind === 'name' ? plugin.name : undefined;
  const library = libraryOfModule(requiredModule(plugin) ?? '') ?? scope.libraries.get(name ?? '');
  const isCors = library === '@fastify/cors' || /cors/i.test(name ?? '');
  return isCors ? [{ ...WHOLE_APP, call, library: '@fastify/cors', options }] : [];
}

/** `url_prefix` of the blueprint that `CORS(blueprint, …)` is for. */
function pathOfApp({ args }: CallValue, scope: Scope): Value | undefined {
  const app = args[0] === undefined ? undefined : resolveValue(args[0], scope);
  if (app?.kind !== 'call' || !app.callee.endsWith('Blueprint')) return undefined;
  return entriesToOptions(app.named, scope).values.get('url_prefix');
}
