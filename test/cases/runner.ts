import { checkExpectation, type DecisionCase, type Mismatch, runDecisionCase } from './decision-case.js';
import { checkLintCase, differingFix, type LintCase } from './lint-case.js';
import { checkPathCase, type PathCase } from './path-case.js';

/** What came of one case file. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  /** A line for each thing that was not as expected, or why the file was not run. */
  readonly lines: readonly string[];
  /** Whether every case was run. */
  readonly isComplete: boolean;
}

/** Runs a case file of any known format, told from its first row. */
export function runCaseFile(name: string, text: string): Report {
  const parsed: unknown = JSON.parse(text);
  const rows: readonly unknown[] = Array.isArray(parsed) ? parsed : [];
  if (hasFields<DecisionCase>(rows, ['policy', 'request', 'expect'])) {
    return report(name, rows, (row) => checkExpectation(row, runDecisionCase(row)));
  }
  if (hasFields<PathCase>(rows, ['policies', 'target', 'expect'])) return report(name, rows, checkPathCase);
  if (hasFields<LintCase>(rows, ['pattern', 'context', 'verdict', 'code'])) {
    const ran = report(name, rows, checkLintCase);
    return { ...ran, lines: [...ran.lines, ...rows.flatMap((row) => remarkOnFix(name, row))] };
  }
  return { passed: 0, failed: 0, lines: [`${name}: no known case format`], isComplete: false };
}

/** The format of a file is known by its fields; what is in them is for the check to find out. */
function hasFields<Row>(
  rows: readonly unknown[],
  fields: readonly (keyof Row & string)[],
): rows is readonly Row[] {
  const isRow = (row: unknown) =>
    typeof row === 'object' && row !== null && fields.every((field) => field in row);
  return rows.length > 0 && rows.every(isRow);
}

function report<Row extends { readonly id: string }>(
  name: string,
  rows: readonly Row[],
  check: (row: Row) => readonly Mismatch[],
): Report {
  const failures = rows
    .map((row) => mismatchesOf(row, check).map((mismatch) => describe(name, row.id, mismatch)))
    .filter((lines) => lines.length > 0);
  const passed = rows.length - failures.length;
  return { passed, failed: failures.length, lines: failures.flat(), isComplete: true };
}

/** A case that throws has failed, and says so like any other. */
function mismatchesOf<Row>(row: Row, check: (row: Row) => readonly Mismatch[]): readonly Mismatch[] {
  try {
    return check(row);
  } catch (error) {
    return [{ what: 'run', expected: 'no error', actual: String(error) }];
  }
}

function describe(name: string, id: string, { what, expected, actual }: Mismatch): string {
  return `${name} ${id}: ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}

function remarkOnFix(name: string, row: LintCase): readonly string[] {
  const mismatch = differingFix(row);
  return mismatch === undefined ? [] : [`${describe(name, row.id, mismatch)} (fails no case)`];
}
