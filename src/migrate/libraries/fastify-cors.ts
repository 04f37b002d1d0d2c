import { refuse } from '../report.js';
import { isStatus204, reflectingChoice, refusePreflightContinue, STATUS_204 } from './express-cors.js';
import { isFalsy, type JavaScriptLibrary, javaScriptLayer, tellNotCarried } from './javascript-layer.js';
import type { Layer, LayerSource } from './layer.js';

const FASTIFY_CORS: JavaScriptLibrary = {
  library: '@fastify/cors',
  names: { methods: 'methods', allowedHeaders: 'allowedHeaders', exposedHeaders: 'exposedHeaders' },
  defaultMethods: ['GET', 'HEAD', 'POST'],
  reflectsHeaders: (value) => value === undefined || value.kind === 'none',
  sendsMaxAge: () => true,
  chooseOrigins: (value, _credentials, report) => reflectingChoice('@fastify/cors', value, report),
};

/** Converts a use of `@fastify/cors` 11. */
export function fastifyCorsLayer(source: LayerSource): Layer {
  tellNotCarried(source, 'optionsSuccessStatus', isStatus204, STATUS_204);
  tellNotCarried(source, 'hook', (value) => value.kind === 'text' && value.text === 'onRequest', HOOK);
  tellNotCarried(source, 'strictPreflight', isFalsy, STRICT);
  tellNotCarried(source, 'cacheControl', isFalsy, CACHE_CONTROL);
  refusePreflightContinue(source);
  refuseOff(source);
  refuseDelegator(source);
  return javaScriptLayer(FASTIFY_CORS, source);
}

const HOOK = 'Headers are set in onRequest, before authentication, so that its refusals carry them too.';
const STRICT = 'An OPTIONS request that is no preflight goes to the app; it is not answered 400.';
const CACHE_CONTROL =
  'Preflight answers carry no Cache-Control: browsers go by maxAge, and caches do not keep OPTIONS.';

function refuseOff({ configuration, report }: LayerSource): void {
  const value = configuration.options.values.get('preflight');
  if (value?.kind !== 'boolean' || value.boolean) return;
  const written = { ...value, source: 'preflight: false' };
  const instead =
    'Leave it out; or set the policy’s enforcement to report, and the app answers preflights by itself.';
  refuse(report, written, 'Preflights are answered before the app runs.', instead);
}

function refuseDelegator({ configuration, report }: LayerSource): void {
  const value = configuration.options.values.get('delegator');
  if (value === undefined) return;
  const instead = 'A policy for each kind of route, chosen by path or by config: { allowlist: { policy } }.';
  refuse(report, value, 'What a function answers is known only when the program runs.', instead);
}
