import { AppError, MAX_PROBLEMS, type ProblemItem } from '../errors.js';
import { keyActor } from './key-rows.js';
import type { RequestedEdit } from './list-review.js';
import type { EntryRow } from './rows.js';
import type { TenantWrite } from './tenant-lock.js';
import type { WriteContext } from './write-context.js';

/** What a caller may not do although it may write entries. */
export interface EntryLimits {
  /** Whether it may accept risks that are not accepted yet; it may always leave those that are. */
  readonly mayAcceptRisks: boolean;
  /**
   * All it touches must be of its own making, carry a `ref`, let in no more than patterns do that name a host, and end within so many
   * milliseconds: before the write and after it. `null` = no such limit.
   */
  readonly temporaryMs: number | null;
}

/**
 * Compares edits with what their author may do, under the tenant's lock: what it sees is what is written.
 *
 * @throws AppError `scope_missing`, with the scope that is needed and an item for each problem. Nothing is written then.
 */
export async function requireWithinLimits(
  write: TenantWrite,
  context: WriteContext & { readonly limits?: EntryLimits | undefined },
  edits: readonly RequestedEdit[],
): Promise<void> {
  const { limits } = context;
  if (limits === undefined) return;
  if (!limits.mayAcceptRisks) {
    refuse('risks:accept', 'To accept a risk takes the scope `risks:accept`.', edits.flatMap(newRisks));
  }
  if (limits.temporaryMs === null) return;
  const isOwn = await ownEntries(write, context, edits);
  const latestMs = write.at.getTime() + limits.temporaryMs;
  refuse(
    'origins:write',
    'Without the scope `origins:write` only temporary entries of the key’s own making can be written.',
    edits.flatMap((edit) => [...foreignness(edit, isOwn), ...permanence(edit, latestMs)]),
  );
}

function refuse(scope: string, detail: string, problems: readonly ProblemItem[]): void {
  if (problems.length === 0) return;
  throw new AppError('scope_missing', `${detail} Nothing was written.`, {
    errors: problems.slice(0, MAX_PROBLEMS),
    extra: { scope },
  });
}

/** Acceptances the entry did not have. One in other words is another: it would be signed anew. */
function newRisks({ pointer, before, after }: RequestedEdit): ProblemItem[] {
  const accepted = before?.pattern === after?.pattern ? (before?.acceptedRisks ?? []) : [];
  return (after?.acceptedRisks ?? []).flatMap(({ code, note }, index) =>
    accepted.some((risk) => risk.code === code && risk.note === note)
      ? []
      : [
          {
            pointer: `${pointer}/acceptedRisks/${index}`,
            code: 'risk_new',
            detail: `Nobody has accepted ${code} for this entry in these words.`,
          },
        ],
  );
}

/** Which entries the caller, or a key of the same line of rotations, has made. */
async function ownEntries(
  { transaction }: TenantWrite,
  { keyId = null }: WriteContext,
  edits: readonly RequestedEdit[],
): Promise<(entry: EntryRow) => boolean> {
  const makers = new Set(edits.flatMap(({ before }) => (before === null ? [] : [before.createdBy])));
  if (keyId === null || makers.size === 0) return () => false;
  const line = await transaction.query<{ readonly id: string }>(
    `SELECT k.id FROM api_keys k JOIN api_keys own ON coalesce(k.line_id, k.id) = coalesce(own.line_id, own.id)
     WHERE own.id = $1 AND 'key:' || k.id = ANY($2)`,
    [keyId, [...makers]],
  );
  const own = new Set(line.map(({ id }) => keyActor(id)));
  return ({ createdBy }) => own.has(createdBy);
}

function foreignness({ pointer, before }: RequestedEdit, isOwn: (entry: EntryRow) => boolean): ProblemItem[] {
  if (before === null || isOwn(before)) return [];
  return [{ pointer, code: 'entry_of_others', detail: 'The key has not made this entry.' }];
}

/** What keeps an edit from being one of a temporary entry; told once, of the entry as it would be or else as it is. */
function permanence({ pointer, before, after }: RequestedEdit, latestMs: number): ProblemItem[] {
  const problems = after === null ? [] : problemsOf(after, pointer, latestMs);
  if (problems.length > 0 || before === null || problemsOf(before, pointer, latestMs).length === 0)
    return problems;
  return [
    {
      pointer,
      code: 'entry_not_temporary',
      detail: 'The entry as it is has no `ref`, lets in too much or does not end in time.',
    },
  ];
}

function problemsOf({ kind, ref, expiresAt }: EntryRow, pointer: string, latestMs: number): ProblemItem[] {
  const latest = new Date(latestMs).toISOString();
  const problems: ProblemItem[] = [];
  if (kind === 'any' || kind === 'null') {
    problems.push({
      pointer,
      code: 'pattern_too_wide',
      detail: 'A temporary entry names a host: not `*`, not `null`.',
    });
  }
  if (ref === null || ref.trim() === '') {
    problems.push({
      pointer: `${pointer}/ref`,
      code: 'ref_required',
      detail: 'A temporary entry says in `ref` where it comes from.',
    });
  }
  if (expiresAt === null || Date.parse(expiresAt) > latestMs) {
    problems.push({
      pointer: `${pointer}/expiresAt`,
      code: 'expiry_too_late',
      detail: `A temporary entry ends by ${latest}.`,
      fix: latest,
    });
  }
  return problems;
}
