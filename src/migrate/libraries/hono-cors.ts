import type { Value } from '../literal/value.js';
import { type Report, refuse } from '../report.js';
import { javaScriptTruth } from './flag.js';
import { type JavaScriptLibrary, javaScriptLayer } from './javascript-layer.js';
import type { Layer, LayerSource } from './layer.js';
import {
  anyChoiceOf,
  EVERYBODY,
  exactChoice,
  NOBODY,
  type OriginChoice,
  refusedChoice,
} from './origin-choice.js';

const HONO_CORS: JavaScriptLibrary = {
  library: 'hono/cors',
  names: { methods: 'allowMethods', allowedHeaders: 'allowHeaders', exposedHeaders: 'exposeHeaders' },
  defaultMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'QUERY'],
  reflectsHeaders: isEmpty,
  sendsMaxAge: () => true,
  credentialsTruth: javaScriptTruth,
  chooseOrigins: choose,
};

/** Converts a use of `hono/cors` 4. */
export function honoCorsLayer(source: LayerSource): Layer {
  return javaScriptLayer(HONO_CORS, source);
}

/** Whether a list of headers is one that Hono and Koa take for none given: they send back what is asked for then. */
export function isEmpty(value: Value | undefined): boolean {
  if (value === undefined || value.kind === 'none') return true;
  if (value.kind === 'text') return value.text === '';
  return value.kind === 'list' && value.items.length === 0;
}

function choose(value: Value | undefined, credentials: boolean, report: Report): OriginChoice {
  if (value === undefined) return EVERYBODY;
  switch (value.kind) {
    case 'text':
      return value.text === '*' ? EVERYBODY : exactChoice(value.text, value, report, credentials);
    case 'list':
      return anyChoiceOf(value.items.map((item) => chooseListed(item, credentials, report)));
    default:
      return chooseListed(value, credentials, report);
  }
}

function chooseListed(value: Value, credentials: boolean, report: Report): OriginChoice {
  if (value.kind === 'text') return exactChoice(value.text, value, report, credentials);
  if (value.kind === 'regex') return refuseRegex('hono/cors', value, report);
  return refusedChoice(value, report);
}

/** Refuses an expression where a library takes none: it matched nothing there. */
export function refuseRegex(library: string, value: Value, report: Report): OriginChoice {
  const reason = `${library} takes no regular expression, so it let nobody in.`;
  refuse(report, value, 'NEVER_WORKED', reason, 'Patterns: https://*.example.com, https://pr-*.example.com.');
  return NOBODY;
}
