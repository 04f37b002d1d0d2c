import type { Program, Statement } from '../literal/program.js';
import type { CallValue, Value } from '../literal/value.js';
import { type AppNames, isHarmlessCode, isOfApp, mentionsApp } from './app-mention.js';
import { libraryOfCallee, type Scope } from './scope.js';
import { partsOf } from './unsettled-names.js';

/** Names of one app, and rounds of looking for them. */
const MAX_ALIASES = 100;
const MAX_ROUNDS = 10;

/**
 * Whether a source hands an app, a router or a blueprint to something that may mount it below a path. Calls of its own methods,
 * what serves it and what exports it do not; whatever is not known may.
 */
export function isHandedOn(name: string, program: Program, scope: Scope): boolean {
  const known = scope.handedOn.get(name);
  if (known !== undefined) return known;
  const names = namesOf(name, program);
  const sight = { names: names ?? new Set<string>(), scope, isPython: program.language === 'python' };
  const isGiven = names === undefined || program.statements.some((statement) => handsOn(statement, sight));
  scope.handedOn.set(name, isGiven);
  return isGiven;
}

interface Sight {
  readonly names: AppNames;
  readonly scope: Scope;
  readonly isPython: boolean;
}

const EXPORTS = /^(?:module\.)?exports(?:\.|$)/;

/** The app's name, and those of what is made of it: `const same = app`, `const handler = handle(app)`; `undefined` = too many. */
function namesOf(name: string, { statements }: Program): AppNames | undefined {
  const names = new Set([name]);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = names.size;
    for (const { target, key, value } of statements) {
      if (target === undefined || key !== undefined || EXPORTS.test(target)) continue;
      if (names.has(target) && value.kind === 'name') names.add(value.name);
      // A part of something, as in `parts.api = api`, is no name of its own.
      if (!target.includes('.') && mentionsApp(value, names) && !isServer(value)) names.add(target);
      if (names.size > MAX_ALIASES) return undefined;
    }
    if (names.size === before) return names;
  }
  return undefined;
}

const SERVER = /(?:^|\.)(?:listen|create(?:Secure)?Server|serve|WSGIServer)\b/;

/** A server has the app for itself, and nobody mounts a server. */
function isServer(value: Value): boolean {
  if (value.kind === 'code') return SERVER.test(value.source.slice(0, value.source.indexOf('(')));
  return value.kind === 'call' && SERVER.test(value.callee);
}

function handsOn({ target, key, value }: Statement, sight: Sight): boolean {
  const { names } = sight;
  if (!mentionsApp(value, names)) return false;
  const isExport = target === undefined || EXPORTS.test(target);
  // `parts['/api'] = api`, `parts.api = api`
  const isPart = key !== undefined || target?.includes('.') === true;
  if (isPart && !isExport && !isOfApp(target ?? '', names)) return true;
  if (value.kind === 'name') return false;
  if (value.kind === 'dict' && isExport) return !isOptions(value, names);
  if (value.kind === 'code') return !isHarmlessCode(value, names);
  return value.kind !== 'call' || !isHarmlessCall(value, sight);
}

/** `{ port: 3000, fetch: app.fetch }`, and not `{ '/api': app }`. */
function isOptions(value: Value, names: AppNames): boolean {
  if (value.kind !== 'dict') return false;
  return value.entries.every(
    ({ key, value: own }) =>
      !mentionsApp(own, names) || (own.kind === 'name' && key?.kind === 'text' && !key.text.startsWith('/')),
  );
}

/** Calls that take an app and mount it nowhere; behind other arguments only those of `LATE`. */
const TAKING =
  /(?:^|\.)(?:listen|serve|run|init_app|ProxyFix|print|console\.log)$|^(?:handle|serverless|fire)$/;
const LATE = /(?:^|\.)(?:create(?:Secure)?Server|run_simple|WSGIServer)$/;
/** Those of the above that take functions to be called later, which tell of the app. */
const TELLING = /(?:^|\.)(?:listen|print|console\.log)$/;

function isHarmlessCall(call: CallValue, sight: Sight): boolean {
  const { names, scope, isPython } = sight;
  const { callee } = call;
  const parts = partsOf(call);
  const isDirect = (part: Value): boolean => part.kind === 'name' && isOfApp(part.name, names);
  if (LATE.test(callee)) return parts.every((part) => isHarmlessArgument(part, call, sight));
  if (libraryOfCallee(callee, scope) === 'flask-cors') return true;
  if (TAKING.test(callee)) {
    const first = parts.findIndex((part) => mentionsApp(part, names));
    const isFirst = parts.slice(0, Math.max(first, 0)).every(({ kind }) => kind === 'dict');
    const isOwn = isOfApp(callee, names) || TELLING.test(callee);
    return (isFirst || isOwn) && parts.every((part) => isHarmlessArgument(part, call, sight));
  }
  if (isOfApp(callee, names)) return !parts.some(isDirect);
  return isPython && isExtension(call, sight);
}

function isHarmlessArgument(part: Value, { callee }: CallValue, sight: Sight): boolean {
  const { names } = sight;
  if (part.kind === 'text') return !part.text.startsWith('/');
  if (!mentionsApp(part, names)) return true;
  switch (part.kind) {
    case 'name':
      return true;
    case 'dict':
      return isOptions(part, names);
    case 'code':
      return TELLING.test(callee);
    case 'call':
      // `app.callback()`, `app.get('port')`
      return isOfApp(part.callee, names) ? part.args.length <= 1 : isHarmlessCall(part, sight);
    default:
      return false;
  }
}

/** What takes an app to put it somewhere, by its name. */
const WRAPPER = /Middleware|Dispatch|Mount|Proxy|Prefix|Cascade|WSGI/i;

/** `SQLAlchemy(app)`, `Migrate(app, db)` of Flask's extensions: classes that are given the app and nothing to put it below. */
function isExtension({ callee, args, named }: CallValue, { scope }: Sight): boolean {
  if (!/(?:^|\.)[A-Z]\w*$/.test(callee) || WRAPPER.test(callee)) return false;
  return [...args, ...named.map(({ value }) => value)].every((part) => isPlain(part, scope));
}

function isPlain(part: Value, scope: Scope): boolean {
  switch (part.kind) {
    case 'boolean':
    case 'number':
    case 'none':
      return true;
    case 'text':
      return !part.text.startsWith('/');
    case 'list':
      return part.items.every((item) => item.kind === 'text' && isPlain(item, scope));
    case 'name': {
      const made = scope.names.get(part.name)?.kind;
      return made === undefined || made === 'call';
    }
    default:
      return false;
  }
}
