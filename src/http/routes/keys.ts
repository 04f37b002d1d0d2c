import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError, type ProblemItem } from '../../errors.js';
import { isInScope, KEY_SCOPES, type Store } from '../../store/store.js';
import { type Principal, writeContext } from '../auth.js';
import { freeText, InstantSchema, SlugSchema, toUtc } from '../fields.js';
import { createKeyText, shownPrefix } from '../key-text.js';
import { linkNext, pageOf, pageQuery } from '../page.js';
import { bodyProblemResponses, problemResponses } from '../problem.js';
import { canGrant, PRESETS, PresetSchema, type Scope, ScopeSchema } from '../scopes.js';

const MAX_KEY_TENANTS = 1_000;
const DEFAULT_OVERLAP_SECONDS = 24 * 3_600;
const MAX_OVERLAP_SECONDS = 30 * 24 * 3_600;

const KeyInputSchema = z
  .strictObject({
    name: freeText(200).min(1),
    scopes: z.array(ScopeSchema).min(1).max(KEY_SCOPES.length).optional(),
    preset: PresetSchema.optional(),
    tenants: z
      .array(SlugSchema)
      .min(1)
      .max(MAX_KEY_TENANTS)
      .nullable()
      .default(null)
      .meta({ description: 'The tenants the key may see; `null` = all, later ones included.' }),
    expiresAt: InstantSchema.transform(toUtc).nullable().default(null),
  })
  .refine(({ scopes, preset }) => (scopes === undefined) !== (preset === undefined), {
    message: 'Give either `scopes` or `preset`.',
    path: ['scopes'],
    params: { code: 'scopes_or_preset' },
  })
  .meta({ id: 'KeyRequest', examples: [{ name: 'orders-api', preset: 'sdk', tenants: ['acme'] }] });

const KeySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().meta({ description: 'The first characters of the key, to tell it from others.' }),
    scopes: z.array(ScopeSchema),
    tenants: z.array(z.string()).nullable(),
    createdAt: z.string(),
    createdBy: z.string().meta({ description: 'Who made it: an actor, as in the trail.' }),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable().meta({ description: 'To about a minute.' }),
    revokedAt: z.string().nullable(),
    rotatedFrom: z.uuid().nullable().meta({ description: 'The key that it replaced.' }),
    replacedBy: z.uuid().nullable().meta({ description: 'The key that replaced it.' }),
  })
  .meta({ id: 'Key' });

const NewKeySchema = KeySchema.extend({
  key: z.string().meta({ description: 'Shown this once; the service keeps only its SHA-256.' }),
}).meta({ id: 'NewKey' });

const KeyRotationSchema = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .default(DEFAULT_OVERLAP_SECONDS)
      .meta({ description: 'How long the old key goes on; 0 = it is revoked at once.' }),
    expiresAt: InstantSchema.transform(toUtc)
      .nullable()
      .optional()
      .meta({ description: 'When the new key ends. Absent = when the old one would have.' }),
  })
  .meta({ id: 'KeyRotation', examples: [{ overlapSeconds: 3_600 }] });

const RotatedKeySchema = NewKeySchema.extend({
  oldKeyEndsAt: z.string().meta({ description: 'When the key that it replaces ends.' }),
}).meta({ id: 'RotatedKey' });

const KeyParams = z.object({ id: z.string() });

const tags = ['keys'];

/** `/v1/keys`: who may call. */
export const keyRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  app.post('/v1/keys', {
    config: { scope: 'keys:write' },
    schema: {
      operationId: 'createKey',
      summary: 'Create a key; it is shown once',
      tags,
      body: KeyInputSchema,
      response: { 201: NewKeySchema, ...bodyProblemResponses() },
    },
    handler: async (request, reply) => {
      const { name, tenants, expiresAt } = request.body;
      const scopes: readonly Scope[] = request.body.scopes ?? PRESETS[request.body.preset ?? 'sdk'];
      const tenantIds = tenants === null ? null : await resolveTenants(tenants, request.principal);
      requireHeld(request.principal, scopes, tenantIds, expiresAt);

      const { key, ...kept } = createKey();
      const row = await store.keys.create(
        { name, scopes: [...new Set(scopes)], tenantIds, expiresAt, ...kept },
        writeContext(request),
      );
      reply.code(201).headers({ location: `/v1/keys/${row.id}`, 'cache-control': 'no-store' });
      return { ...row, key };
    },
  });

  app.post('/v1/keys/:id/rotate', {
    config: { scope: 'keys:write' },
    schema: {
      operationId: 'rotateKey',
      summary: 'Replace a key; the old one goes on for a while',
      description:
        'The new key has the name, scopes and tenants of the old one and is shown once. Rotating takes what granting them takes.',
      tags,
      params: KeyParams,
      body: KeyRotationSchema,
      response: { 201: RotatedKeySchema, ...bodyProblemResponses('key_not_found', 'key_replaced') },
    },
    handler: async (request, reply) => {
      const { overlapSeconds, expiresAt } = request.body;
      const old = await governedKey(request.params.id, request.principal);
      requireHeld(
        request.principal,
        old.scopes,
        old.tenantIds,
        expiresAt === undefined ? old.expiresAt : expiresAt,
      );
      const { key, ...kept } = createKey();
      const { key: row, oldKeyEndsAt } = await store.keys.rotate(
        old.id,
        { overlapSeconds, expiresAt, ...kept },
        writeContext(request),
      );
      reply.code(201).headers({ location: `/v1/keys/${row.id}`, 'cache-control': 'no-store' });
      return { ...row, key, oldKeyEndsAt };
    },
  });

  app.get('/v1/keys', {
    config: { scope: 'keys:write' },
    schema: {
      operationId: 'listKeys',
      summary: 'List keys',
      tags,
      querystring: z.strictObject(pageQuery),
      response: { 200: pageOf(KeySchema), ...problemResponses('invalid_input') },
    },
    handler: async (request, reply) => {
      const page = await store.keys.list({ ...request.query, tenantIds: request.principal.tenantIds });
      linkNext(request, reply, page.nextCursor);
      return page;
    },
  });

  app.get('/v1/keys/:id', {
    config: { scope: 'keys:write' },
    schema: {
      operationId: 'getKey',
      summary: 'Read a key, without its text',
      tags,
      params: KeyParams,
      response: { 200: KeySchema, ...problemResponses('key_not_found') },
    },
    handler: async (request) => governedKey(request.params.id, request.principal),
  });

  app.delete('/v1/keys/:id', {
    config: { scope: 'keys:write' },
    schema: {
      operationId: 'revokeKey',
      summary: 'Revoke a key, on every node',
      tags,
      params: KeyParams,
      response: { 204: z.null(), ...problemResponses('key_not_found') },
    },
    handler: async (request, reply) => {
      const row = await governedKey(request.params.id, request.principal);
      await store.keys.revoke(row.id, writeContext(request));
      reply.code(204);
      return null;
    },
  });

  // A key outside the caller's reach is answered as one that does not exist; so is such a tenant below.
  async function governedKey(id: string, principal: Principal) {
    const row = await store.keys.get(id);
    if (!governs(principal, row.tenantIds)) throw new AppError('key_not_found', 'There is no such key.');
    return row;
  }

  async function resolveTenants(slugs: readonly string[], principal: Principal): Promise<readonly string[]> {
    const versions = await store.snapshots.versions(slugs);
    const errors: ProblemItem[] = [];
    const found = slugs.flatMap((slug, index) => {
      const id = versions.get(slug)?.tenantId;
      if (id !== undefined && isInScope(principal, id)) return [id];
      errors.push({
        pointer: `/tenants/${index}`,
        code: 'tenant_unknown',
        detail: 'There is no such tenant.',
      });
      return [];
    });
    if (errors.length > 0) throw new AppError('invalid_input', 'The key names unknown tenants.', { errors });
    return [...new Set(found)];
  }
};

/** A key's text, and what is kept of it. */
function createKey() {
  const key = createKeyText();
  return { key, hash: createHash('sha256').update(key).digest('hex'), prefix: shownPrefix(key) };
}

/** Nobody can grant more than they hold. */
function requireHeld(
  principal: Principal,
  scopes: readonly Scope[],
  tenantIds: readonly string[] | null,
  expiresAt: string | null,
): void {
  const missing = scopes.filter((scope) => !canGrant(principal.scopes, scope));
  if (missing.length > 0) {
    throw new AppError('scope_missing', `You cannot grant what you do not hold: ${missing.join(', ')}.`);
  }
  if (principal.expiresAt !== null && (expiresAt === null || expiresAt > principal.expiresAt)) {
    throw new AppError(
      'scope_missing',
      `A key cannot make one that outlives it: it ends at ${principal.expiresAt}.`,
    );
  }
  if (!governs(principal, tenantIds)) {
    throw new AppError('scope_missing', 'A key bound to tenants cannot make one for all tenants.');
  }
}

/** Whether everything a key of these tenants reaches is within the principal's reach. */
function governs(principal: Principal, tenantIds: readonly string[] | null): boolean {
  if (principal.tenantIds === null) return true;
  return tenantIds?.every((id) => isInScope(principal, id)) ?? false;
}
