import type { Value } from '../literal/value.js';
import { refuse } from '../report.js';
import { isStatus204, reflectingChoice, refusePreflightContinue, STATUS_204 } from './express-cors.js';
import { javaScriptTruth, readFlag, strictTruth } from './flag.js';
import { isFalsy, type JavaScriptLibrary, javaScriptLayer, tellNotCarried } from './javascript-layer.js';
import type { Layer, LayerSource } from './layer.js';

const FASTIFY_CORS: JavaScriptLibrary = {
  library: '@fastify/cors',
  names: { methods: 'methods', allowedHeaders: 'allowedHeaders', exposedHeaders: 'exposedHeaders' },
  defaultMethods: ['GET', 'HEAD', 'POST'],
  reflectsHeaders: (value) => value === undefined || value.kind === 'none',
  sendsMaxAge: () => true,
  credentialsTruth: javaScriptTruth,
  chooseOrigins: (value, credentials, report) =>
    reflectingChoice('@fastify/cors', value, credentials, report),
};

/** Converts a use of `@fastify/cors` 11. */
export function fastifyCorsLayer(source: LayerSource): Layer {
  tellNotCarried(source, 'optionsSuccessStatus', isStatus204, STATUS_204);
  tellNotCarried(source, 'hook', (value) => value.kind === 'text' && value.text === 'onRequest', HOOK);
  tellNotCarried(source, 'strictPreflight', (value) => strictTruth(value) === false, STRICT);
  tellNotCarried(source, 'cacheControl', isNoCacheControl, CACHE_CONTROL);
  refusePreflightContinue(source);
  refuseOff(source);
  refuseDelegator(source);
  return javaScriptLayer(FASTIFY_CORS, source);
}

const HOOK = 'Headers are set in onRequest, before authentication, so that its refusals carry them too.';
const STRICT = 'An OPTIONS request that is no preflight goes to the app; it is not answered 400.';
const CACHE_CONTROL =
  'Preflight answers carry no Cache-Control: browsers go by maxAge, and caches do not keep OPTIONS.';

/** It sends texts as they are, and whole numbers, 0 too, as `max-age`; it leaves out all else. */
function isNoCacheControl(value: Value): boolean {
  if (value.kind === 'number') return !Number.isInteger(value.number);
  return value.kind !== 'text' ? javaScriptTruth(value) !== undefined : value.text === '';
}

/** `preflight` is on for `true` alone, and `null` replaces the default. */
function refuseOff({ configuration, report }: LayerSource): void {
  const value = configuration.options.values.get('preflight');
  if (value === undefined || readFlag(configuration.options, 'preflight', strictTruth, report) !== false)
    return;
  const written = { ...value, source: `preflight: ${value.source}` };
  const instead =
    'Leave it out; or set the policy’s enforcement to report, and the app answers preflights by itself.';
  refuse(report, written, 'NO_COUNTERPART', 'Preflights are answered before the app runs.', instead);
}

function refuseDelegator({ configuration, report }: LayerSource): void {
  const value = configuration.options.values.get('delegator');
  if (value === undefined || isFalsy(value)) return;
  const instead = 'A policy for each kind of route, chosen by path or by config: { allowlist: { policy } }.';
  refuse(report, value, 'COMPUTED', 'What a function answers is known only when the program runs.', instead);
}
