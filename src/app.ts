import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { registerAuth } from './http/auth.js';
import { registerChainHead } from './http/chain-head.js';
import {
  type ConnectionLimits,
  connectionOptions,
  DEFAULT_CONNECTION_LIMITS,
  registerConnectionLimits,
} from './http/connections.js';
import { registerEtags } from './http/etag.js';
import { registerJsonBody } from './http/json-body.js';
import { registerOpenapi } from './http/openapi.js';
import { registerProblems, sendProblem } from './http/problem.js';
import { registerQuotaHeader } from './http/quota-header.js';
import { createCallGuard } from './http/rate-limit.js';
import { countRefusedWrites } from './http/refused-writes.js';
import { createRolloutWaits } from './http/rollout-wait.js';
import { changeRoutes } from './http/routes/changes.js';
import { evaluateRoutes } from './http/routes/evaluate.js';
import { healthRoutes } from './http/routes/health.js';
import { historyRoutes } from './http/routes/history.js';
import { keyRoutes } from './http/routes/keys.js';
import { lintRoutes } from './http/routes/lint.js';
import { originListRoutes } from './http/routes/origin-lists.js';
import { originRoutes } from './http/routes/origins.js';
import { policyRoutes } from './http/routes/policies.js';
import { reportRoutes } from './http/routes/report.js';
import { rolloutRoutes } from './http/routes/rollout.js';
import { streamRoutes } from './http/routes/stream.js';
import { syncRoutes } from './http/routes/sync.js';
import { tenantRoutes } from './http/routes/tenants.js';
import { trailCheckRoutes } from './http/routes/trail-check.js';
import { registerSecurityHeaders } from './http/security-headers.js';
import { refuseUnknownQuery, validatorCompiler } from './http/validation.js';
import {
  DEFAULT_QUOTAS,
  DEFAULT_RATE_LIMITS,
  DEFAULT_TEMPORARY_ENTRY_DAYS,
  type Quotas,
  type RateLimits,
} from './limits.js';
import type { Store } from './store/store.js';

/** Routes that take more say so. */
const BODY_LIMIT_BYTES = 256 * 1_024;
const DAY_MS = 24 * 3_600_000;
/** Above the longest slug, so that a longer one is a tenant that does not exist, not an unknown route. */
const MAX_PARAM_LENGTH = 500;

/** What an app stands on; whoever opened the store closes it after the app. */
export interface AppDeps {
  readonly store: Store;
  /** A key with every scope that no table holds. Absent: only keys made through `/v1/keys` work. */
  readonly adminKey?: string | undefined;
  /** Absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Those left out are {@link DEFAULT_RATE_LIMITS}. */
  readonly rateLimits?: Partial<RateLimits> | undefined;
  /** Those left out are {@link DEFAULT_CONNECTION_LIMITS}. */
  readonly connectionLimits?: Partial<ConnectionLimits> | undefined;
  /** Those of the store, to be told of. Those left out are {@link DEFAULT_QUOTAS}. */
  readonly quotas?: Partial<Quotas> | undefined;
  /** Addresses and networks whose `X-Forwarded-*` headers are believed. Default none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Within how many days an entry ends that is written with `origins:write-temporary`. Default 14. */
  readonly temporaryEntryDays?: number | undefined;
}

/** The whole HTTP service, not listening yet. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { store, adminKey, logger, now = Date.now, rateLimits, quotas, trustedProxies = [] } = deps;
  const { temporaryEntryDays = DEFAULT_TEMPORARY_ENTRY_DAYS } = deps;
  const connections = { ...DEFAULT_CONNECTION_LIMITS, ...deps.connectionLimits };
  const app = Fastify({
    ...(logger && { loggerInstance: logger }),
    // Ids of our own only: they go into the trail, so callers must not choose them.
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    bodyLimit: BODY_LIMIT_BYTES,
    ...connectionOptions(connections),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // A malformed URL never reaches a hook or the error handler.
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  registerJsonBody(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  registerProblems(app);
  registerSecurityHeaders(app);
  registerConnectionLimits(app, connections);
  registerEtags(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'private, no-cache' });
  });
  await registerOpenapi(app);
  const waits = createRolloutWaits(store);
  // A writer that waits for instances would keep the server from stopping.
  app.addHook('preClose', async () => waits.close());

  await app.register(healthRoutes, { store });
  await app.register(async (v1) => {
    const guard = await createCallGuard(v1, store.counts, { ...DEFAULT_RATE_LIMITS, ...rateLimits });
    registerAuth(v1, { store, guard, adminKey, temporaryEntryMs: temporaryEntryDays * DAY_MS });
    refuseUnknownQuery(v1);
    registerQuotaHeader(v1, { ...DEFAULT_QUOTAS, ...quotas });
    registerChainHead(v1);
    countRefusedWrites(v1, store);
    await v1.register(tenantRoutes, { store });
    await v1.register(originRoutes, { store, waits });
    await v1.register(originListRoutes, { store, waits });
    await v1.register(policyRoutes, { store, waits });
    await v1.register(lintRoutes, { store, now });
    await v1.register(changeRoutes, { store });
    await v1.register(trailCheckRoutes, { store });
    await v1.register(historyRoutes, { store, waits });
    await v1.register(keyRoutes, { store });
    await v1.register(evaluateRoutes, { store, now });
    await v1.register(syncRoutes, { store, now });
    await v1.register(streamRoutes, { store, now });
    await v1.register(reportRoutes, { store });
    await v1.register(rolloutRoutes, { store });
  });
  return app;
}
