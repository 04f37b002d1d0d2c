import { readFileSync } from 'node:fs';
import { mergeVary } from '@origin-allowlist/client/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CaseOutcome,
  caseRequest,
  caseSnapshot,
  checkExpectation,
  type DecisionCase,
} from '../cases/decision-case.js';
import { openService, type TestService } from './service.js';

const CASES = ['decisions.json', 'own-pages.json'].flatMap((file): readonly DecisionCase[] =>
  JSON.parse(readFileSync(new URL(`../cases/${file}`, import.meta.url), 'utf8')),
);
const AT_ONCE = 4;

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

/** Writes the case's list over REST. @returns the tenant, or what could not be written. */
async function writeTenant(
  decisionCase: DecisionCase,
): Promise<{ readonly slug: string; readonly refused: number }> {
  const { name: _name, ...settings } = caseSnapshot(decisionCase).policies[0] ?? { name: '' };
  const slug = await service.tenant();
  const policy = await service.call('PUT', `/v1/tenants/${slug}/policies/default`, { body: settings });
  const list = await service.call('PUT', `/v1/tenants/${slug}/origins`, {
    body: { entries: decisionCase.policy.patterns.map((pattern) => ({ pattern })) },
    headers: { 'if-match': '*' },
  });
  return { slug, refused: [policy, list].filter(({ status }) => status === 422).length };
}

/** Applies an evaluation to a response as a service in another language would. */
function applyEvaluation({ request }: DecisionCase, evaluation: CaseOutcome & Applicable): CaseOutcome {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.priorResponseHeaders ?? {}))
    headers[name.toLowerCase()] = value;
  for (const name of evaluation.remove) headers[name] = undefined;
  Object.assign(headers, evaluation.headers);
  const vary = mergeVary(headers.vary, evaluation.vary);
  if (vary !== '') headers.vary = vary;
  const status = evaluation.status ?? (request.applicationThrows ? 500 : 200);
  return { ...evaluation, status, headers };
}

interface Applicable {
  readonly vary: readonly string[];
  readonly remove: readonly string[];
}

describe('every decision case, its list written over REST', () => {
  it('comes out the same through /v1/evaluate', async () => {
    const queue = [...CASES];
    const failures: unknown[] = [];
    const notWritable: string[] = [];
    const worker = async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const { slug, refused } = await writeTenant(next);
        if (refused > 0) {
          notWritable.push(next.id);
          continue;
        }
        const { target: path, ...request } = caseRequest(next);
        const { body, status } = await service.call('POST', '/v1/evaluate', {
          body: { tenant: slug, path, ...request },
        });
        if (status !== 200) failures.push({ id: next.id, status, body });
        else
          failures.push(
            ...checkExpectation(next, applyEvaluation(next, body)).map((wrong) => ({
              id: next.id,
              ...wrong,
            })),
          );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(failures).toEqual([]);
    expect(notWritable.sort()).toEqual([]);
  }, 120_000);
});
