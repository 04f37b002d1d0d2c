import type { Value } from '../literal/value.js';

/** What a configuration was written for. */
export type Library =
  | 'flask-cors'
  | 'flask-decorator'
  | 'after-request'
  | 'cors'
  | '@fastify/cors'
  | 'hono/cors'
  | '@koa/cors';

/** The names of each library's options. */
export const LIBRARY_OPTIONS: Readonly<Record<Library, readonly string[]>> = {
  'flask-cors': [
    'resources',
    'origins',
    'methods',
    'allow_headers',
    'expose_headers',
    'supports_credentials',
    'max_age',
    'send_wildcard',
    'vary_header',
    'always_send',
    'automatic_options',
    'intercept_exceptions',
    'allow_private_network',
  ],
  'flask-decorator': [
    'origin',
    'methods',
    'headers',
    'expose_headers',
    'max_age',
    'attach_to_all',
    'automatic_options',
    'credentials',
  ],
  'after-request': [
    'allowed_origins',
    'Access-Control-Allow-Methods',
    'Access-Control-Allow-Headers',
    'Access-Control-Expose-Headers',
    'Access-Control-Allow-Credentials',
    'Access-Control-Max-Age',
  ],
  cors: [
    'origin',
    'methods',
    'allowedHeaders',
    'headers',
    'exposedHeaders',
    'credentials',
    'maxAge',
    'preflightContinue',
    'optionsSuccessStatus',
  ],
  '@fastify/cors': [
    'origin',
    'methods',
    'allowedHeaders',
    'exposedHeaders',
    'credentials',
    'maxAge',
    'preflightContinue',
    'optionsSuccessStatus',
    'hook',
    'preflight',
    'strictPreflight',
    'cacheControl',
    'hideOptionsRoute',
    'logLevel',
    'delegator',
  ],
  'hono/cors': ['origin', 'allowMethods', 'allowHeaders', 'exposeHeaders', 'credentials', 'maxAge'],
  '@koa/cors': [
    'origin',
    'allowMethods',
    'allowHeaders',
    'exposeHeaders',
    'credentials',
    'maxAge',
    'keepHeadersOnError',
    'secureContext',
    'privateNetworkAccess',
  ],
};

/** In the order in which one is taken when several fit. */
export const LIBRARIES: readonly Library[] = [
  'cors',
  '@fastify/cors',
  'hono/cors',
  '@koa/cors',
  'flask-cors',
  'flask-decorator',
  'after-request',
];

/** The library of this name; `undefined` when there is none. */
export function libraryNamed(name: string): Library | undefined {
  return LIBRARIES.find((library) => library === name);
}

const MODULES: ReadonlyMap<string, Library> = new Map<string, Library>([
  ['flask_cors', 'flask-cors'],
  ['cors', 'cors'],
  ['@fastify/cors', '@fastify/cors'],
  ['fastify-cors', '@fastify/cors'],
  ['hono/cors', 'hono/cors'],
  ['@koa/cors', '@koa/cors'],
]);

/** The library that a module is; `undefined` for others. */
export function libraryOfModule(module: string): Library | undefined {
  return MODULES.get(module);
}

/** Whether a library's configurations are written in Python. */
export function isFlask(library: Library): boolean {
  return library === 'flask-cors' || library === 'flask-decorator' || library === 'after-request';
}

/**
 * Libraries whose options a configuration's are, best first; more than one when they do not tell. Empty when there are none.
 *
 * @param isCall of something named `cors`: Fastify registers, and Python has other names.
 */
export function librariesFitting(options: ReadonlyMap<string, Value>, isCall: boolean): readonly Library[] {
  const candidates = isCall
    ? LIBRARIES.filter((library) => !isFlask(library) && library !== '@fastify/cors')
    : LIBRARIES;
  const scores = new Map(candidates.map((library) => [library, scoreOf(library, options)]));
  const best = Math.max(...scores.values());
  return best === 0 && options.size > 0 ? [] : candidates.filter((library) => scores.get(library) === best);
}

function scoreOf(library: Library, options: ReadonlyMap<string, Value>): number {
  if (!takesOrigin(library, options.get('origin'))) return 0;
  return LIBRARY_OPTIONS[library].filter((name) => options.has(name)).length;
}

function takesOrigin(library: Library, origin: Value | undefined): boolean {
  switch (origin?.kind) {
    case 'list':
      return library !== '@koa/cors';
    case 'regex':
    case 'boolean':
      return library === 'cors' || library === '@fastify/cors';
    default:
      return true;
  }
}
