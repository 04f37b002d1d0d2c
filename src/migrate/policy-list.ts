import { isPolicyName, type SnapshotEntry, type SnapshotPolicy } from '@origin-allowlist/client/core';
import { isAcceptable } from '../lint/finding-code.js';
import { hasCredentials, lintEntries } from '../lint/lint-entries.js';
import { lintPolicy } from '../lint/lint-policy.js';
import type { Layer } from './libraries/layer.js';
import { type Report, refuse } from './report.js';

/** What a tenant needs: policies to put, and entries to add. */
export interface PolicyList {
  readonly policies: readonly SnapshotPolicy[];
  readonly entries: readonly SnapshotEntry[];
}

/** Names the layers as policies, gathers their patterns, and has the linter look at both. */
export function listPolicies(layers: readonly Layer[], report: Report): PolicyList {
  const kept = withoutConflicts(layers, report);
  const policies = namePolicies(kept);
  const entries = withoutImpossible(listEntries(kept, policies), policies, report);
  lintList(entries, policies, report);
  return { policies, entries };
}

/**
 * Two policies never have one path; the same layer twice, as for `app.options('*', …)`, is one. Of others the one that lets in
 * the fewest is kept, and nobody where neither lets in fewer than the other.
 */
function withoutConflicts(layers: readonly Layer[], report: Report): readonly Layer[] {
  let kept: readonly Layer[] = [];
  for (const layer of layers) {
    const isRival = ({ settings }: Layer): boolean =>
      settings.paths.some((path) => layer.settings.paths.includes(path));
    const rivals = kept.filter(isRival);
    const [first = layer] = rivals;
    const merged = rivals.reduce((one, rival) => narrowest(rival, one, report), layer);
    kept = [...kept, layer]
      .filter((one) => !rivals.includes(one) || one === first)
      .flatMap((one) => (one === first ? [merged] : one === layer ? [] : [one]));
  }
  return kept;
}

function narrowest(rival: Layer, layer: Layer, report: Report): Layer {
  const paths = [...new Set([...rival.settings.paths, ...layer.settings.paths])];
  if (isSame(rival, layer)) return withPaths(rival, paths);
  if (isNarrower(rival, layer)) {
    refuseRival(layer, report);
    return withPaths(rival, paths);
  }
  refuseRival(rival, report);
  if (isNarrower(layer, rival)) return withPaths(layer, paths);
  refuseRival(layer, report);
  return { ...withPaths(rival, paths), patterns: [] };
}

/** The paths of both: what had only the one lets in no more by the other that is narrower. */
function withPaths(layer: Layer, paths: readonly string[]): Layer {
  return { ...layer, settings: { ...layer.settings, paths } };
}

function refuseRival({ settings, written }: Layer, report: Report): void {
  const reason = `There is another one for ${settings.paths.join(', ')}, and a path has one policy.`;
  refuse(report, written, 'PATH', reason, 'Convert it by itself and say its path: --path /predict');
}

/** Whether a layer lets in nobody whom the other does not, and lets nobody do more. */
function isNarrower(one: Layer, other: Layer): boolean {
  const theirs = new Set(other.patterns);
  const isAmong = theirs.has('*') || one.patterns.every((pattern) => theirs.has(pattern));
  const isEqual = isAmong && other.patterns.every((pattern) => one.patterns.includes(pattern));
  return isAmong && !(isEqual && one.settings.credentials && !other.settings.credentials);
}

function isSame(one: Layer, other: Layer): boolean {
  const text = ({ settings, patterns }: Layer): string =>
    JSON.stringify([{ ...settings, paths: [] }, patterns]);
  return text(one) === text(other);
}

/** `default` for the whole app, else the path in the form of a name. */
function namePolicies(layers: readonly Layer[]): readonly SnapshotPolicy[] {
  const names = new Set<string>();
  return layers.map(({ settings }) => {
    const stem = settings.paths.includes('/') ? 'default' : nameOfPath(settings.paths[0] ?? '');
    let name = stem;
    for (let count = 2; names.has(name); count += 1) name = `${stem}-${count}`;
    names.add(name);
    return { name, ...settings };
  });
}

/** Characters of a name, with room for a number behind it. */
const MAX_NAME_LENGTH = 58;

function nameOfPath(path: string): string {
  const words = path
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const name = words.join('-').slice(0, MAX_NAME_LENGTH).replace(/-$/, '');
  // Every tenant has a `default` on the whole app already.
  return isPolicyName(name) && name !== 'default' ? name : 'policy';
}

/** Each pattern once, for the policies it came with; for all when those are all there are, `default` included. */
function listEntries(
  layers: readonly Layer[],
  policies: readonly SnapshotPolicy[],
): readonly SnapshotEntry[] {
  const names = new Map<string, string[]>();
  for (const [index, { patterns }] of layers.entries()) {
    const name = policies[index]?.name ?? '';
    for (const pattern of new Set(patterns)) names.set(pattern, [...(names.get(pattern) ?? []), name]);
  }
  const hasDefault = policies.some(({ name }) => name === 'default');
  return [...names].map(([pattern, own]) =>
    hasDefault && own.length === policies.length ? { pattern } : { pattern, policies: own },
  );
}

/** The service never takes `*` or `null` together with credentials, so they are not handed on. */
function withoutImpossible(
  entries: readonly SnapshotEntry[],
  policies: readonly SnapshotPolicy[],
  report: Report,
): readonly SnapshotEntry[] {
  return entries.filter(({ pattern, policies: names = [] }) => {
    if (pattern !== 'null' || !hasCredentials(policies, names)) return true;
    const reason = 'Any site can make itself the origin null, so it never gets credentials.';
    refuse(
      report,
      { source: pattern },
      'NULL_WITH_CREDENTIALS',
      reason,
      'A policy without credentials for the pages that need it.',
    );
    return false;
  });
}

function lintList(
  entries: readonly SnapshotEntry[],
  policies: readonly SnapshotPolicy[],
  report: Report,
): void {
  const found = lintEntries(entries, { environment: 'production', policies, nowMs: 0 });
  for (const [index, findings] of found.entries()) {
    for (const { code, severity, detail, examples, fix } of findings) {
      const accepting =
        severity === 'reject' && isAcceptable(code)
          ? ` To have it all the same, name ${code} in the entry’s acceptedRisks.`
          : '';
      report.findings.push({
        subject: entries[index]?.pattern ?? '',
        code,
        severity,
        detail: detail + accepting,
        ...(examples !== undefined && { examples }),
        ...(fix !== undefined && { fix }),
      });
    }
  }
  for (const policy of policies) {
    for (const { pointer, code, severity, detail, fix } of lintPolicy(policy)) {
      const subject = `policy ${policy.name} ${pointer}`;
      report.findings.push({ subject, code, severity, detail, ...(fix !== undefined && { fix }) });
    }
  }
}
