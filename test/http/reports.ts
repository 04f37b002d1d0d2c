import { randomUUID } from 'node:crypto';
import { withClient } from '../support/database-template.js';
import type { Answer, TestService } from './service.js';

/** What an SDK would tell; `applied` and whatever differs from the usual are the test's to give. */
export interface FakeReport {
  readonly instance: string;
  readonly applied: readonly object[];
  readonly [member: string]: unknown;
}

/** Reports to `/v1/report` as an SDK does. */
export function report(service: TestService, fields: FakeReport, key?: string): Promise<Answer> {
  const body = { sdk: '0.1.0', transport: 'stream', onStale: 'serve', maxStalenessMs: 86_400_000, ...fields };
  return service.call('POST', '/v1/report', { body, ...(key !== undefined && { key }) });
}

/** The version a tenant is at, as a report names it. */
export async function versionOf(
  service: TestService,
  slug: string,
): Promise<{ readonly slug: string; readonly lineage: string; readonly revision: number }> {
  const { body } = await service.call('GET', `/v1/tenants/${slug}`);
  return { slug, lineage: body.lineage, revision: body.revision };
}

/** What the service tells of who has applied a tenant's revision. */
export async function rolloutOf(service: TestService, slug: string, query = ''): Promise<Answer['body']> {
  return (await service.call('GET', `/v1/tenants/${slug}/rollout${query}`)).body;
}

/** The names in a list of a rollout. */
export function instancesOf(listed: readonly { readonly instance: string }[]): string[] {
  return listed.map(({ instance }) => instance).sort();
}

/** Instance names that no other test uses. */
export function newInstances(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `i${index}-${randomUUID()}`);
}

/** Lets time pass for an instance that is not heard of any more: what it said is put back by so much. */
export async function silence(databaseUrl: string, instance: string, seconds: number): Promise<void> {
  await withClient(databaseUrl, (client) =>
    client.query(
      `UPDATE instances SET last_seen_at = last_seen_at - $2 * interval '1 second',
         first_seen_at = first_seen_at - $2 * interval '1 second' WHERE instance = $1`,
      [instance, seconds],
    ),
  );
}

/** Puts back when the first instance of each tenant reported. */
export async function ageReports(databaseUrl: string, seconds: number): Promise<void> {
  await withClient(databaseUrl, (client) =>
    client.query(`UPDATE instance_tallies SET first_report_at = first_report_at - $1 * interval '1 second'`, [
      seconds,
    ]),
  );
}

/** Puts back when the registry began to be kept. */
export async function ageRegistry(databaseUrl: string, hours: number): Promise<void> {
  await withClient(databaseUrl, (client) =>
    client.query(`UPDATE instance_registry SET born_at = now() - $1 * interval '1 hour'`, [hours]),
  );
}
