import type { PolicySettings } from '@origin-allowlist/client/core';
import { keepPolicies, type TenantRevision } from './row-versions.js';
import type { PolicyRow } from './rows.js';
import type { Transaction } from './transaction.js';

/** The settings of a policy as they are written: `maxAgeSeconds` absent or `null` leaves the header out. */
export type PolicyInput = Omit<PolicySettings, 'maxAgeSeconds'> & {
  readonly maxAgeSeconds?: number | null | undefined;
};

/** A policy as the trail shows it. */
export function toPolicyOperand(name: string, settings: PolicyInput) {
  const { paths, credentials, methods, allowedHeaders, exposedHeaders } = settings;
  const { maxAgeSeconds = null, privateNetwork, alwaysSend, enforcement } = settings;
  return {
    name,
    paths: [...paths],
    credentials,
    methods: [...methods],
    allowedHeaders: [...allowedHeaders],
    exposedHeaders: [...exposedHeaders],
    maxAgeSeconds,
    privateNetwork,
    alwaysSend,
    enforcement,
  };
}

/** Inserts a policy, or overwrites the one of that name. */
export async function writePolicy(
  transaction: Transaction,
  tenantId: string,
  policy: PolicyRow,
): Promise<void> {
  await transaction.query(
    `INSERT INTO policies (id, tenant_id, name, paths, credentials, methods, allowed_headers, exposed_headers,
       max_age_seconds, private_network, always_send, enforcement, revision, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (tenant_id, name) DO UPDATE SET paths = excluded.paths, credentials = excluded.credentials,
       methods = excluded.methods, allowed_headers = excluded.allowed_headers, exposed_headers = excluded.exposed_headers,
       max_age_seconds = excluded.max_age_seconds, private_network = excluded.private_network,
       always_send = excluded.always_send, enforcement = excluded.enforcement, revision = excluded.revision,
       updated_at = excluded.updated_at`,
    [
      tenantId,
      policy.name,
      policy.paths,
      policy.credentials,
      policy.methods,
      policy.allowedHeaders,
      policy.exposedHeaders,
      policy.maxAgeSeconds,
      policy.privateNetwork,
      policy.alwaysSend,
      policy.enforcement,
      policy.revision,
      policy.createdAt,
      policy.updatedAt,
    ],
  );
}

/** Deletes policies with the revision that is being made, and keeps them as versions. */
export async function deletePolicies(
  transaction: Transaction,
  revision: TenantRevision,
  names: readonly string[],
): Promise<void> {
  await keepPolicies(transaction, revision, names);
  await transaction.query('DELETE FROM policies WHERE tenant_id = $1 AND name = ANY($2)', [
    revision.tenantId,
    names,
  ]);
}
