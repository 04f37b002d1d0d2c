/** The plugin for Fastify. */
import type { IncomingMessage } from 'node:http';
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  RouteOptions as FastifyRoute,
  FastifySchema,
} from 'fastify';
import type { Allowlist } from './client.js';
import { conflictTeller, type TellConflict } from './conflicts.js';
import type { Decision } from './core/index.js';
import { recallKept } from './kept-answer.js';
import { enforceLate } from './late.js';
import { requestOf, targetOf } from './node-request.js';
import { isTaken, keepEdits, writeAnswer } from './node-response.js';
import { OptionsError } from './options.js';
import { checkPolicyName, compileRoutes, type RouteChoice, type RouteOptions } from './routes.js';

export { OptionsError } from './options.js';
export type { RouteOptions } from './routes.js';

/** What the plugin takes. */
export interface FastifyCorsOptions extends RouteOptions {
  readonly allowlist: Allowlist;
}

const KNOWN: unique symbol = Symbol('origin-allowlist.known');
const STANDS_IN: unique symbol = Symbol('origin-allowlist.stands-in');

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The policy this route is decided by, its preflights included. Goes before `routes` and `policy` of the plugin. */
    readonly allowlist?: { readonly policy: string };
    /** What the plugin knows of the route, or of the one this stands in for. */
    readonly [KNOWN]?: KnownRoute;
    /** The route takes another's preflights. */
    readonly [STANDS_IN]?: true;
  }
}

interface KnownRoute {
  readonly choice: RouteChoice | undefined;
}

/**
 * CORS by the allowlist, as a Fastify plugin for the instance it is registered on and all below. Decides in `onRequest`, answers
 * preflights itself, and edits every other answer, errors, streams and hijacked replies included.
 *
 * Register it first and await that: hooks run in the order they were added, and the preflights of routes declared earlier cannot be
 * decided by a policy of their config.
 *
 * @example
 * await app.register(cors, { allowlist });
 * app.get('/predict', { config: { allowlist: { policy: 'predict' } } }, handler);
 *
 * @example Wrong: preflights carry no credentials and get 401.
 * app.addHook('onRequest', authenticate);
 * await app.register(cors, { allowlist });
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match and names no policy can have;
 *   where a route is declared, for such a name too, and for a second policy of one method and URL.
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
  const choiceOfRoute = watchRoutes(app);
  const tell = conflictTeller(allowlist, 'fastify');

  app.addHook('onRequest', (request, reply, next) => {
    if (isTaken(reply.raw)) return passOn(request, reply, next);
    const target = targetOf(request.raw);
    const choice = choiceOfRoute(request) ?? choose(target);
    const { method, headers } = request.raw;
    const kept = recallKept(allowlist, method, headers.origin, target, choice);
    if (kept !== undefined) return enforce(kept, request, reply, tell, next);
    const decision = allowlist.decide(requestOf(request.raw, target, choice));
    if (!(decision instanceof Promise)) return enforce(decision, request, reply, tell, next);
    enforceLate(decision, reply.raw, (late) => {
      // Hijacked meanwhile, as a rule: `sent` says that too.
      if (!reply.sent) enforce(late, request, reply, tell, next);
    });
  });
  done();
}

function enforce(
  decision: Decision,
  request: FastifyRequest,
  reply: FastifyReply,
  tell: TellConflict,
  next: () => void,
): void {
  if (decision.status !== null) {
    writeAnswer(reply.raw, decision, decision.status, tell);
    void reply.send();
    return;
  }
  // Among the reply's headers, as a plugin of Fastify would; hijacked replies get them when the head of the raw response is sent.
  keepEdits(reply.raw, decision, tell, reply);
  passOn(request, reply, next);
}

/**
 * Keeps the policies of routes, and has preflights find them: Fastify's own router matches a preflight as it would match the
 * request that is asked about, to an OPTIONS route that stands in for the other. These are added once any route names a policy, and
 * then for all, or a preflight of one route might find another's.
 *
 * @returns tells the choice of a request's route; `undefined` = it names no policy.
 */
function watchRoutes(app: FastifyInstance): (request: FastifyRequest) => RouteChoice | undefined {
  const known = new Map<string, KnownRoute>();
  const standIns: (() => void)[] = [];
  let isNeeded = false;

  if (!app.hasConstraintStrategy(PREFLIGHT.name)) app.addConstraintStrategy(PREFLIGHT);

  app.addHook('onRoute', function (route) {
    if (route.config?.[STANDS_IN] === true) return;
    const choice = choiceOf(route);
    const knownRoute = { choice };
    route.config = { ...route.config, [KNOWN]: knownRoute };
    for (const method of [route.method].flat()) {
      const name = `${method} ${String(route.constraints?.host ?? '')}${route.url}`;
      const twin = known.get(name);
      // A twin differs by a constraint, such as `version`, that preflights do not carry.
      if (twin !== undefined && twin.choice?.policy !== choice?.policy)
        throw new OptionsError([`${method} ${route.url} is declared twice, with different policies.`]);
      known.set(name, knownRoute);
      standIns.push(() => addStandIn(this, route, method, knownRoute));
    }
    isNeeded ||= choice !== undefined;
    if (isNeeded) for (const add of standIns.splice(0)) add();
  });

  return (request) => {
    const { config, url } = request.routeOptions;
    const knownRoute = config[KNOWN];
    if (knownRoute !== undefined) return knownRoute.choice;
    if (config.allowlist === undefined) return undefined;
    const advice = 'await app.register(cors, …) before the route is declared';
    request.log.warn(`Preflights of ${url} are not decided by the policy of its config: ${advice}.`);
    return { policy: config.allowlist.policy, isAmbiguous: false };
  };
}

function choiceOf(route: FastifyRoute): RouteChoice | undefined {
  const policy = route.config?.allowlist?.policy;
  if (policy === undefined) return undefined;
  checkPolicyName(policy);
  return { policy, isAmbiguous: false };
}

/** Documentation plugins leave the route out. */
interface HiddenSchema extends FastifySchema {
  readonly hide: boolean;
}

/** What the onRoute hook is told beyond what was declared. */
type DeclaredRoute = FastifyRoute & { readonly routePath: string; readonly prefix: string };

function addStandIn(
  app: FastifyInstance,
  route: DeclaredRoute,
  method: string,
  knownRoute: KnownRoute,
): void {
  const host = route.constraints?.host;
  const constraints = { ...(host !== undefined && { host }), [PREFLIGHT.name]: method };
  if (app.hasRoute({ method: 'OPTIONS', url: route.url, constraints })) return;
  const schema: HiddenSchema = { hide: true };
  const { prefixTrailingSlash } = route;
  app.route({
    method: 'OPTIONS',
    // Fastify gives a plugin's `/` two URLs, with the slash and without, and tells of the latter.
    url: route.routePath === '' && route.prefix !== '' ? '/' : route.routePath,
    ...(prefixTrailingSlash !== undefined && { prefixTrailingSlash }),
    constraints,
    schema,
    config: { [KNOWN]: knownRoute, [STANDS_IN]: true },
    // Never reached: the onRequest hook answers or passes on.
    handler: (_request, reply) => reply.callNotFound(),
  });
}

/** Preflights that are the application's: its tenant only reports, or a layer of ours around this one has decided. */
const passedOn = new WeakSet<IncomingMessage>();

/** Runs the application: its own route for what came to a stand-in. */
function passOn(request: FastifyRequest, reply: FastifyReply, next: () => void): void {
  const isStandIn = request.method === 'OPTIONS' && request.routeOptions.config[STANDS_IN] === true;
  if (!isStandIn) {
    next();
    return;
  }
  passedOn.add(request.raw);
  reply.hijack();
  request.server.routing(request.raw, reply.raw);
}

type ConstraintStrategy = Parameters<FastifyInstance['addConstraintStrategy']>[0];
type RouteStorage = ReturnType<ConstraintStrategy['storage']>;

/** Has the router tell preflights apart by the method they ask about; other routes take those that no stand-in is for. */
const PREFLIGHT: ConstraintStrategy = {
  name: 'originAllowlistPreflight',
  storage() {
    const routes = new Map<unknown, Parameters<RouteStorage['set']>[1]>();
    return {
      get: (method) => routes.get(method) ?? null,
      set: (method, route) => void routes.set(method, route),
    };
  },
  deriveConstraint(request) {
    const { method, headers } = request;
    if (method !== 'OPTIONS' || headers.origin === undefined || passedOn.has(request)) return undefined;
    return headers['access-control-request-method'];
  },
};
