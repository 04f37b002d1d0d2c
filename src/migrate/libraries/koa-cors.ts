import type { Value } from '../literal/value.js';
import { type Report, refuse, tell } from '../report.js';
import { javaScriptTruth, readFlag } from './flag.js';
import { isEmpty, refuseRegex } from './hono-cors.js';
import { isFalsy, type JavaScriptLibrary, javaScriptLayer, tellNotCarried } from './javascript-layer.js';
import type { Layer, LayerSource } from './layer.js';
import {
  anyChoiceOf,
  EVERYBODY,
  EVERYBODY_ECHOED,
  exactChoice,
  type OriginChoice,
  refusedChoice,
} from './origin-choice.js';

const KOA_CORS: JavaScriptLibrary = {
  library: '@koa/cors',
  names: {
    methods: 'allowMethods',
    allowedHeaders: 'allowHeaders',
    exposedHeaders: 'exposeHeaders',
    privateNetwork: 'privateNetworkAccess',
  },
  defaultMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH'],
  reflectsHeaders: isEmpty,
  sendsMaxAge: (value) => !isFalsy(value),
  credentialsTruth: javaScriptTruth,
  chooseOrigins: choose,
};

/** Converts a use of `@koa/cors` 5. Versions before 5 sent every origin back where `origin` was not given. */
export function koaCorsLayer(source: LayerSource): Layer {
  // Only `undefined` is the default to it; `null` turns it off.
  const isKept = (value: Value): boolean =>
    value.kind === 'none' ? value.source === 'undefined' : !isFalsy(value);
  tellNotCarried(
    source,
    'keepHeadersOnError',
    isKept,
    'Headers survive errors, always: without them no page can read what went wrong.',
  );
  refuseSecureContext(source);
  return javaScriptLayer(KOA_CORS, source);
}

function choose(value: Value | undefined, credentials: boolean, report: Report): OriginChoice {
  // With credentials it puts the request's origin where `*` would stand.
  const everybody = credentials ? EVERYBODY_ECHOED : EVERYBODY;
  if (isFalsy(value) || value === undefined) return everybody;
  switch (value.kind) {
    case 'text':
      return value.text === '*' ? everybody : exactChoice(value.text, value, report, credentials);
    case 'list':
      return chooseList(value.items, value, credentials, report);
    case 'regex':
      return refuseRegex('@koa/cors', value, report);
    default:
      return refusedChoice(value, report);
  }
}

/** A list became several headers, of which browsers take none, so only a list of one worked. */
function chooseList(
  items: readonly Value[],
  value: Value,
  credentials: boolean,
  report: Report,
): OriginChoice {
  if (items.length > 1) {
    const detail = '@koa/cors takes one origin; of a list browsers took none. Each is let in now.';
    tell(report, value.source, 'WIDER', detail);
  }
  const choices = items.map((item) =>
    item.kind === 'text' ? exactChoice(item.text, item, report, credentials) : refusedChoice(item, report),
  );
  return anyChoiceOf(choices);
}

function refuseSecureContext({ configuration, report }: LayerSource): void {
  const value = configuration.options.values.get('secureContext');
  if (
    value === undefined ||
    readFlag(configuration.options, 'secureContext', javaScriptTruth, report) !== true
  )
    return;
  const written = { ...value, source: `secureContext: ${value.source}` };
  const instead = 'Set Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy in the app.';
  refuse(report, written, 'NO_COUNTERPART', 'It sets headers that are not CORS.', instead);
}
