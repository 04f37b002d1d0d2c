import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { isInScope, type Store, tenantNotFound } from '../store/store.js';
import type { CallGuard } from './rate-limit.js';
import { PRESETS, type Scope } from './scopes.js';

/** Who is calling: which key, what it may do, and for which tenants (`null` = all). */
export interface Principal {
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly tenantIds: readonly string[] | null;
  /** The key of the settings, which no table holds and nobody can revoke. */
  readonly isAdmin: boolean;
  /** SHA-256 of the key, lower-case hex: by it the store tells that the key was revoked. */
  readonly keyHash: string;
  /** When the key ends; `null` = never. */
  readonly expiresAt: string | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller. Set before any route under `/v1` runs. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** The scope a route under `/v1` needs. */
    readonly scope?: Scope;
  }
}

/** Longer than any key; a longer header is refused before it is hashed. */
const MAX_KEY_LENGTH = 512;

/**
 * Authenticates every request of `app`, then checks tenant and scope, before the body is read.
 * The order is 401, 404, 403: a key that may not see a tenant learns nothing from its scopes.
 */
export function registerAuth(
  app: FastifyInstance,
  options: {
    readonly store: Store;
    readonly guard: CallGuard;
    readonly adminKey?: string | undefined;
  },
): void {
  const { store, guard, adminKey } = options;
  const adminKeyHash = adminKey === undefined ? undefined : sha256(adminKey);

  app.decorateRequest('principal');

  // A route that forgot its scope must not start, let alone answer.
  app.addHook('onRoute', (route) => {
    if (route.config?.scope === undefined)
      throw new Error(`Route ${route.method} ${route.url} names no scope.`);
  });

  app.addHook('onRequest', async (request, reply) => {
    request.principal = await authenticate(request, reply);
    await guard.spend(request, reply);
    await requireTenant(request);
    requireScope(request);
  });

  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Principal> {
    const key = parseBearer(request.headers.authorization);
    if (key === undefined) {
      await guard.admitStranger(request, reply, { asks: false });
      await guard.noteFailure(request);
      throw new AppError('unauthorized', 'Send a key as `Authorization: Bearer <key>`.');
    }
    const hash = sha256(key);
    const keyHash = hash.toString('hex');
    if (adminKeyHash !== undefined && timingSafeEqual(hash, adminKeyHash)) {
      return {
        actor: 'admin-key',
        scopes: new Set(PRESETS.admin),
        tenantIds: null,
        isAdmin: true,
        keyHash,
        expiresAt: null,
      };
    }
    const known = store.keys.recall(keyHash);
    if (known === undefined || known === 'unusable') {
      await guard.admitStranger(request, reply, { asks: known === undefined });
    }
    const row = await store.keys.verify(keyHash);
    if (row === undefined) {
      await guard.noteFailure(request);
      throw new AppError('unauthorized', 'The key is unknown, expired or revoked.');
    }
    const { id, scopes, tenantIds, expiresAt } = row;
    return { actor: `key:${id}`, scopes: new Set(scopes), tenantIds, isAdmin: false, keyHash, expiresAt };
  }

  // Routes that name their tenant in the path or the query; the others check each tenant they read. A slug may have gone to
  // another tenant since this cache was filled: what reads or writes the database is given the principal, and checks again.
  async function requireTenant(request: FastifyRequest): Promise<void> {
    const slug = tenantOf(request);
    if (slug === undefined) return;
    const { tenantIds, scopes } = request.principal;
    const scope = request.routeOptions.config.scope;
    if (tenantIds === null && scope !== undefined && scopes.has(scope)) return; // the handler finds out
    const tenantId = await store.snapshots.tenantId(slug);
    if (tenantId === undefined || !isInScope(request.principal, tenantId)) throw tenantNotFound(slug);
  }
}

/** Who writes, for the trail, and to which tenants they may. */
export function writeContext(request: FastifyRequest): {
  readonly actor: string;
  readonly requestId: string;
  readonly tenantIds: readonly string[] | null;
} {
  const { actor, tenantIds } = request.principal;
  return { actor, requestId: request.id, tenantIds };
}

function requireScope(request: FastifyRequest): void {
  const scope = request.routeOptions.config.scope;
  if (scope === undefined || !request.principal.scopes.has(scope)) {
    throw new AppError('scope_missing', `This call needs the scope \`${scope}\`.`, { extra: { scope } });
  }
}

function tenantOf(request: FastifyRequest): string | undefined {
  for (const part of [request.params, request.query]) {
    if (typeof part !== 'object' || part === null) continue;
    const { slug, tenant }: { slug?: unknown; tenant?: unknown } = part;
    if (typeof slug === 'string') return slug;
    if (typeof tenant === 'string') return tenant;
  }
  return undefined;
}

// RFC 6750 §2.1; the scheme's name is case-insensitive (RFC 9110 §11.1).
function parseBearer(header: string | undefined): string | undefined {
  if (header === undefined || header.length > MAX_KEY_LENGTH) return undefined;
  return /^Bearer +([\w.~+/=-]+)$/i.exec(header)?.[1];
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
