import { AppError } from '../errors.js';
import type { Finding } from '../lint/finding.js';
import { hasCredentials } from '../lint/lint-entries.js';
import { lintPattern } from '../lint/lint-pattern.js';
import type { PolicyWrite } from '../store/store.js';
import { inTurns } from '../turns.js';
import { toProblemItem } from './list-review.js';

/** Entries named in one refusal. */
const MAX_REFUSED_ENTRIES = 100;

/**
 * Refuses a policy that would turn credentials on for entries for which that is not safe. Entries that had them already, by
 * this policy or another, are none of its doing.
 *
 * @throws AppError `risk_unaccepted` with the first 100 of these entries and their `entryCount`.
 */
export async function reviewPolicy({ environment, policies, after, covered }: PolicyWrite): Promise<void> {
  const wasOn = policies.some(({ name, credentials }) => credentials && name === after.name);
  if (!after.credentials || wasOn) return;
  const refused: { readonly id: string; readonly pattern: string; readonly findings: readonly Finding[] }[] =
    [];
  for await (const turn of inTurns(await covered())) {
    for (const { id, pattern, policies: names, acceptedRisks } of turn) {
      if (hasCredentials(policies, names)) continue;
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
      extra: { entries, entryCount: refused.length },
    },
  );
}
