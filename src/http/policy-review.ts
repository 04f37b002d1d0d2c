import { AppError } from '../errors.js';
import type { Finding } from '../lint/finding.js';
import { lintPattern } from '../lint/lint-pattern.js';
import type { PolicyFinding } from '../lint/lint-policy.js';
import type { PolicyWrite } from '../store/store.js';
import { inTurns } from '../turns.js';
import { toProblemItem } from './list-review.js';

/** Entries named in one refusal. */
const MAX_REFUSED_ENTRIES = 100;

/**
 * Refuses a policy that turns credentials on while it covers entries for which that is not safe. Every entry is judged anew, one
 * that has credentials by another policy too: who turns them on answers for all that the policy will let in.
 *
 * @param settings what the linter has to say of the policy's own settings, told beside.
 * @throws AppError `risk_unaccepted` with the first 100 of these entries and their `entryCount`.
 */
export async function reviewPolicy(
  { environment, policies, after, covered }: PolicyWrite,
  settings: readonly PolicyFinding[],
): Promise<void> {
  const wasOn = policies.some(({ name, credentials }) => credentials && name === after.name);
  if (!after.credentials || wasOn) return;
  const refused: { readonly id: string; readonly pattern: string; readonly findings: readonly Finding[] }[] =
    [];
  for await (const turn of inTurns(await covered())) {
    for (const { id, pattern, acceptedRisks } of turn) {
      const findings = lintPattern(pattern, { environment, credentials: true, acceptedRisks });
      const rejected = findings.filter(({ severity }) => severity === 'reject');
      if (rejected.length > 0) refused.push({ id, pattern, findings: rejected });
    }
  }
  if (refused.length === 0) return;
  const entries = refused.slice(0, MAX_REFUSED_ENTRIES);
  throw new AppError(
    'risk_unaccepted',
    `With credentials ${refused.length === 1 ? 'an entry lets' : `${refused.length} entries let`} in more than is safe; nothing was written.`,
    {
      errors: entries.flatMap(({ pattern, findings }) =>
        findings.map((finding) => {
          const item = toProblemItem({ ...finding, pointer: '/credentials' });
          return { ...item, detail: `${pattern}: ${item.detail}` };
        }),
      ),
      extra: { entries, entryCount: refused.length, findings: settings },
    },
  );
}
