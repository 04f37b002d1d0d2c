import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Moment, Store } from '../store/store.js';
import type { Principal } from './auth.js';
import { InstantSchema, RevisionSchema, toUtc } from './fields.js';

const AT_REVISION = 'The tenant as it was at this revision; expiry is judged by the instant of its change.';

const at = InstantSchema.transform(toUtc).optional().meta({
  description:
    'The tenant as it was at this instant, by which expiry is judged too. Not together with `atRevision`.',
});

/** Fields of a body that asks for the past. */
export const pastFields = { atRevision: RevisionSchema.optional().meta({ description: AT_REVISION }), at };

/** The same of a query. */
export const pastQuery = {
  atRevision: z.coerce.number().pipe(RevisionSchema).optional().meta({ description: AT_REVISION }),
  at,
};

/** Fields of an answer that says which past it shows. */
export const judgedRevision = z
  .int()
  .optional()
  .meta({ description: 'The revision shown, when the past was asked for.' });
export const judgedAt = z
  .string()
  .optional()
  .meta({ description: 'The instant by which expiry was judged, when the past was asked for.' });

/** Refuses inputs that name more than one time: `atRevision`, `at`, and `minRevision`, which waits for the future. */
export function refuseTwoTimes(
  input: { readonly atRevision?: unknown; readonly at?: unknown; readonly minRevision?: unknown },
  context: z.RefinementCtx,
): void {
  const named = (['atRevision', 'at', 'minRevision'] as const).filter((name) => input[name] !== undefined);
  for (const name of named.slice(1)) {
    const message = `Cannot stand beside \`${named[0]}\`: only one time can be asked for.`;
    context.addIssue({ code: 'custom', path: [name], message, params: { code: 'times_exclude' } });
  }
}

/**
 * The moment a call asks for; `undefined` = the present. Whoever may evaluate or follow a tenant may not therefore see what it used
 * to allow: that takes `origins:read`, as it does to read the list.
 *
 * @throws AppError `scope_missing`, `tenant_not_found`, `revision_not_found`.
 */
export async function findPast(
  store: Store,
  slug: string,
  point: { readonly atRevision?: number | undefined; readonly at?: string | undefined },
  principal: Principal,
): Promise<Moment | undefined> {
  const { atRevision, at } = point;
  if (atRevision === undefined && at === undefined) return undefined;
  const wanted = at === undefined ? { atRevision: atRevision ?? 0 } : { at };
  const finding = store.history.find(slug, wanted, principal);
  if (principal.scopes.has('origins:read')) return finding;
  await finding.catch((error: unknown) => {
    // Which revisions there are is not told either.
    if (!(error instanceof AppError) || error.code !== 'revision_not_found') throw error;
  });
  const extra = { scope: 'origins:read' };
  throw new AppError('scope_missing', 'The past can be seen with the scope `origins:read`.', { extra });
}
