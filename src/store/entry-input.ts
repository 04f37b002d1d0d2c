import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Pattern } from '@origin-allowlist/client/core';
import { AppError, MAX_PROBLEMS, type ProblemItem } from '../errors.js';
import { inTurns } from '../turns.js';
import { loadCredentials } from './list-review.js';
import type { AcceptedRisk, EntryRow } from './rows.js';
import type { TenantWrite } from './tenant-lock.js';

/** What an admin says of an entry beside its pattern. Absent = keep, or the default of a new entry; `null` = clear. */
export interface EntryFields {
  /** Default `true`. */
  readonly enabled?: boolean | undefined;
  /** ISO 8601. Default `null`: never. */
  readonly expiresAt?: string | null | undefined;
  readonly ref?: string | null | undefined;
  readonly note?: string | null | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Names of the policies it applies to. Default none: all. */
  readonly policies?: readonly string[] | undefined;
  readonly acceptedRisks?: readonly Pick<AcceptedRisk, 'code' | 'note'>[] | undefined;
}

/** What the store keeps of a parsed pattern. */
export type EntryPattern = Pick<Pattern, 'text' | 'kind' | 'anyPort'>;

/** An entry as it is written. */
export interface EntryInput extends EntryFields {
  readonly pattern: EntryPattern;
}

/** An input, and where it stands in the request: an RFC 6901 pointer, empty for the request itself. */
export interface PointedInput {
  readonly pointer: string;
  readonly input: EntryFields & { readonly pattern?: EntryPattern | undefined };
}

/** A new entry as `input` has it. */
export function draftEntry(write: TenantWrite, { pattern, ...fields }: EntryInput): EntryRow {
  const { revision, at, actor } = write;
  const now = at.toISOString();
  return {
    id: randomUUID(),
    ...fromPattern(pattern),
    ...withFields(write, DEFAULTS, fields),
    revision,
    createdAt: now,
    createdBy: actor,
    updatedAt: now,
    updatedBy: actor,
  };
}

/** The entry after the fields of `patch`: `before` itself when they change nothing. */
export function patchEntry(
  write: TenantWrite,
  before: EntryRow,
  { pattern, ...fields }: PointedInput['input'],
): EntryRow {
  // Whoever accepted a risk did so for that pattern and not for another.
  const isRenamed = pattern !== undefined && pattern.text !== before.pattern;
  const base = isRenamed ? { ...before, acceptedRisks: [] } : before;
  const after = { ...base, ...(pattern && fromPattern(pattern)), ...withFields(write, base, fields) };
  if (isDeepStrictEqual(after, before)) return before;
  const { revision, at, actor } = write;
  return { ...after, revision, updatedAt: at.toISOString(), updatedBy: actor };
}

/** The entry as `input` has it, under the id it has: `before` itself when that changes nothing. */
export function replaceEntry(
  write: TenantWrite,
  before: EntryRow,
  { pattern, ...fields }: EntryInput,
): EntryRow {
  const base = { ...DEFAULTS, acceptedRisks: before.acceptedRisks };
  const { acceptedRisks = [] } = fields;
  return patchEntry(write, before, { pattern, ...withFields(write, base, { ...fields, acceptedRisks }) });
}

/** A policy list, and where what has it stands in the request. */
interface NamedPolicies {
  readonly pointer: string;
  readonly policies: readonly string[];
}

/** @throws AppError `policy_unknown`, with a pointer for each policy named that is not among those known. */
export function refuseUnknownPolicies(
  known: readonly { readonly name: string }[],
  inputs: readonly NamedPolicies[],
): void {
  const errors = unknownPolicies(known, inputs);
  if (errors.length > 0) refuse('policy_unknown', 'A policy that is named does not exist.', errors);
}

/** @throws AppError `policy_unknown`, with a pointer for each policy named that the tenant does not have. */
export async function requirePolicies(write: TenantWrite, inputs: readonly PointedInput[]): Promise<void> {
  const named = policiesNamed(inputs);
  if (named.length > 0) refuseUnknownPolicies(await loadCredentials(write), named);
}

/**
 * The same for a list of inputs.
 *
 * @throws AppError `invalid_input` also for each pattern that an earlier input has, with all that is wrong.
 */
export async function requireInputs(
  write: TenantWrite,
  inputs: readonly (PointedInput & { readonly pattern: string })[],
): Promise<void> {
  const repeated = await repeatedPatterns(inputs);
  if (repeated.length === 0) return requirePolicies(write, inputs);
  const errors = [...repeated, ...unknownPolicies(await loadCredentials(write), policiesNamed(inputs))];
  refuse('invalid_input', 'A pattern is there more than once.', errors);
}

function policiesNamed(inputs: readonly PointedInput[]): readonly NamedPolicies[] {
  return inputs.flatMap(({ pointer, input: { policies = [] } }) =>
    policies.length === 0 ? [] : [{ pointer, policies }],
  );
}

/** The first {@link MAX_PROBLEMS}: each of 100,000 inputs may name many. */
function unknownPolicies(
  known: readonly { readonly name: string }[],
  inputs: readonly NamedPolicies[],
): readonly ProblemItem[] {
  const names = new Set(known.map(({ name }) => name));
  const errors: ProblemItem[] = [];
  for (const { pointer, policies } of inputs) {
    for (const [index, name] of policies.entries()) {
      if (names.has(name)) continue;
      errors.push({
        pointer: `${pointer}/policies/${index}`,
        code: 'policy_unknown',
        detail: `There is no policy ${JSON.stringify(name)}.`,
      });
      if (errors.length === MAX_PROBLEMS) return errors;
    }
  }
  return errors;
}

async function repeatedPatterns(
  inputs: readonly { readonly pointer: string; readonly pattern: string }[],
): Promise<readonly ProblemItem[]> {
  const first = new Map<string, string>();
  const errors: ProblemItem[] = [];
  for await (const turn of inTurns(inputs)) {
    for (const { pointer, pattern } of turn) {
      const earlier = first.get(pattern);
      if (earlier === undefined) first.set(pattern, pointer);
      else {
        errors.push({
          pointer: `${pointer}/pattern`,
          code: 'pattern_repeated',
          detail: `The pattern is the same as that of ${earlier}.`,
        });
        if (errors.length === MAX_PROBLEMS) return errors;
      }
    }
  }
  return errors;
}

function refuse(
  code: 'policy_unknown' | 'invalid_input',
  detail: string,
  errors: readonly ProblemItem[],
): never {
  throw new AppError(code, detail, { errors: errors.slice(0, MAX_PROBLEMS) });
}

type StoredFields = Pick<
  EntryRow,
  'enabled' | 'expiresAt' | 'ref' | 'note' | 'labels' | 'policies' | 'acceptedRisks'
>;

const DEFAULTS: StoredFields = {
  enabled: true,
  expiresAt: null,
  ref: null,
  note: null,
  labels: [],
  policies: [],
  acceptedRisks: [],
};

function withFields(write: TenantWrite, base: StoredFields, fields: EntryFields): StoredFields {
  const { enabled, expiresAt, ref, note, labels, policies, acceptedRisks } = fields;
  return {
    enabled: enabled ?? base.enabled,
    expiresAt: expiresAt ? new Date(expiresAt).toISOString() : keepOrClear(expiresAt, base.expiresAt),
    ref: keepOrClear(ref, base.ref),
    note: keepOrClear(note, base.note),
    labels: labels ? [...labels] : base.labels,
    policies: policies ? [...policies] : base.policies,
    acceptedRisks: acceptedRisks
      ? acceptedRisks.map((risk) => signRisk(write, base.acceptedRisks, risk))
      : base.acceptedRisks,
  };
}

/** Who accepts it and when; a risk that was accepted in these words before stays with whoever did. */
export function signRisk(
  { at, actor }: Pick<TenantWrite, 'at' | 'actor'>,
  accepted: readonly AcceptedRisk[],
  { code, note }: Pick<AcceptedRisk, 'code' | 'note'>,
): AcceptedRisk {
  const earlier = accepted.find((risk) => risk.code === code && risk.note === note);
  return earlier ?? { at: at.toISOString(), by: actor, code, note };
}

function keepOrClear(value: string | null | undefined, kept: string | null): string | null {
  return value === undefined ? kept : value;
}

function fromPattern({ text, kind, anyPort }: EntryPattern) {
  return { pattern: text, kind, anyPort };
}
