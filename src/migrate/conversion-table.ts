import type { SnapshotEntry, SnapshotPolicy } from '@origin-allowlist/client/core';
import type { Conversion } from './conversion.js';
import type { MigrationFinding, Refusal } from './report.js';

/** A conversion as lines for a person: what to enter, what to know, what is left to do. */
export function tableLines({ from, policies, entries, findings, refused }: Conversion): readonly string[] {
  return [
    `From ${from}`,
    ...section('Policies', policies.flatMap(policyLines)),
    ...section('Entries', columns(entries.map(entryCells))),
    ...section('Findings', findings.flatMap(findingLines)),
    ...section('Refused', refused.flatMap(refusalLines)),
    '',
    `${count(policies, 'policy', 'policies')}, ${count(entries, 'entry', 'entries')}, ${count(findings, 'finding', 'findings')}, ${refused.length} refused`,
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ['', title, ...(lines.length === 0 ? ['  none'] : lines.map((line) => `  ${line}`))];
}

function count(all: readonly unknown[], one: string, several: string): string {
  return `${all.length} ${all.length === 1 ? one : several}`;
}

function policyLines({ name, ...settings }: SnapshotPolicy): readonly string[] {
  const rows = Object.entries(settings).map(([setting, value]) => [setting, cell(value)]);
  return [name, ...columns(rows).map((line) => `  ${line}`)];
}

function cell(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.join(', ');
  return String(value);
}

function entryCells({ pattern, policies }: SnapshotEntry): readonly string[] {
  return [pattern, policies === undefined ? '(all policies)' : policies.join(', ')];
}

function findingLines({
  subject,
  code,
  severity,
  detail,
  examples,
  fix,
}: MigrationFinding): readonly string[] {
  return [
    `${severity.padEnd(6)}  ${code}  ${subject}`,
    `        ${detail}`,
    ...(examples === undefined ? [] : [`        for example ${examples.join(', ')}`]),
    ...(fix === undefined ? [] : [`        write ${fix}`]),
  ];
}

function refusalLines({ text, resists, reason, instead }: Refusal): readonly string[] {
  return [
    text,
    ...(resists === text ? [] : [`  resists  ${resists}`]),
    `  because  ${reason}`,
    `  instead  ${instead}`,
  ];
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([first = '']) => first.length));
  return rows.map(([first = '', ...rest]) => [first.padEnd(width), ...rest].join('  ').trimEnd());
}
