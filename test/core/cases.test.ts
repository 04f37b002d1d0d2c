import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkExpectation, type DecisionCase, runDecisionCase } from '../cases/decision-case.js';
import { checkPathCase, type PathCase } from '../cases/path-case.js';
import { runCaseFile } from '../cases/runner.js';

function textOf(file: string): string {
  return readFileSync(new URL(`../cases/${file}`, import.meta.url), 'utf8');
}

const DECISIONS: readonly DecisionCase[] = JSON.parse(textOf('decisions.json'));
const OWN_PAGES: readonly DecisionCase[] = JSON.parse(textOf('own-pages.json'));
const PATHS: readonly PathCase[] = JSON.parse(textOf('paths.json'));

describe('the decision cases', () => {
  it.each([...DECISIONS, ...OWN_PAGES])('$level $id: $note', (decisionCase) => {
    expect(checkExpectation(decisionCase, runDecisionCase(decisionCase))).toEqual([]);
  });
});

describe('the path cases', () => {
  it.each(PATHS)('$id: $note', (pathCase) => {
    expect(checkPathCase(pathCase)).toEqual([]);
  });
});

describe('given a case file with a case that fails', () => {
  const [decision] = DECISIONS;
  const [path] = PATHS;

  it('the runner counts it and says what came instead', () => {
    const wrong = { ...path, id: 'wrong', expect: { policy: 'api' } };
    expect(runCaseFile('paths.json', JSON.stringify([path, wrong]))).toEqual({
      passed: 1,
      failed: 1,
      lines: ['paths.json wrong: answer: expected {"policy":"api"}, got {"policy":"default"}'],
      isComplete: true,
    });
  });

  it('a case counts once however much is wrong with it', () => {
    const expectation = { ...decision?.expect, allowed: false, callsNext: false, vary: [] };
    const { passed, failed, lines } = runCaseFile(
      'd.json',
      JSON.stringify([{ ...decision, expect: expectation }]),
    );
    expect([passed, failed, lines.length]).toEqual([0, 1, 3]);
  });

  it('a case that cannot be run has failed', () => {
    const broken = { ...decision, policy: { patterns: null } };
    expect(runCaseFile('d.json', JSON.stringify([broken]))).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('given cases for the linter', () => {
  const row = {
    id: 'slash',
    pattern: 'https://example.com/',
    context: { credentials: false, environment: 'production' },
    verdict: 'reject',
    code: 'HAS_PATH',
    fix: 'https://example.com',
  };

  it('the runner runs them on the linter', () => {
    const wrong = { ...row, id: 'wrong', verdict: 'ok', code: 'OK' };
    expect(runCaseFile('lint.json', JSON.stringify([row, wrong]))).toEqual({
      passed: 1,
      failed: 1,
      lines: [
        'lint.json wrong: verdict: expected "ok", got "reject"',
        'lint.json wrong: code: expected "OK", got ["HAS_PATH"]',
      ],
      isComplete: true,
    });
  });

  it('a fix that differs is told and fails no case', () => {
    const other = { ...row, fix: 'https://www.example.com' };
    expect(runCaseFile('lint.json', JSON.stringify([other]))).toEqual({
      passed: 1,
      failed: 0,
      lines: [
        'lint.json slash: fix: expected "https://www.example.com", got ["https://example.com"] (fails no case)',
      ],
      isComplete: true,
    });
  });
});

describe('given a file in no known format', () => {
  it.each(['[{"a":1}]', '{}', '[]', '"text"', '[1]'])('the runner says so and passes nothing: %s', (text) => {
    expect(runCaseFile('x.json', text)).toEqual({
      passed: 0,
      failed: 0,
      lines: ['x.json: no known case format'],
      isComplete: false,
    });
  });
});

describe('given an outcome that is not what its case expects', () => {
  const preflight = DECISIONS.find(({ id }) => id === 'pf-put');
  const wildcard = DECISIONS.find(({ id }) => id === 'star-preflight-all');
  if (preflight === undefined || wildcard === undefined) throw new Error('the case files have changed');
  const right = runDecisionCase(preflight);

  it.each([
    ['kind', { ...right, kind: 'actual' as const }],
    ['allowed', { ...right, allowed: false }],
    ['status', { ...right, status: 200 }],
    ['callsNext', { ...right, callsNext: true }],
    [
      'access-control-allow-origin',
      { ...right, headers: { ...right.headers, 'access-control-allow-origin': 'https://example.org' } },
    ],
    [
      'access-control-allow-methods',
      { ...right, headers: { ...right.headers, 'access-control-allow-methods': 'PUTT' } },
    ],
    [
      'access-control-allow-credentials',
      { ...right, headers: { ...right.headers, 'access-control-allow-credentials': 'true' } },
    ],
    [
      'access-control-max-age',
      { ...right, headers: { ...right.headers, 'access-control-max-age': undefined } },
    ],
    ['vary', { ...right, headers: { ...right.headers, vary: 'Origin' } }],
    ['vary', { ...right, headers: { ...right.headers, vary: undefined } }],
    ['vary', { ...right, headers: { ...right.headers, vary: `${right.headers.vary}, Accept` } }],
  ])('the checker names %s', (what, outcome) => {
    expect(checkExpectation(preflight, outcome).map((mismatch) => mismatch.what)).toEqual([what]);
  });

  it('alternatives are whole values or list members', () => {
    const star = runDecisionCase(wildcard);
    const methods = (value: string) => ({
      ...star,
      headers: { ...star.headers, 'access-control-allow-methods': value },
    });
    expect(checkExpectation(wildcard, methods('*'))).toEqual([]);
    expect(checkExpectation(wildcard, methods('GET, PURGE'))).toEqual([]);
    expect(checkExpectation(wildcard, methods('GET'))).toHaveLength(1);
  });
});
