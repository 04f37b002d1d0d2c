import type { Machine } from './machine.js';

/** A promise about a figure. */
export interface Bar {
  /** Says which way: `at least`, `at most`. */
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly holds: boolean;
}

/** What a benchmark found. */
export interface Report {
  readonly name: string;
  readonly machine: Machine;
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  readonly bars: readonly Bar[];
}

/** A report, and its rows as tables for people. */
export interface Findings {
  readonly report: Report;
  readonly tables: readonly string[];
}

/** A promise that a figure is not below a limit. */
export function atLeast(what: string, value: number, limit: number, unit: string): Bar {
  return { name: `${what}, at least`, value, limit, unit, holds: value >= limit };
}

/** A promise that a figure is not above a limit. */
export function atMost(what: string, value: number, limit: number, unit: string): Bar {
  return { name: `${what}, at most`, value, limit, unit, holds: value <= limit };
}

/** A table in Markdown, which people can read as it is. Numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length), name.length),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column > 0)).join(' | ')} |`;
  const rule = widths.map((width, column) => (column > 0 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** The machine in a sentence. */
export function describe({ cpu, cores, memoryGiB, platform, node, load }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node.js ${node}; load average ${load} at the start.`;
}

/** The bars as a table. */
export function tableOfBars(bars: readonly Bar[]): string {
  return table(
    ['bar', 'limit', 'measured', ''],
    bars.map(({ name, value, limit, unit, holds }) => [
      name,
      `${limit} ${unit}`,
      `${round(value)} ${unit}`,
      holds ? 'holds' : 'MISSED',
    ]),
  );
}

/** Three digits that count, thousands set apart. */
export function round(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.001))));
  return Number(value.toFixed(Math.min(digits, 3))).toLocaleString('en-US', { maximumFractionDigits: 3 });
}

function pad(cell: string, width: number, isRight: boolean): string {
  return isRight ? cell.padStart(width) : cell.padEnd(width);
}
