import type { Enforcement, PatternKind } from '@origin-allowlist/client/core';
import type { Entry, Environment, Policy, Tenant } from './generated/client.js';

/** A tenant as callers see it. Instants are ISO 8601 in UTC with milliseconds, here and below. */
export interface TenantRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly environment: Environment;
  readonly lineage: string;
  readonly revision: number;
  /** Hash of the change that made this revision. */
  readonly headHash: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A risk an admin took on by name, and why. */
export interface AcceptedRisk {
  readonly code: string;
  readonly note: string;
  /** Who accepted it, and when; the store's own to say. */
  readonly by: string;
  readonly at: string;
}

/** An entry as callers see it. `revision` is the tenant's revision that last changed it. */
export interface EntryRow {
  readonly id: string;
  readonly pattern: string;
  readonly kind: PatternKind;
  readonly anyPort: boolean;
  readonly enabled: boolean;
  readonly expiresAt: string | null;
  readonly ref: string | null;
  readonly note: string | null;
  readonly labels: string[];
  readonly policies: string[];
  readonly acceptedRisks: AcceptedRisk[];
  readonly revision: number;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** A policy as callers see it. */
export interface PolicyRow {
  readonly name: string;
  readonly paths: string[];
  readonly credentials: boolean;
  readonly methods: string[];
  readonly allowedHeaders: string[];
  readonly exposedHeaders: string[];
  readonly maxAgeSeconds: number | null;
  readonly privateNetwork: boolean;
  readonly alwaysSend: boolean;
  readonly enforcement: Enforcement;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** One page of a list; `nextCursor` is `null` on the last. */
export interface Page<Row> {
  readonly items: Row[];
  readonly nextCursor: string | null;
}

/** Which page of a list. */
export interface PageRequest {
  readonly limit: number;
  /** `nextCursor` of the page before; absent = the first. */
  readonly cursor?: string | undefined;
}

/** A tenant's columns under their property names, for statements outside Prisma. */
export const TENANT_COLUMNS = `id, lineage, slug, name, environment, revision, entry_count AS "entryCount",
  wildcard_count AS "wildcardCount", policy_count AS "policyCount", head_hash AS "headHash",
  created_at AS "createdAt", updated_at AS "updatedAt", deleted_at AS "deletedAt"`;

/** The same for entries. */
export const ENTRY_COLUMNS = `id, tenant_id AS "tenantId", pattern, kind, any_port AS "anyPort", enabled,
  expires_at AS "expiresAt", ref, note, labels, policies, accepted_risks AS "acceptedRisks", revision,
  created_at AS "createdAt", created_by AS "createdBy", updated_at AS "updatedAt", updated_by AS "updatedBy"`;

/** The same for policies, but for the id, by which nobody knows them. */
export const POLICY_COLUMNS = `tenant_id AS "tenantId", name, paths, credentials, methods,
  allowed_headers AS "allowedHeaders", exposed_headers AS "exposedHeaders", max_age_seconds AS "maxAgeSeconds",
  private_network AS "privateNetwork", always_send AS "alwaysSend", enforcement, revision,
  created_at AS "createdAt", updated_at AS "updatedAt"`;

export function toTenantRow(tenant: Tenant): TenantRow {
  return {
    id: tenant.id,
    slug: tenant.slug,
    name: tenant.name,
    environment: tenant.environment,
    lineage: tenant.lineage,
    revision: tenant.revision,
    headHash: tenant.headHash,
    createdAt: tenant.createdAt.toISOString(),
    updatedAt: tenant.updatedAt.toISOString(),
  };
}

export function toEntryRow(entry: Entry): EntryRow {
  return {
    id: entry.id,
    pattern: entry.pattern,
    kind: entry.kind,
    anyPort: entry.anyPort,
    enabled: entry.enabled,
    expiresAt: entry.expiresAt?.toISOString() ?? null,
    ref: entry.ref,
    note: entry.note,
    labels: entry.labels,
    policies: entry.policies,
    acceptedRisks: toAcceptedRisks(entry.acceptedRisks),
    revision: entry.revision,
    createdAt: entry.createdAt.toISOString(),
    createdBy: entry.createdBy,
    updatedAt: entry.updatedAt.toISOString(),
    updatedBy: entry.updatedBy,
  };
}

export function toPolicyRow(policy: Omit<Policy, 'id'>): PolicyRow {
  return {
    name: policy.name,
    paths: policy.paths,
    credentials: policy.credentials,
    methods: policy.methods,
    allowedHeaders: policy.allowedHeaders,
    exposedHeaders: policy.exposedHeaders,
    maxAgeSeconds: policy.maxAgeSeconds,
    privateNetwork: policy.privateNetwork,
    alwaysSend: policy.alwaysSend,
    enforcement: policy.enforcement,
    revision: policy.revision,
    createdAt: policy.createdAt.toISOString(),
    updatedAt: policy.updatedAt.toISOString(),
  };
}

// The column is JSON to Prisma and to pg; only this store writes it.
function toAcceptedRisks(value: unknown): AcceptedRisk[] {
  if (!Array.isArray(value)) return [];
  return value.map((risk: { at?: unknown; by?: unknown; code?: unknown; note?: unknown }) => ({
    at: String(risk.at),
    by: String(risk.by),
    code: String(risk.code),
    note: String(risk.note),
  }));
}
