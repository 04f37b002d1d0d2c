import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { type EntryLimits, isInScope, keyActor, type Store, tenantNotFound } from '../store/store.js';
import { tellHeadOf } from './chain-head.js';
import { isKeyText } from './key-text.js';
import { tellUsageOf } from './quota-header.js';
import type { CallGuard } from './rate-limit.js';
import { PRESETS, type Scope } from './scopes.js';

/** Who is calling: which key, what it may do, and for which tenants (`null` = all). */
export interface Principal {
  readonly actor: string;
  /** `null` = the key of the settings, which no table holds and nobody can revoke. */
  readonly keyId: string | null;
  readonly scopes: ReadonlySet<Scope>;
  readonly tenantIds: readonly string[] | null;
  /** What it may not do although it may write entries. */
  readonly entryLimits: EntryLimits;
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
    /** The scope a route under `/v1` needs; of several one is enough, the first gives the most. */
    readonly scope?: Scope | readonly [Scope, ...Scope[]];
    /** A scope it needs besides. */
    readonly alsoScope?: Scope;
  }
}

/** Longer than any key; a longer header is refused before it is hashed. */
const MAX_KEY_LENGTH = 512;
const UNUSABLE = 'The key is unknown, expired or revoked.';

/** What {@link registerAuth} stands on. */
export interface AuthOptions {
  readonly store: Store;
  readonly guard: CallGuard;
  /** A key with every scope that no table holds. Absent: there is none. */
  readonly adminKey?: string | undefined;
  /** Within what time an entry must end that is written with `origins:write-temporary`. */
  readonly temporaryEntryMs: number;
}

/**
 * Authenticates every request of `app`, then checks tenant and scope, before the body is read.
 * The order is 401, 404, 403: a key that may not see a tenant learns nothing from its scopes. The key is looked at once more when
 * the body has come, which may take its time.
 */
export function registerAuth(app: FastifyInstance, options: AuthOptions): void {
  const { store, guard, adminKey, temporaryEntryMs } = options;
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

  app.addHook('preHandler', async (request) => requireStanding(store, request.principal));

  function entryLimits(scopes: ReadonlySet<Scope>): EntryLimits {
    return {
      mayAcceptRisks: scopes.has('risks:accept'),
      temporaryMs: scopes.has('origins:write') ? null : temporaryEntryMs,
    };
  }

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
      const scopes = new Set(PRESETS.admin);
      return {
        ...{ actor: 'admin-key', keyId: null, scopes, tenantIds: null },
        ...{ entryLimits: entryLimits(scopes), keyHash, expiresAt: null },
      };
    }
    const isOurs = isKeyText(key);
    const known = isOurs ? store.keys.recall(keyHash) : 'unusable';
    if (known === undefined || known === 'unusable') {
      await guard.admitStranger(request, reply, { asks: known === undefined });
    }
    const row = isOurs ? await store.keys.verify(keyHash) : undefined;
    if (row === undefined) {
      await guard.noteFailure(request);
      throw new AppError('unauthorized', UNUSABLE);
    }
    const { id, tenantIds, expiresAt } = row;
    const scopes = new Set(row.scopes);
    return {
      ...{ actor: keyActor(id), keyId: id, scopes, tenantIds },
      ...{ entryLimits: entryLimits(scopes), keyHash, expiresAt },
    };
  }

  // Routes that name their tenant in the path or the query; the others check each tenant they read. A slug may have gone to
  // another tenant since this cache was filled: what reads or writes the database is given the principal, and checks again.
  async function requireTenant(request: FastifyRequest): Promise<void> {
    const slug = tenantOf(request);
    if (slug === undefined) return;
    if (request.principal.tenantIds === null && hasScope(request)) return; // the handler finds out
    const tenantId = await store.snapshots.tenantId(slug);
    if (tenantId === undefined || !isInScope(request.principal, tenantId)) throw tenantNotFound(slug);
  }
}

/**
 * For what has waited since the request came in: its key may have been revoked, or have expired, meanwhile.
 *
 * @throws AppError `unauthorized`, `store_unavailable`.
 */
export async function requireStanding(
  { keys }: { readonly keys: Pick<Store['keys'], 'verify'> },
  { keyId, keyHash }: Principal,
): Promise<void> {
  if (keyId !== null && (await keys.verify(keyHash)) === undefined)
    throw new AppError('unauthorized', UNUSABLE);
}

/** Who writes, for the trail, to which tenants they may, and within which limits. Makes the answer tell the chain's head. */
export function writeContext(request: FastifyRequest) {
  const { actor, keyId, tenantIds, entryLimits: limits } = request.principal;
  const tell = { onUsage: tellUsageOf(request), onWritten: tellHeadOf(request) };
  return { actor, requestId: request.id, keyId, tenantIds, limits, ...tell };
}

function requireScope(request: FastifyRequest): void {
  const { scopes } = request.principal;
  const [scope, ...others] = scopesOf(request);
  if (!hasOneOf(request)) {
    const either = [scope, ...others].map((one) => `\`${one}\``).join(' or ');
    throw new AppError('scope_missing', `This call needs the scope ${either}.`, { extra: { scope } });
  }
  const { alsoScope } = request.routeOptions.config;
  if (alsoScope === undefined || scopes.has(alsoScope)) return;
  throw new AppError('scope_missing', `This call needs the scope \`${alsoScope}\` too.`, {
    extra: { scope: alsoScope },
  });
}

function hasScope(request: FastifyRequest): boolean {
  const { alsoScope } = request.routeOptions.config;
  return hasOneOf(request) && (alsoScope === undefined || request.principal.scopes.has(alsoScope));
}

function hasOneOf(request: FastifyRequest): boolean {
  return scopesOf(request).some((scope) => request.principal.scopes.has(scope));
}

function scopesOf({ routeOptions }: FastifyRequest): readonly Scope[] {
  const { scope = [] } = routeOptions.config;
  return typeof scope === 'string' ? [scope] : scope;
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
