import type { SnapshotEntry, SnapshotPolicy } from '@origin-allowlist/client/core';
import { type Configuration, findConfigurations } from './configuration/configuration.js';
import { isFlask, type Library, librariesFitting } from './configuration/library.js';
import { withUntold } from './configuration/options.js';
import { afterRequestLayer } from './libraries/after-request.js';
import { expressCorsLayer } from './libraries/express-cors.js';
import { fastifyCorsLayer } from './libraries/fastify-cors.js';
import { flaskCorsLayers } from './libraries/flask-cors.js';
import { flaskDecoratorLayer } from './libraries/flask-decorator.js';
import { honoCorsLayer } from './libraries/hono-cors.js';
import { koaCorsLayer } from './libraries/koa-cors.js';
import type { Layer, LayerSource } from './libraries/layer.js';
import { policyPaths } from './libraries/policy-path.js';
import { parseProgram } from './literal/program.js';
import { SourceError } from './literal/source-error.js';
import type { Value } from './literal/value.js';
import { listPolicies } from './policy-list.js';
import type { MigrationFinding, Refusal, Report } from './report.js';
import { refuse, tell } from './report.js';

/** What a configuration is here. */
export interface Conversion {
  readonly from: Library;
  readonly policies: readonly SnapshotPolicy[];
  readonly entries: readonly SnapshotEntry[];
  /** What changes for somebody, what never worked, and what the linter says of the result. */
  readonly findings: readonly MigrationFinding[];
  /** What was not converted; empty when all was. */
  readonly refused: readonly Refusal[];
}

/** What a source does not say by itself. */
export interface ConversionHints {
  /** Absent = told from imports, calls and the names of options. */
  readonly from?: Library;
  /** For what the source mounts on no path; absent = the whole app. */
  readonly paths?: readonly string[];
}

/**
 * Converts a CORS configuration into policies and entries. Never lets in more than the configuration did without a finding
 * that says so, and shows by whom.
 *
 * @throws SourceError with line and column when the source cannot be read, or does not tell what it is for.
 */
export function convertConfiguration(source: string, hints: ConversionHints = {}): Conversion {
  const isPython = hints.from !== undefined && isFlask(hints.from);
  const program = parseProgram(source, isPython ? 'python' : undefined);
  const report: Report = { findings: [], refused: [] };
  const configurations = findConfigurations(program);
  const from = hints.from ?? tellLibrary(configurations, report);
  const layers = withoutLonelyPreflights(
    configurations.flatMap((one) => layersOf(from, one, hints.paths, report)),
    report,
  );
  if (!isFlask(from)) tellStacked(layers, report);
  const { policies, entries } = listPolicies(layers, report);
  return { from, policies, entries, findings: unique(report.findings), refused: unique(report.refused) };
}

/** The library that all configurations of a source are for, by their calls or by all their options together. */
function tellLibrary(all: readonly Configuration[], report: Report): Library {
  const understood = all.filter(({ mount }) => mount.kind !== 'refused');
  const configurations = understood.length === 0 ? all : understood;
  const known = new Map(
    configurations.flatMap((one) => (one.library === undefined ? [] : [[one.library, one] as const])),
  );
  const open = configurations.filter(({ library }) => library === undefined);
  const [first] = open;
  if (first !== undefined) {
    const options = new Map(open.flatMap((one) => [...one.options.values]));
    known.set(guessLibrary(first, options, report), first);
  }
  const [library] = known.keys();
  const second = [...known.values()][1];
  if (library === undefined || second !== undefined) {
    const place = (second ?? configurations[0])?.written.place ?? { line: 1, column: 1 };
    throw new SourceError('It configures more than one library; convert them one by one.', place);
  }
  return library;
}

function guessLibrary(
  { isCall, written }: Configuration,
  options: ReadonlyMap<string, Value>,
  report: Report,
): Library {
  const fitting = librariesFitting(options, isCall);
  const [best] = fitting;
  if (best === undefined || (options.size === 0 && !isCall)) {
    throw new SourceError('Nothing in it tells which library it is for; say so: --from cors', written.place);
  }
  if (fitting.length > 1) {
    const detail = `It may be for ${fitting.join(', ')}; it was read as for ${best}. Their defaults differ: say which with --from.`;
    tell(report, written.source, 'LIBRARY_GUESSED', detail);
  }
  return best;
}

function layersOf(
  library: Library,
  configuration: Configuration,
  hinted: readonly string[] | undefined,
  report: Report,
): readonly Layer[] {
  const paths = policyPaths(configuration.mount, library, hinted, report);
  if (paths.length === 0) return [];
  const options = withUntold(library, configuration.options);
  const source: LayerSource = { configuration: { ...configuration, options }, paths, report };
  const { isPreflightOnly } = configuration;
  return convertedLayers(library, source).map((layer) => ({ ...layer, isPreflightOnly }));
}

function convertedLayers(library: Library, source: LayerSource): readonly Layer[] {
  switch (library) {
    case 'flask-cors':
      return flaskCorsLayers(source);
    case 'flask-decorator':
      return [flaskDecoratorLayer(source)];
    case 'after-request':
      return [afterRequestLayer(source)];
    case 'cors':
      return [expressCorsLayer(source)];
    case '@fastify/cors':
      return [fastifyCorsLayer(source)];
    case 'hono/cors':
      return [honoCorsLayer(source)];
    case '@koa/cors':
      return [koaCorsLayer(source)];
  }
}

/** Of a path where only OPTIONS had a layer pages could ask and not read: there is nothing to let in. */
function withoutLonelyPreflights(layers: readonly Layer[], report: Report): readonly Layer[] {
  const whole = layers.filter(({ isPreflightOnly }) => isPreflightOnly !== true);
  return layers.filter((layer) => {
    const { isPreflightOnly, settings, written } = layer;
    const isBeside = whole.some((other) =>
      other.settings.paths.some((path) => settings.paths.includes(path)),
    );
    if (isPreflightOnly !== true || isBeside) return true;
    const reason = 'Only preflights had its headers, so pages could send requests and not read the answers.';
    const instead =
      'The layer that the path’s other methods have; an origin that must not read is not listed.';
    refuse(report, written, 'NO_COUNTERPART', reason, instead);
    return false;
  });
}

/** Where one layer's path is below another's both ran, one over the other; a policy answers alone. */
function tellStacked(layers: readonly Layer[], report: Report): void {
  const paths = layers.flatMap(({ settings }) => settings.paths);
  for (const path of new Set(paths)) {
    const above = paths.find((other) => other !== path && (other === '/' || path.startsWith(`${other}/`)));
    if (above === undefined) continue;
    const detail = `Here the layer for ${above} ran too, and whichever came first answered preflights; now the policy for ${path} answers alone, which may let in more or less.`;
    tell(report, path, 'STACKED_LAYERS', detail);
  }
}

/** One resource after the other says the same of what they share. */
function unique<T>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
