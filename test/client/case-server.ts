import { readFileSync } from 'node:fs';
import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { onTestFinished } from 'vitest';
import {
  caseHeaderLines,
  caseSnapshot,
  checkExpectation,
  type DecisionCase,
  isCarriedByHttp,
} from '../cases/decision-case.js';
import { createFakeClock } from './fake-clock.js';
import { fetchOf } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

/** Every row of `decisions.json`. */
export const ALL_CASES: readonly DecisionCase[] = JSON.parse(
  readFileSync(new URL('../cases/decisions.json', import.meta.url), 'utf8'),
);
/** Those that a server can be asked. */
export const HTTP_CASES = ALL_CASES.filter(isCarriedByHttp);

const byId = new Map(HTTP_CASES.map((decisionCase) => [decisionCase.id, decisionCase]));

/** One client that holds the list of every case, as a tenant named by the `Host` header. */
export async function createCaseAllowlist(): Promise<Allowlist> {
  const clock = createFakeClock();
  const allowlist = createAllowlist({
    url: 'https://allowlist.example',
    key: 'key',
    tenant: ({ host }) => host,
    deps: {
      ...clock.deps,
      fetch: fetchOf((slug) => {
        const decisionCase = byId.get(slug);
        return decisionCase && { ...caseSnapshot(decisionCase), tenant: slug };
      }),
    },
  });
  onTestFinished(() => allowlist.close());
  await allowlist.ready();
  for (const { id } of HTTP_CASES) {
    await allowlist.decide({ method: 'GET', host: id });
    clock.advance(50);
  }
  return allowlist;
}

/** The application behind the middleware, by the `Host` header of the request. */
export interface CaseApplication {
  /** Response headers that code before the middleware sets. */
  priorHeaders(host: string | undefined): Readonly<Record<string, string>>;
  /** Throws where the case asks for that. */
  run(host: string | undefined): 'ok';
  hasRun(id: string): boolean;
}

export function createCaseApplication(): CaseApplication {
  const ran = new Set<string>();
  return {
    priorHeaders: (host = '') => byId.get(host)?.request.priorResponseHeaders ?? {},
    run(host = '') {
      ran.add(host);
      if (byId.get(host)?.request.applicationThrows === true) throw new Error('as the case asks');
      return 'ok';
    },
    hasRun: (id) => ran.has(id),
  };
}

/** Runs every case against a server. @returns what did not come out as expected. */
export async function runCases(port: number, { hasRun }: CaseApplication): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  for (const decisionCase of HTTP_CASES) {
    const { id, request } = decisionCase;
    const { status, headers } = await sendRaw(port, {
      host: id,
      method: request.method,
      headers: caseHeaderLines(decisionCase),
    });
    const mismatches = checkExpectation(decisionCase, { status, headers, callsNext: hasRun(id) });
    if (mismatches.length > 0) failures.push({ id, mismatches });
  }
  return failures;
}
