import type { Program, Statement } from '../literal/program.js';
import type { CallValue, Value, Written } from '../literal/value.js';
import { mountOfApp, mountOfDecorator } from './flask-mount.js';
import { type Library, libraryOfModule } from './library.js';
import { type Mount, notUnderstood, prefixesOf, WHOLE_APP } from './mount.js';
import { isMounting, mountOfRouter, resolveAll } from './router-mount.js';
import {
  codeAt,
  libraryOfCallee,
  mentionsLibrary,
  requiredModule,
  resolveValue,
  type Scope,
} from './scope.js';
import { partsOf } from './unsettled-names.js';

/** A call that puts a library to use. */
export interface LibraryCall {
  readonly call: CallValue;
  /** `undefined` for `cors(…)` without an import: it may be any of the JavaScript libraries that have it. */
  readonly library: Library | undefined;
  readonly mount: Mount;
  /** Whether only answers to OPTIONS carry its headers. */
  readonly isPreflightOnly: boolean;
  /** The options, when they are one argument of the call; flask-cors takes them as keywords. */
  readonly options: Value | undefined;
}

interface Context {
  readonly program: Program;
  readonly scope: Scope;
  readonly index: number;
}

/** The calls of a source that put a library to use, each once, and whatever else mentions one, as not understood. */
export function findLibraryCalls(program: Program, scope: Scope): readonly LibraryCall[] {
  const found = program.statements.map((statement, index) => ({
    statement,
    calls: callsOf(statement, { program, scope, index }),
  }));
  const using = found.filter(({ calls }) => calls.length > 0);
  return using.flatMap(({ statement, calls }) => {
    if (statement.target === undefined || statement.key !== undefined) return calls;
    const names = namesFor(statement.target, program);
    const others = using.filter((other) => other.statement !== statement);
    return calls.filter((one) => !isUsedElsewhere(one, names, others));
  });
}

/** A name, and those that are given what it stands for: `const same = layer`. */
function namesFor(target: string, { statements }: Program): ReadonlySet<string> {
  const names = new Set([target]);
  for (const { target: alias, value } of statements) {
    if (alias !== undefined && value.kind === 'name' && names.has(value.name)) names.add(alias);
  }
  return names;
}

interface FoundCalls {
  readonly statement: Statement;
  readonly calls: readonly LibraryCall[];
}

/** `const layer = cors({…})` says nothing that `app.use(layer)` does not; nor does `CORS()` beside its `init_app`. */
function isUsedElsewhere(
  { call, mount }: LibraryCall,
  names: ReadonlySet<string>,
  others: readonly FoundCalls[],
): boolean {
  const places = mount.kind === 'refused' ? libraryCallsIn(call) : [call];
  const isSeen = (one: Written): boolean =>
    others.some(({ calls }) => calls.some((other) => isAt(other.call, one)));
  if (places.length > 0 && places.every(isSeen)) return true;
  return mount.kind === 'app' && others.some(({ statement }) => uses(statement.value, names));
}

function isAt({ place }: Written, { place: other }: Written): boolean {
  return place.line === other.line && place.column === other.column;
}

function libraryCallsIn(value: Value): readonly Written[] {
  return value.kind === 'code'
    ? []
    : partsOf(value).flatMap((part) => (part.kind === 'call' ? [part] : libraryCallsIn(part)));
}

/** Whether a value holds what one of the names stands for. */
function uses(value: Value, names: ReadonlySet<string>): boolean {
  if (value.kind === 'name') return names.has(value.name);
  if (value.kind === 'code') return [...names].some((name) => value.words.has(name));
  if (value.kind === 'call' && [...names].some((name) => value.callee === `${name}.init_app`)) return true;
  return partsOf(value).some((part) => uses(part, names));
}

function callsOf(statement: Statement, context: Context): readonly LibraryCall[] {
  const { value } = statement;
  if (libraryOfModule(requiredModule(value) ?? '') !== undefined) return [];
  // `export default layer`
  if (value.kind === 'name' && !statement.isDecorator) return [];
  const calls = callsIn(value, context);
  if (calls.length > 0) return calls;
  return mentionsLibrary(resolveValue(value, context.scope), context.scope)
    ? [unknownUse(value, context)]
    : [];
}

function callsIn(value: Value, context: Context): readonly LibraryCall[] {
  if (value.kind !== 'call') return [];
  const { program, scope, index } = context;
  const { callee } = value;
  const library = libraryOfCallee(callee, scope);
  if (library === 'flask-cors' || library === 'flask-decorator') return [flaskCall(value, library, context)];
  if (library !== undefined) {
    const known = library === 'unknown' ? undefined : library;
    return [{ ...PLAIN, call: value, library: known, options: optionsOf(value) }];
  }
  const dot = callee.lastIndexOf('.');
  const method = callee.slice(dot + 1);
  if (dot === -1) return [];
  // NestJS hands its options on to `cors`.
  if (method === 'enableCors') return [{ ...PLAIN, call: value, library: 'cors', options: optionsOf(value) }];
  if (method === 'init_app') return initialised(value, context);
  if (method === 'register') return registered(value, context);
  if (!isMounting(method)) return [];
  const layers = value.args.flatMap((argument) =>
    resolveAll(argument, scope).flatMap((one) => layersIn(one, { program, scope, index })),
  );
  if (layers.length === 0) return [];
  const mount = mountOfRouter(value, program, scope);
  const isPreflightOnly = method === 'options';
  return layers.map((layer) =>
    layer.mount.kind === 'refused' ? layer : { ...layer, mount, isPreflightOnly },
  );
}

const PLAIN = { mount: WHOLE_APP, isPreflightOnly: false, options: undefined } as const;

/** The layers among the arguments of a mount, also those in lists. */
function layersIn(value: Value, context: Context): readonly LibraryCall[] {
  if (value.kind === 'list') return value.items.flatMap((item) => layersIn(item, context));
  const isLayer = value.kind === 'call' && libraryOfCallee(value.callee, context.scope) !== undefined;
  if (isLayer) return callsIn(value, context);
  return mentionsLibrary(value, context.scope) ? [unknownUse(value, context)] : [];
}

function unknownUse(value: Value, { scope }: Context): LibraryCall {
  const { place, source } = value;
  const call: CallValue = { kind: 'call', callee: '', args: [value], named: [], place, source };
  return { ...PLAIN, call, library: libraryIn(value, scope), mount: notUnderstood(value) };
}

/** The library that a value names somewhere. */
function libraryIn(value: Value, scope: Scope): Library | undefined {
  const words =
    value.kind === 'code'
      ? [...value.words]
      : value.kind === 'call'
        ? [value.callee, requiredModule(value) ?? '']
        : [];
  const own = words.map((word) => scope.libraries.get(word) ?? libraryOfModule(word));
  const inner = partsOf(value).map((part) => libraryIn(part, scope));
  return [...own, ...inner].find((library) => library !== undefined);
}

/** The one argument of a layer; one that is spread or computed is not known. */
function optionsOf(call: CallValue): Value | undefined {
  return call.named.length > 0 ? codeAt(call) : call.args[0];
}

function flaskCall(
  call: CallValue,
  library: 'flask-cors' | 'flask-decorator',
  { program, scope, index }: Context,
): LibraryCall {
  const isDecorator = program.statements[index]?.isDecorator === true;
  const isExtension = library === 'flask-cors' && !/cross_origin$/.test(call.callee);
  if (isDecorator) return { ...PLAIN, call, library, mount: mountOfDecorator(index, program, scope) };
  return { ...PLAIN, call, library, mount: isExtension ? mountOfApp(call, program, scope) : WHOLE_APP };
}

/** `cors.init_app(app, …)`, with what `cors = CORS(…)` said before. */
function initialised(call: CallValue, { program, scope }: Context): readonly LibraryCall[] {
  const name = call.callee.slice(0, -'.init_app'.length);
  const made = scope.names.get(name);
  const isMade =
    made?.kind === 'call' &&
    libraryOfCallee(made.callee, scope) === 'flask-cors' &&
    !scope.unsettled.reassigned.has(name);
  if (!isMade)
    return /cors/i.test(name) ? [{ ...PLAIN, call, library: 'flask-cors', mount: notUnderstood(call) }] : [];
  const whole = { ...call, named: [...made.named, ...call.named] };
  return [{ ...PLAIN, call: whole, library: 'flask-cors', mount: mountOfApp(call, program, scope) }];
}

/** `app.register(cors, {…})`: only Fastify has it. */
function registered(call: CallValue, { program, scope }: Context): readonly LibraryCall[] {
  const [plugin, options] = call.args;
  const name = plugin?.kind === 'name' ? plugin.name : undefined;
  const required = libraryOfModule(requiredModule(plugin) ?? '');
  const imported = scope.libraries.get(name?.replace(/\.default$/, '') ?? '');
  const isCors = (required ?? imported) === '@fastify/cors' || /cors/i.test(name ?? '');
  if (!isCors) return [];
  const found = { ...PLAIN, call, library: '@fastify/cors' as const, options };
  const receiver = call.callee.slice(0, call.callee.lastIndexOf('.'));
  const isWhole = prefixesOf(receiver, program, scope).every(({ kind }) => kind === 'none');
  return [isWhole ? found : { ...found, mount: { kind: 'unsaid', written: call } }];
}
