import type { Enforcement, SnapshotPolicy } from './policy-settings.js';
import { isPolicyName, isSlug } from './slug.js';
import type { Snapshot, SnapshotEntry } from './snapshot.js';

/** A snapshot, or a delta, that cannot be decided by; `message` says where and what was expected. */
export class SnapshotError extends Error {
  readonly code = 'snapshot_invalid';

  /** @param pointer begins with what is read: `snapshot/entries/0`, `delta/ops/0`. */
  constructor(pointer: string, expected: string) {
    super(`${pointer}: expected ${expected}`);
    this.name = 'SnapshotError';
  }
}

/**
 * Checks a snapshot that came over the wire. Strict on the type of every field it knows, so that a half-broken snapshot is
 * refused whole and the old one stays; silent about fields it does not know, so that a newer service can add some.
 *
 * @throws {SnapshotError} code `snapshot_invalid`.
 */
export function parseSnapshot(value: unknown): Snapshot {
  const fields = record(value, 'snapshot');
  const entries = list(fields.entries, 'snapshot/entries').map((entry, index) =>
    parseEntry(entry, `snapshot/entries/${index}`),
  );
  const policies = list(fields.policies, 'snapshot/policies').map((policy, index) =>
    parsePolicy(policy, `snapshot/policies/${index}`),
  );
  if (fields.count !== entries.length)
    throw new SnapshotError('snapshot/count', `the number of entries, ${entries.length}`);
  const names = new Set(policies.map((policy) => policy.name));
  if (names.size !== policies.length) throw new SnapshotError('snapshot/policies', 'names that differ');
  if (!names.has('default')) throw new SnapshotError('snapshot/policies', 'one named default');
  return {
    tenant: parseTenant(fields.tenant, 'snapshot/tenant'),
    lineage: text(fields.lineage, 'snapshot/lineage'),
    revision: wholeNumber(fields.revision, 'snapshot/revision'),
    count: entries.length,
    policies,
    entries,
  };
}

/** A tenant's slug. @throws {SnapshotError} */
export function parseTenant(value: unknown, pointer: string): string {
  const slug = text(value, pointer);
  if (!isSlug(slug)) throw new SnapshotError(pointer, 'a slug');
  return slug;
}

/** One entry, of a snapshot or a delta. @throws {SnapshotError} */
export function parseEntry(value: unknown, pointer: string): SnapshotEntry {
  const fields = record(value, pointer);
  return {
    pattern: text(fields.pattern, `${pointer}/pattern`),
    ...(fields.enabled !== undefined && { enabled: flag(fields.enabled, `${pointer}/enabled`) }),
    ...(fields.expiresAt !== undefined && { expiresAt: time(fields.expiresAt, `${pointer}/expiresAt`) }),
    ...(fields.policies !== undefined && { policies: texts(fields.policies, `${pointer}/policies`) }),
  };
}

/** One policy, of either. @throws {SnapshotError} */
export function parsePolicy(value: unknown, pointer: string): SnapshotPolicy {
  const fields = record(value, pointer);
  return {
    name: parsePolicyName(fields.name, `${pointer}/name`),
    paths: texts(fields.paths, `${pointer}/paths`),
    credentials: flag(fields.credentials, `${pointer}/credentials`),
    methods: texts(fields.methods, `${pointer}/methods`),
    allowedHeaders: texts(fields.allowedHeaders, `${pointer}/allowedHeaders`),
    exposedHeaders: texts(fields.exposedHeaders, `${pointer}/exposedHeaders`),
    ...(fields.maxAgeSeconds !== undefined && {
      maxAgeSeconds: wholeNumber(fields.maxAgeSeconds, `${pointer}/maxAgeSeconds`),
    }),
    privateNetwork: flag(fields.privateNetwork, `${pointer}/privateNetwork`),
    alwaysSend: flag(fields.alwaysSend, `${pointer}/alwaysSend`),
    enforcement: enforcement(fields.enforcement, `${pointer}/enforcement`),
  };
}

/** The name of a policy. @throws {SnapshotError} */
export function parsePolicyName(value: unknown, pointer: string): string {
  const name = text(value, pointer);
  if (!isPolicyName(name)) throw new SnapshotError(pointer, 'a policy name');
  return name;
}

/** An object. @throws {SnapshotError} */
export function record(value: unknown, pointer: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new SnapshotError(pointer, 'an object');
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An array of anything. @throws {SnapshotError} */
export function list(value: unknown, pointer: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new SnapshotError(pointer, 'an array');
  return value;
}

function texts(value: unknown, pointer: string): readonly string[] {
  return list(value, pointer).map((item, index) => text(item, `${pointer}/${index}`));
}

/** A string. @throws {SnapshotError} */
export function text(value: unknown, pointer: string): string {
  if (typeof value !== 'string') throw new SnapshotError(pointer, 'a string');
  return value;
}

function flag(value: unknown, pointer: string): boolean {
  if (typeof value !== 'boolean') throw new SnapshotError(pointer, 'true or false');
  return value;
}

/** An integer from 0. @throws {SnapshotError} */
export function wholeNumber(value: unknown, pointer: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new SnapshotError(pointer, 'a whole number');
  }
  return value;
}

function time(value: unknown, pointer: string): string {
  if (typeof value !== 'string' || !isUtcTime(value))
    throw new SnapshotError(pointer, 'an ISO 8601 time in UTC');
  return value;
}

/** `2030-01-01T00:00:00Z`, with or without fractions; `Date.parse` alone takes far more. */
function isUtcTime(value: string): boolean {
  const time = Date.parse(value);
  if (!value.endsWith('Z') || Number.isNaN(time)) return false;
  const seconds = '2030-01-01T00:00:00'.length;
  return new Date(time).toISOString().slice(0, seconds) === value.slice(0, seconds);
}

function enforcement(value: unknown, pointer: string): Enforcement {
  if (value === 'report' || value === 'headers' || value === 'block') return value;
  throw new SnapshotError(pointer, 'report, headers or block');
}
