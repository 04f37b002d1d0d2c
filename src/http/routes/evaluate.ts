import { setTimeout as delay, setImmediate as yieldTurn } from 'node:timers/promises';
import { type Explanation, explain } from '@origin-allowlist/client/core';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { AppError } from '../../errors.js';
import { isInScope, type Store, tenantNotFound } from '../../store/store.js';
import { type Principal, requireStanding } from '../auth.js';
import {
  BatchResultSchema,
  EvaluateBatchSchema,
  EvaluateBodySchema,
  EvaluateQuerySchema,
  EvaluateRequestSchema,
  EvaluationSchema,
} from '../evaluate-schema.js';
import { invalidInput, problemsOf } from '../input-problems.js';
import { findPast } from '../past.js';
import { bodyProblemResponses, problemOf, problemResponses } from '../problem.js';

type EvaluateRequest = z.output<typeof EvaluateRequestSchema>;
type Evaluation = z.infer<typeof EvaluationSchema>;

/** A hundred requests, each with all the header lines that are read. */
const BODY_LIMIT_BYTES = 1_024 * 1_024;
/** How long an evaluation waits for the revision it was asked to see. */
const REVISION_WAIT_MS = 1_000;
const REVISION_POLL_MS = 50;

const tags = ['evaluate'];

/** `/v1/evaluate`: the decision the SDK would take, for services in any language and for people. */
export const evaluateRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly now: () => number;
}> = async (app, { store, now }) => {
  const refreshes = new Map<string, Promise<unknown>>();

  app.post('/v1/evaluate', {
    config: { scope: 'evaluate' },
    bodyLimit: BODY_LIMIT_BYTES,
    // The body is parsed below: one bad item of a batch must not fail the others.
    validatorCompiler: () => (value) => ({ value }),
    schema: {
      operationId: 'evaluate',
      summary: 'Decide one request, or up to 100',
      description:
        'A batch answers `results` in order; a bad item is `{problem}` and does not fail the others.',
      tags,
      body: EvaluateBodySchema,
      response: {
        200: EvaluationSchema.or(BatchResultSchema),
        ...bodyProblemResponses('tenant_not_found', 'revision_not_found', 'revision_not_reached'),
      },
    },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      if (!isBatch(request.body)) return evaluateItem(request.body, request.principal);
      const { requests } = parseOrThrow(EvaluateBatchSchema, request.body);
      const takeTurn = createTurns();
      const results = await Promise.all(
        requests.map((item) =>
          evaluateItem(item, request.principal, takeTurn).catch((error: Error) => ({
            problem: problemOf(error, request),
          })),
        ),
      );
      return { results };
    },
  });

  app.get('/v1/evaluate', {
    config: { scope: 'evaluate' },
    schema: {
      operationId: 'evaluateOne',
      summary: 'Decide one request given in the query',
      tags,
      querystring: EvaluateQuerySchema,
      response: {
        200: EvaluationSchema,
        ...problemResponses(
          'tenant_not_found',
          'revision_not_found',
          'revision_not_reached',
          'invalid_input',
        ),
      },
    },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return evaluate(request.query, request.principal);
    },
  });

  async function evaluateItem(item: unknown, principal: Principal, takeTurn?: TakeTurn): Promise<Evaluation> {
    return evaluate(parseOrThrow(EvaluateRequestSchema, item), principal, takeTurn);
  }

  async function evaluate(
    input: EvaluateRequest,
    principal: Principal,
    takeTurn?: TakeTurn,
  ): Promise<Evaluation> {
    const { tenant, path, requestPrivateNetwork, minRevision, atRevision, at, ...request } = input;
    const past = await findPast(store, tenant, { atRevision, at }, principal);
    const { compiled, version } = await (past === undefined
      ? presentSnapshot(tenant, minRevision, principal)
      : store.history.snapshot(past));
    await takeTurn?.();
    const explanation = explain(
      { ...request, target: path, requestPrivateNetwork: requestPrivateNetwork?.toString() },
      compiled,
      past === undefined ? now() : Date.parse(past.at),
    );
    return toEvaluation(explanation, tenant, version.revision, past?.at);
  }

  async function presentSnapshot(tenant: string, minRevision: number | undefined, principal: Principal) {
    const snapshot = await visibleSnapshot(tenant, principal);
    if (minRevision === undefined || snapshot.version.revision >= minRevision) return snapshot;
    return awaitRevision(tenant, minRevision, principal);
  }

  async function visibleSnapshot(tenant: string, principal: Principal) {
    const snapshot = await store.snapshots.bySlug(tenant);
    if (snapshot === undefined || !isInScope(principal, snapshot.version.tenantId))
      throw tenantNotFound(tenant);
    return snapshot;
  }

  async function awaitRevision(tenant: string, minRevision: number, principal: Principal) {
    const deadline = performance.now() + REVISION_WAIT_MS;
    for (;;) {
      // Announcements and the comparison of each second bring it; a look of our own only as often as it is worth a query.
      await refreshOnce(tenant, deadline);
      const snapshot = await visibleSnapshot(tenant, principal);
      const { revision } = snapshot.version;
      const isOver = performance.now() >= deadline;
      if (revision < minRevision && !isOver) continue;
      await requireStanding(store, principal);
      if (revision < minRevision) {
        throw new AppError('revision_not_reached', `The tenant is at revision ${revision} here.`, {
          extra: { revision },
        });
      }
      return snapshot;
    }
  }

  // The items of a batch, and requests beside it, that wait for one tenant share each look.
  function refreshOnce(tenant: string, deadline: number): Promise<unknown> {
    const running = refreshes.get(tenant);
    if (running !== undefined) return running;
    const waitMs = Math.max(0, Math.min(REVISION_POLL_MS, deadline - performance.now()));
    const refresh = Promise.race([
      delay(waitMs).then(() => store.snapshots.refresh(tenant)),
      delay(Math.max(0, deadline - performance.now())),
    ]).finally(() => refreshes.delete(tenant));
    refreshes.set(tenant, refresh);
    return refresh;
  }
};

type TakeTurn = () => Promise<void>;

/**
 * One item after the other: the explanation of a refused one looks through its whole list, milliseconds for a long one, and other
 * requests must not wait for a hundred of these.
 */
function createTurns(): TakeTurn {
  let last = Promise.resolve();
  return () => {
    last = last.then(() => yieldTurn());
    return last;
  };
}

function isBatch(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'requests' in body;
}

function parseOrThrow<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidInput(problemsOf(result.error));
}

function toEvaluation(
  { decision, summary }: Explanation,
  tenant: string,
  revision: number,
  at: string | undefined,
): Evaluation {
  const list =
    at === undefined
      ? `its list is at revision ${revision}`
      : `its list was at revision ${revision}, judged as of ${at}`;
  return {
    kind: decision.kind,
    allowed: decision.allowed,
    reason: decision.reason,
    explanation: `${summary} The tenant ${tenant} was named in the request; ${list}.`,
    ...(decision.matched && { matched: decision.matched }),
    policy: decision.policy ?? null,
    enforcement: decision.enforcement,
    callsNext: decision.callsNext,
    status: decision.status,
    headers: decision.headers,
    vary: [...decision.vary],
    remove: [...decision.remove],
    tenant,
    revision,
    ...(at !== undefined && { at }),
  };
}
