import type { PathKind } from '../libraries/policy-path.js';
import type { Program } from '../literal/program.js';
import { SourceError } from '../literal/source-error.js';
import type { Value, Written } from '../literal/value.js';
import type { Library } from './library.js';
import { findLibraryCalls, type LibraryCall } from './library-calls.js';
import { createScope, entriesToOptions, type Options, resolveValue, type Scope } from './scope.js';

/** One use of a library: a layer, an extension, a decorator. */
export interface Configuration {
  /** `undefined` when only the options can tell. */
  readonly library: Library | undefined;
  /** Whether it is a call of something named `cors`, and not options alone. */
  readonly isCall: boolean;
  readonly options: Options;
  /** The path it is mounted on; `undefined` when the source does not say. */
  readonly path: Value | undefined;
  readonly pathKind: PathKind;
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
  if (calls.length > 0) return calls.map((found) => fromCall(found, scope, program));
  const config = appConfig(program, scope);
  if (config.size === 0) return [fromLiteral(program, scope)];
  const written = program.statements[0]?.value ?? NOWHERE;
  return [{ ...ALONE, library: 'flask-cors', options: { values: config, unknown: [] }, written }];
}

const ALONE = { isCall: false, path: undefined, pathKind: 'prefix' } as const;
const NOWHERE: Written = { place: { line: 1, column: 1 }, source: '' };

function fromCall(
  { call, library, path, pathKind, options }: LibraryCall,
  scope: Scope,
  program: Program,
): Configuration {
  const written = { place: call.place, source: call.source };
  const found = { library, isCall: true, path, pathKind, written };
  if (library === 'flask-cors' || library === 'flask-decorator') {
    const own = entriesToOptions(call.named, scope);
    const base = library === 'flask-cors' ? appConfig(program, scope) : [];
    return { ...found, options: { ...own, values: new Map([...base, ...own.values]) } };
  }
  const value = options === undefined ? undefined : resolveValue(options, scope);
  if (value?.kind === 'dict') return { ...found, options: entriesToOptions(value.entries, scope) };
  const unknown = value === undefined || value.kind === 'none' ? [] : [value];
  return { ...found, options: { values: new Map(), unknown } };
}

/** `app.config['CORS_ORIGINS'] = …`: what flask-cors takes where a call says nothing. */
function appConfig({ statements }: Program, scope: Scope): ReadonlyMap<string, Value> {
  const config = statements.flatMap(({ target, key, value }): [string, Value][] => {
    const name = key ?? target ?? '';
    return name.startsWith('CORS_') ? settingOf(name, resolveValue(value, scope)) : [];
  });
  return new Map(config);
}

/** flask-cors takes a setting that is `None` for one that is not there; an option of a call it does not. */
function settingOf(name: string, value: Value): [string, Value][] {
  return value.kind === 'none' ? [] : [[name.slice('CORS_'.length).toLowerCase(), value]];
}

/** What is given a name is there to be used by something else, when there is something else. */
function fromLiteral(program: Program, scope: Scope): Configuration {
  const literals = program.statements
    .map(({ value, target, key }) => ({
      value: resolveValue(value, scope),
      isNamed: (target ?? key) !== undefined,
    }))
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

function fromValue(value: Value, scope: Scope): Configuration {
  if (value.kind === 'list') {
    const values = new Map([['allowed_origins', value]]);
    return { ...ALONE, library: 'after-request', options: { values, unknown: [] }, written: value };
  }
  const options = entriesToOptions(value.kind === 'dict' ? value.entries : [], scope);
  const settings = [...options.values].filter(([name]) => name.startsWith('CORS_'));
  if (settings.length === 0) return { ...ALONE, library: undefined, options, written: value };
  const values = new Map(settings.flatMap(([name, own]) => settingOf(name, own)));
  return { ...ALONE, library: 'flask-cors', options: { ...options, values }, written: value };
}
