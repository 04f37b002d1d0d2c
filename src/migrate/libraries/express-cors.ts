import type { Library } from '../configuration/library.js';
import type { Value } from '../literal/value.js';
import { LIST_THEM } from '../regex/regex.js';
import { type Report, refuse, tell } from '../report.js';
import { javaScriptTruth, readFlag, strictTruth } from './flag.js';
import { isFalsy, type JavaScriptLibrary, javaScriptLayer, tellNotCarried } from './javascript-layer.js';
import type { Layer, LayerSource } from './layer.js';
import {
  anyChoiceOf,
  EVERYBODY,
  EVERYBODY_ECHOED,
  exactChoice,
  NOBODY,
  type OriginChoice,
  refusedChoice,
  regexChoice,
} from './origin-choice.js';

const CORS: JavaScriptLibrary = {
  library: 'cors',
  names: { methods: 'methods', allowedHeaders: 'allowedHeaders', exposedHeaders: 'exposedHeaders' },
  defaultMethods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'],
  reflectsHeaders: isFalsy,
  sendsMaxAge: (value) => value.kind === 'number' || !isFalsy(value),
  credentialsTruth: strictTruth,
  chooseOrigins: (value, credentials, report) => reflectingChoice('cors', value, credentials, report),
};

/** Converts a use of npm's `cors` 2.8, for Express and Connect. */
export function expressCorsLayer(source: LayerSource): Layer {
  tellNotCarried(source, 'optionsSuccessStatus', isStatus204, STATUS_204);
  refusePreflightContinue(source);
  return javaScriptLayer(CORS, source);
}

/** What `cors` and `@fastify/cors` make of `origin`: both compare texts, test expressions, and send back what passed. */
export function reflectingChoice(
  library: Library,
  value: Value | undefined,
  credentials: boolean,
  report: Report,
): OriginChoice {
  if (value === undefined) return EVERYBODY;
  switch (value.kind) {
    case 'none':
      // `cors` merges options with Object.assign: an explicit null or undefined replaces the default and turns it off.
      return turnedOff(value, report);
    case 'boolean':
      return value.boolean ? EVERYBODY_ECHOED : turnedOff(value, report);
    case 'text':
      if (value.text === '') return turnedOff(value, report);
      return value.text === '*' ? EVERYBODY : exactChoice(value.text, value, report, credentials);
    case 'list':
      if (library === '@fastify/cors' && value.items.some(isStar)) return EVERYBODY;
      return anyChoiceOf(value.items.map((item) => listedChoice(library, item, credentials, report)));
    default:
      return isFalsy(value) ? turnedOff(value, report) : listedChoice(library, value, credentials, report);
  }
}

function isStar(value: Value): boolean {
  return value.kind === 'text' && value.text === '*';
}

function listedChoice(library: Library, value: Value, credentials: boolean, report: Report): OriginChoice {
  switch (value.kind) {
    case 'text':
      return exactChoice(value.text, value, report, credentials);
    case 'boolean':
      return value.boolean ? EVERYBODY_ECHOED : refusedChoice(value, report);
    case 'list':
      return anyChoiceOf(value.items.map((item) => listedChoice(library, item, credentials, report)));
    case 'regex':
      if (library === 'cors' && /[gy]/.test(value.regex.flags)) tellStateful(value, report);
      return regexChoice(value.regex, value, report);
    default:
      return javaScriptTruth(value) === true
        ? refuseTrue(library, value, report)
        : refusedChoice(value, report);
  }
}

/** `origin: 5` */
function refuseTrue(library: Library, value: Value, report: Report): OriginChoice {
  const reason = `${library} asks only whether it is true, so it let everybody in, which was hardly meant.`;
  refuse(report, value, 'WRONG_KIND', reason, LIST_THEM);
  return NOBODY;
}

/** `RegExp.prototype.test` of an expression with `g` goes on where the last match ended. */
function tellStateful(value: Value, report: Report): void {
  const detail =
    'With the flag g or y it remembered its last match and let in every second request; it is every one now.';
  tell(report, value.source, 'STATEFUL_REGEX', detail);
}

function turnedOff(value: Value, report: Report): OriginChoice {
  tell(
    report,
    value.source,
    'CORS_OFF',
    'It turned CORS off, so nobody is let in; here that is an empty list.',
    {
      severity: 'ok',
    },
  );
  return NOBODY;
}

export const STATUS_204 = 'A preflight that is granted is always answered 204; every browser takes any 2xx.';

export function isStatus204(value: Value): boolean {
  return value.kind === 'number' && value.number === 204;
}

/** Refuses `preflightContinue`: two answers to one preflight are what the middleware is there to prevent. */
export function refusePreflightContinue({ configuration, report }: LayerSource): void {
  const value = configuration.options.values.get('preflightContinue');
  if (
    value === undefined ||
    readFlag(configuration.options, 'preflightContinue', javaScriptTruth, report) !== true
  )
    return;
  const written = { ...value, source: `preflightContinue: ${value.source}` };
  const instead =
    'Leave it out; or set the policy’s enforcement to report, and the app answers preflights by itself.';
  refuse(report, written, 'NO_COUNTERPART', 'Preflights are answered before the app runs.', instead);
}
