import type { Program } from '../literal/program.js';
import { SourceError } from '../literal/source-error.js';
import type { CallValue, DictEntry, Value, Written } from '../literal/value.js';
import { appConfig } from './app-config.js';
import type { Library } from './library.js';
import { findLibraryCalls, type LibraryCall } from './library-calls.js';
import { type Mount, WHOLE_APP } from './mount.js';
import { entriesToOptions, keywordsToOptions, type Options } from './options.js';
import { codeAt, createScope, resolveValue, type Scope } from './scope.js';
import { isUnsettled } from './unsettled-names.js';

/** One use of a library: a layer, an extension, a decorator. */
export interface Configuration {
  /** `undefined` when only the options can tell. */
  readonly library: Library | undefined;
  /** Whether it is a call of something named `cors`, and not options alone. */
  readonly isCall: boolean;
  readonly options: Options;
  readonly mount: Mount;
  /** Whether only answers to OPTIONS carry its headers. */
  readonly isPreflightOnly: boolean;
  readonly written: Written;
}

/**
 * Finds what a source configures: calls of a library (`CORS(app, …)`, `app.use('/api', cors({…}))`), else the one object or
 * list that is there.
 *
 * @throws SourceError when there is none, or several and nothing to choose by.
 */
export function findConfigurations(program: Program): readonly Configuration[] {
  const scope = createScope(program);
  const calls = findLibraryCalls(program, scope);
  if (calls.length > 0) {
    const firstCall = calls.find(({ library }) => library === 'flask-cors')?.call.place;
    const config = firstCall === undefined ? NO_OPTIONS : appConfig(program, scope, firstCall);
    return calls.map((found) => fromCall(found, scope, config));
  }
  const config = appConfig(program, scope, undefined);
  if (config.values.size === 0) return [fromLiteral(program, scope)];
  const written = program.statements[0]?.value ?? NOWHERE;
  return [{ ...ALONE, library: 'flask-cors', options: config, written }];
}

const NO_OPTIONS: Options = { values: new Map(), unknown: [] };
const ALONE = { isCall: false, mount: WHOLE_APP, isPreflightOnly: false } as const;
const NOWHERE: Written = { place: { line: 1, column: 1 }, source: '' };

function fromCall(
  { call, library, mount, isPreflightOnly, options }: LibraryCall,
  scope: Scope,
  config: Options,
): Configuration {
  const written = { place: call.place, source: call.source };
  const found = { library, isCall: true, mount, isPreflightOnly, written };
  if (library === 'flask-cors' || library === 'flask-decorator') {
    const named = call.named.filter(({ key }) => key?.kind !== 'text' || key.text !== 'app');
    const positional = mount.kind === 'refused' ? [] : call.args.slice(takesApp(call) ? 1 : 0);
    const own = keywordsToOptions([...positional.map(spreadEntry), ...named], scope);
    return { ...found, options: library === 'flask-cors' ? withConfig(own, config) : own };
  }
  const value = options === undefined ? undefined : resolveValue(options, scope);
  if (value?.kind === 'dict') return { ...found, options: entriesToOptions(value.entries, scope) };
  const unknown = value === undefined || value.kind === 'none' ? [] : [value];
  return { ...found, options: { values: new Map(), unknown } };
}

/** `CORS(app)` and `init_app(app)`; decorators take nothing without its name. */
function takesApp({ callee, args }: CallValue): boolean {
  return args[0]?.kind !== 'spread' && !/cross_?(?:origin|domain)$/.test(callee);
}

function spreadEntry(value: Value): DictEntry {
  return { key: undefined, value: codeAt(value) };
}

/** What the app's settings say where the call says nothing; of a call that is not known whole, they may say nothing. */
function withConfig(own: Options, config: Options): Options {
  const base = own.unknown.length > 0 ? [] : config.values;
  return { values: new Map([...base, ...own.values]), unknown: [...own.unknown, ...config.unknown] };
}

/** What is given a name is there to be used by something else, when there is something else. */
function fromLiteral(program: Program, scope: Scope): Configuration {
  const literals = program.statements
    .map(({ value, target, key }) => {
      const resolved = resolveValue(value, scope);
      const isSettled = target === undefined || !isUnsettled(target, resolved, scope.unsettled);
      return { value: isSettled ? resolved : untold(resolved), isNamed: (target ?? key) !== undefined };
    })
    .filter(({ value }) => value.kind === 'dict' || value.kind === 'list');
  const unnamed = literals.filter(({ isNamed }) => !isNamed);
  const [first, second] = unnamed.length > 0 ? unnamed : literals;
  if (first === undefined) {
    const { place } = program.statements[0]?.value ?? NOWHERE;
    throw new SourceError('There is no object, no list, and no call of a known library in it.', place);
  }
  if (second !== undefined) {
    throw new SourceError(
      'There are several objects or lists in it; keep the one that is meant.',
      second.value.place,
    );
  }
  return fromValue(first.value, scope);
}

/** The same options or list, of which nothing is certain any more. */
function untold(value: Value): Value {
  if (value.kind === 'list') return { ...value, items: [codeAt(value)] };
  if (value.kind !== 'dict') return value;
  return { ...value, entries: value.entries.map(({ key, value: own }) => ({ key, value: codeAt(own) })) };
}

function fromValue(value: Value, scope: Scope): Configuration {
  if (value.kind === 'list') {
    const values = new Map([['allowed_origins', value]]);
    return { ...ALONE, library: 'after-request', options: { values, unknown: [] }, written: value };
  }
  const options = entriesToOptions(value.kind === 'dict' ? value.entries : [], scope);
  const settings = [...options.values].filter(([name]) => name.startsWith('CORS_'));
  if (settings.length === 0) return { ...ALONE, library: undefined, options, written: value };
  // flask-cors takes a setting that is `None` for one that is not there; an option of a call it does not.
  const given = settings.filter(([, { kind }]) => kind !== 'none');
  const values = new Map(given.map(([name, own]) => [name.slice('CORS_'.length).toLowerCase(), own]));
  return { ...ALONE, library: 'flask-cors', options: { ...options, values }, written: value };
}
