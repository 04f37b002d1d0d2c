import type { z } from 'zod';
import { AppError, type ProblemItem } from '../errors.js';
import { recordingExisting } from '../lint/existing-patterns.js';
import { blocks } from '../lint/finding.js';
import { isAcceptable } from '../lint/finding-code.js';
import { createEntryLinter, hasCredentials, type WrittenEntry } from '../lint/lint-entries.js';
import { lintPattern } from '../lint/lint-pattern.js';
import type { EntryRow, ListReview, ListWrite } from '../store/store.js';
import { inTurns, mapInTurns } from '../turns.js';
import { readExisting } from './existing-list.js';
import { type ListFindingSchema, toFinding } from './finding-schema.js';

type ListFinding = z.infer<typeof ListFindingSchema>;

/** The linter's look at one write, and what it found there once the write was made. */
export interface LintedWrite {
  readonly review: ListReview;
  /** At most {@link MAX_FINDINGS}, in the order of the request; empty until the write was looked at. */
  readonly findings: ListFinding[];
  /** How many there are. */
  readonly findingCount: number;
}

/** Findings told of one write: an answer must not outgrow the input that earned it. */
const MAX_FINDINGS = 1_000;
/** Patterns of the list that are looked up for one write; for one that asks for more the whole list is read. */
const MAX_RELATED_PATTERNS = 20_000;

/**
 * Lints what a write puts into a list. A `reject` the entry did not have before refuses the write; rows that were stored before
 * a rule was made never stand in the way of an edit that has nothing to do with it.
 *
 * @param root pointer to the request's one pattern, where that is not in the body.
 * @param field pointer from there to what the findings are about.
 * @returns the review to hand to the store. It throws AppError `risk_unaccepted`, with all that is rejected.
 */
export function lintWrite(root = '', field = '/pattern'): LintedWrite {
  let findings: ListFinding[] = [];
  let findingCount = 0;
  return {
    async review(write) {
      const linted = await lintWritten(write, (pointer) => `${root}${pointer}${field}`);
      if (linted.refused.length > 0) throw unaccepted(linted.refused);
      findings = linted.findings.slice(0, MAX_FINDINGS);
      findingCount = linted.findings.length;
    },
    get findings() {
      return findings;
    },
    get findingCount() {
      return findingCount;
    },
  };
}

async function lintWritten(write: ListWrite, pointerOf: (pointer: string) => string) {
  const { written, environment, policies, removed, atMs: nowMs } = write;
  const entries = await mapInTurns(written, ({ after }) => toSnapshotEntry(after));
  const listed = write.listed ?? (await write.find(await relatedPatterns(entries)));
  const before = await readExisting(await mapInTurns(listed, toSnapshotEntry), nowMs);
  const writtenList = await readExisting(entries, nowMs);
  const lint = createEntryLinter(entries, { environment, policies, before, writtenList, removed, nowMs });

  const findings: ListFinding[] = [];
  const refused: ListFinding[] = [];
  for await (const turn of inTurns(written.map((edit, index) => ({ edit, entry: entries[index] })))) {
    for (const { edit, entry } of turn) {
      if (entry === undefined) continue;
      const pointer = pointerOf(edit.pointer);
      const found = lint(entry).map((finding) => ({
        ...toFinding(finding),
        pointer,
        pattern: entry.pattern,
      }));
      findings.push(...found);
      if (!blocks(found)) continue;
      const known = rejectedBefore(edit, write);
      refused.push(...found.filter(({ severity, code }) => severity === 'reject' && !known.has(code)));
    }
  }
  return { findings, refused };
}

/** Codes the entry was rejected for as it was; none of one that let nobody in and now does, or let others in. */
function rejectedBefore(
  { before, after }: ListWrite['written'][number],
  { environment, policiesBefore, atMs }: ListWrite,
): ReadonlySet<string> {
  if (before === null || before.pattern !== after.pattern) return new Set();
  if (isLive(after, atMs) && !isLive(before, atMs)) return new Set();
  const credentials = hasCredentials(policiesBefore, before.policies);
  const findings = lintPattern(before.pattern, {
    environment,
    credentials,
    acceptedRisks: before.acceptedRisks,
  });
  return new Set(findings.filter(({ severity }) => severity === 'reject').map(({ code }) => code));
}

function isLive({ enabled, expiresAt }: EntryRow, atMs: number): boolean {
  return enabled && (expiresAt === null || Date.parse(expiresAt) > atMs);
}

/** The patterns of the list that bear on these. */
async function relatedPatterns(entries: readonly WrittenEntry[]): Promise<readonly string[] | 'all'> {
  const existing = recordingExisting(MAX_RELATED_PATTERNS);
  for await (const turn of inTurns(entries)) {
    if (existing.texts.size >= MAX_RELATED_PATTERNS) return 'all';
    for (const { pattern } of turn)
      lintPattern(pattern, { credentials: false, environment: 'production', existing });
  }
  return existing.texts.size >= MAX_RELATED_PATTERNS ? 'all' : [...existing.texts];
}

function toSnapshotEntry(entry: EntryRow): WrittenEntry {
  const { pattern, enabled, expiresAt, policies, acceptedRisks } = entry;
  return { pattern, enabled, policies, acceptedRisks, ...(expiresAt !== null && { expiresAt }) };
}

function unaccepted(refused: readonly ListFinding[]): AppError {
  const told = refused.slice(0, MAX_FINDINGS);
  return new AppError('risk_unaccepted', 'What is written lets in more than is safe; nothing was written.', {
    errors: told.map(toProblemItem),
    extra: { findings: told, findingCount: refused.length },
  });
}

/** A rejecting finding as a problem, with the way out where there is one. */
export function toProblemItem(
  finding: Pick<ListFinding, 'pointer' | 'code' | 'detail' | 'fix'>,
): ProblemItem {
  const { pointer, code, detail, fix } = finding;
  const way = isAcceptable(code)
    ? `If it is meant, name ${code} in the entry’s acceptedRisks, with a note.`
    : 'This is never accepted.';
  return { pointer, code, detail: `${detail} ${way}`, ...(fix !== undefined && { fix }) };
}
