import type { Library } from '../configuration/library.js';
import type { Value } from '../literal/value.js';
import { type Report, refuse, tell } from '../report.js';
import { isFalsy, type JavaScriptLibrary, javaScriptLayer, tellNotCarried } from './javascript-layer.js';
import type { Layer, LayerSource } from './layer.js';
import { readFlag } from './option-value.js';
import {
  anyChoiceOf,
  computedChoice,
  EVERYBODY,
  EVERYBODY_ECHOED,
  exactChoice,
  NOBODY,
  type OriginChoice,
  regexChoice,
} from './origin-choice.js';

const CORS: JavaScriptLibrary = {
  library: 'cors',
  names: { methods: 'methods', allowedHeaders: 'allowedHeaders', exposedHeaders: 'exposedHeaders' },
  defaultMethods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'],
  reflectsHeaders: isFalsy,
  sendsMaxAge: (value) => value.kind === 'number' || !isFalsy(value),
  chooseOrigins: (value, _credentials, report) => reflectingChoice('cors', value, report),
};

/** Converts a use of npm's `cors` 2.8, for Express and Connect. */
export function expressCorsLayer(source: LayerSource): Layer {
  tellNotCarried(source, 'optionsSuccessStatus', isStatus204, STATUS_204);
  refusePreflightContinue(source);
  return javaScriptLayer(CORS, source);
}

/** What `cors` and `@fastify/cors` make of `origin`: both compare texts, test expressions, and send back what passed. */
export function reflectingChoice(library: Library, value: Value | undefined, report: Report): OriginChoice {
  if (value === undefined) return EVERYBODY;
  switch (value.kind) {
    case 'none':
      // `cors` merges options with Object.assign: an explicit null or undefined replaces the default and turns it off.
      return turnedOff(value, report);
    case 'boolean':
      return value.boolean ? EVERYBODY_ECHOED : turnedOff(value, report);
    case 'text':
      if (value.text === '') return turnedOff(value, report);
      return value.text === '*' ? EVERYBODY : exactChoice(value.text, value, report);
    case 'list':
      if (library === '@fastify/cors' && value.items.some(isStar)) return EVERYBODY;
      return anyChoiceOf(value.items.map((item) => listedChoice(library, item, report)));
    default:
      return listedChoice(library, value, report);
  }
}

function isStar(value: Value): boolean {
  return value.kind === 'text' && value.text === '*';
}

function listedChoice(library: Library, value: Value, report: Report): OriginChoice {
  switch (value.kind) {
    case 'text':
      return exactChoice(value.text, value, report);
    case 'boolean':
      return value.boolean ? EVERYBODY_ECHOED : NOBODY;
    case 'none':
      return NOBODY;
    case 'list':
      return anyChoiceOf(value.items.map((item) => listedChoice(library, item, report)));
    case 'regex':
      if (library === 'cors' && /[gy]/.test(value.regex.flags)) tellStateful(value, report);
      return regexChoice(value.regex, value, report);
    default:
      return computedChoice(value, report);
  }
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
  if (value === undefined || readFlag(configuration.options, 'preflightContinue', report) !== true) return;
  const written = { ...value, source: `preflightContinue: ${value.source}` };
  const instead =
    'Leave it out; or set the policy’s enforcement to report, and the app answers preflights by itself.';
  refuse(report, written, 'Preflights are answered before the app runs.', instead);
}
