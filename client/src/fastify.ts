/** The plugin for Fastify. */
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  RouteOptions as FastifyRoute,
  FastifySchema,
} from 'fastify';
import type { Allowlist } from './client.js';
import type { Decision } from './core/index.js';
import { claim, requestOf, targetOf } from './node-request.js';
import { keepEdits, writeAnswer } from './node-response.js';
import { OptionsError } from './options.js';
import { checkPolicyName, compileRoutes, type RouteChoice, type RouteOptions } from './routes.js';

export { OptionsError } from './options.js';
export type { RouteOptions } from './routes.js';

/** What the plugin takes. */
export interface FastifyCorsOptions extends RouteOptions {
  readonly allowlist: Allowlist;
}

const METHODS: unique symbol = Symbol('origin-allowlist.methods');

/** The choices of one URL's routes by method. Its OPTIONS route has them too: a preflight asks for one of the others. */
type MethodChoices = Map<string, RouteChoice | undefined>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The policy this route is decided by, its preflights included. Goes before `routes` and `policy` of the plugin. */
    readonly allowlist?: { readonly policy: string };
    readonly [METHODS]?: MethodChoices;
  }
}

/**
 * CORS by the allowlist, as a Fastify plugin for the instance it is registered on and all below. Decides in `onRequest`, answers
 * preflights itself, and edits every other answer, errors, streams and hijacked replies included.
 *
 * Register it first and await that: hooks run in the order they were added, and routes declared earlier cannot be given preflights
 * by their own policy.
 *
 * @example
 * await app.register(cors, { allowlist });
 * app.get('/predict', { config: { allowlist: { policy: 'predict' } } }, handler);
 *
 * @example Wrong: preflights carry no credentials and get 401.
 * app.addHook('onRequest', authenticate);
 * await app.register(cors, { allowlist });
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match, names no policy can have, and
 *   one method of one URL under two policies.
 */
export const cors: FastifyPluginCallback<FastifyCorsOptions> = Object.assign(registerCors, {
  // What fastify-plugin would set: the hooks are for the instance that registers, not for a child of its own.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@origin-allowlist/client/fastify',
  [Symbol.for('plugin-meta')]: { name: '@origin-allowlist/client/fastify', fastify: '5.x' },
});

function registerCors(
  app: FastifyInstance,
  options: FastifyCorsOptions,
  done: (error?: Error) => void,
): void {
  const { allowlist } = options;
  const choose = compileRoutes(options);
  const choicesByUrl = new Map<string, MethodChoices>();

  app.addHook('onRoute', function (route) {
    const key = `${hostOf(route)} ${route.url}`;
    const choices = choicesByUrl.get(key) ?? new Map<string, RouteChoice | undefined>();
    choicesByUrl.set(key, choices);
    const needsPreflight = addChoices(choices, route);
    route.config = { ...route.config, [METHODS]: choices };
    // Later, so that an OPTIONS route which the application declares right after this one is found.
    if (needsPreflight) this.after(() => addPreflightRoute(this, route, choices));
  });

  app.addHook('onRequest', (request, reply, next) => {
    if (reply.raw.headersSent || !claim(request.raw)) return next();
    const target = targetOf(request.raw);
    const choice = routeChoice(request) ?? choose(target);
    const decision = allowlist.decide(requestOf(request.raw, target, choice));
    if (!(decision instanceof Promise)) return enforce(decision, reply, next);
    // Never rejects.
    void decision.then((late) => enforce(late, reply, next));
  });

  done();
}

function enforce(decision: Decision, reply: FastifyReply, next: () => void): void {
  if (decision.status !== null) {
    writeAnswer(reply.raw, decision, decision.status);
    void reply.send();
    return;
  }
  // On the raw response, where hijacked replies, streams and error replies end up as well.
  if (decision.enforcement !== 'report') keepEdits(reply.raw, decision);
  next();
}

/** @returns `undefined` = the route names no policy. */
function routeChoice(request: FastifyRequest): RouteChoice | undefined {
  const { config } = request.routeOptions;
  const choices = config[METHODS];
  if (choices === undefined) return earlyRouteChoice(request);
  const { method } = request;
  return choices.get(
    method === 'OPTIONS' ? (request.headers['access-control-request-method'] ?? method) : method,
  );
}

/** For a route that was declared before the plugin was loaded: its own policy holds, but its preflights do not find it. */
function earlyRouteChoice(request: FastifyRequest): RouteChoice | undefined {
  const { config, url } = request.routeOptions;
  if (config.allowlist === undefined) return undefined;
  const advice = 'await app.register(cors, …) before declaring it';
  request.log.warn(
    `Preflights of ${request.method} ${url} are not decided by the policy of its config: ${advice}.`,
  );
  return { policy: config.allowlist.policy, isAmbiguous: false };
}

/** @returns whether the URL needs an OPTIONS route, for its preflights to find the choices. */
function addChoices(choices: MethodChoices, route: FastifyRoute): boolean {
  const policy = route.config?.allowlist?.policy;
  if (policy !== undefined) checkPolicyName(policy);
  const choice = policy === undefined ? undefined : { policy, isAmbiguous: false };
  const methods = [route.method].flat();
  for (const method of methods) {
    // Fastify replaces the HEAD route it made itself. Else it is a variant by a constraint that preflights do not carry.
    if (method !== 'HEAD' && choices.has(method) && choices.get(method)?.policy !== policy)
      throw new OptionsError([`${method} ${route.url} is declared twice with different policies.`]);
    choices.set(method, choice);
  }
  return choice !== undefined && !methods.includes('OPTIONS');
}

/** Documentation plugins leave the route out. */
interface HiddenSchema extends FastifySchema {
  readonly hide: boolean;
}

/** Lets Fastify's own router match preflights to the URL. What else asks for it is told what it was told before: 404. */
function addPreflightRoute(
  app: FastifyInstance,
  route: FastifyRoute & { readonly routePath: string; readonly prefix: string },
  choices: MethodChoices,
): void {
  const host = route.constraints?.host;
  const constraints = host === undefined ? {} : { host };
  if (app.hasRoute({ method: 'OPTIONS', url: route.url, constraints })) return;
  const schema: HiddenSchema = { hide: true };
  app.route({
    method: 'OPTIONS',
    // Fastify gives a plugin's `/` two URLs, with and without the slash, and tells only the latter.
    url: route.routePath === '' && route.prefix !== '' ? '/' : route.routePath,
    ...(route.prefixTrailingSlash !== undefined && { prefixTrailingSlash: route.prefixTrailingSlash }),
    constraints,
    schema,
    config: { [METHODS]: choices },
    handler: (_request, reply) => {
      reply.callNotFound();
    },
  });
}

function hostOf(route: FastifyRoute): string {
  return String(route.constraints?.host ?? '');
}
