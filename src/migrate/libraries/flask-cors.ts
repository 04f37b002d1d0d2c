import type { PolicySettings } from '@origin-allowlist/client/core';
import { type Options, resolvedOptions, withUntold } from '../configuration/options.js';
import type { Value } from '../literal/value.js';
import { type Report, refuse, tell } from '../report.js';
import { pythonTruth, readFlag } from './flag.js';
import { flaskOrigins, isProbablyRegex } from './flask-origins.js';
import { flaskResources } from './flask-resources.js';
import { ALL_HEADERS, checkOptionNames, type Layer, type LayerSource, PLAIN_SETTINGS } from './layer.js';
import { givenOption, readNames, refuseValue } from './option-value.js';
import { admit } from './origin-choice.js';
import { storableMaxAge, storableNames } from './policy-values.js';

/** Converts a use of flask-cors 6: the extension, on an app or a blueprint, or `cross_origin`. A layer for each resource. */
export function flaskCorsLayers(source: LayerSource): readonly Layer[] {
  const { configuration, report } = source;
  checkOptionNames('flask-cors', source);
  const resources = configuration.options.values.get('resources');
  if (resources === undefined) return [layerOf(configuration.options, source.paths, source)];
  return flaskResources(resources, report).flatMap(({ path, options }) => {
    const paths = pathsWithin(path, source);
    return paths.length === 0 ? [] : [layerOf(optionsFor(configuration.options, options), paths, source)];
  });
}

/** A resource of a blueprint is for those of its paths alone. */
function pathsWithin(path: string, { configuration, paths, report }: LayerSource): readonly string[] {
  if (configuration.mount.kind === 'app') return [path];
  if (paths.some((own) => isWithin(path, own))) return [path];
  const within = paths.filter((own) => isWithin(own, path));
  if (within.length === 0) {
    const reason = `It is outside of ${paths.join(', ')}, where the blueprint is, so it had no effect.`;
    refuse(report, { source: path }, 'NEVER_WORKED', reason, 'A resource below the blueprint’s prefix.');
  }
  return within;
}

function isWithin(path: string, prefix: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}

/** A resource's own options over those of the call; what cannot be told of them may be any. */
function optionsFor(base: Options, own: Value | undefined): Options {
  if (own === undefined || own.kind === 'none') return base;
  const entries = own.kind === 'dict' ? own.entries : [{ key: undefined, value: own }];
  const { values, unknown } = resolvedOptions(entries, 'later-wins');
  if (unknown.length > 0) return withUntold('flask-cors', { values, unknown });
  return { ...base, values: new Map([...base.values, ...values]) };
}

function layerOf(options: Options, paths: readonly string[], source: LayerSource): Layer {
  const { configuration, report } = source;
  const { written } = configuration;
  const wanted = readFlag(options, 'supports_credentials', pythonTruth, report) ?? false;
  const sendsWildcard = readFlag(options, 'send_wildcard', pythonTruth, report) ?? false;
  // `None` is no default to it: it fails to compare with that.
  const origins = options.values.get('origins');
  const choice = flaskOrigins(origins, { wildcard: sendsWildcard, credentials: wanted }, report);
  const { patterns, credentials } = admit(choice, wanted, origins ?? written, report);
  tellConstants(options, report);
  const settings: PolicySettings = {
    paths,
    ...PLAIN_SETTINGS,
    credentials,
    methods: methodsOf(options, report),
    allowedHeaders: allowedHeadersOf(options, report),
    exposedHeaders: storableNames(
      'exposedHeaders',
      readNames(options, 'expose_headers', report) ?? [],
      'expose_headers',
      report,
    ),
    ...maxAgeOf(options, report),
    privateNetwork: readFlag(options, 'allow_private_network', pythonTruth, report) ?? false,
    alwaysSend: readFlag(options, 'always_send', pythonTruth, report) ?? false,
  };
  return { settings, patterns, written };
}

const DEFAULT_METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'];
const SAFELISTED = ['GET', 'HEAD', 'POST'];

/** Upper case, as flask-cors has it. `*` is a method's name to it, which no page asks for. */
function methodsOf(options: Options, report: Report): readonly string[] {
  const given = (readNames(options, 'methods', report) ?? DEFAULT_METHODS).map((name) => name.toUpperCase());
  if (given.includes('*')) {
    tell(
      report,
      'methods *',
      'NEVER_WORKED',
      'flask-cors takes * for a name, so it allowed nothing; name the methods.',
    );
  }
  const missing = SAFELISTED.filter((name) => !given.includes(name));
  if (missing.length > 0) {
    const detail = `Pages may use ${SAFELISTED.join(', ')} without being asked (Fetch). flask-cors answered their preflights without the headers all the same, which stopped ${missing.join(', ')} with other headers than the simplest; that is allowed now.`;
    tell(report, 'methods', 'SAFELISTED_METHOD', detail);
  }
  const named = given.filter((name) => name !== '*');
  return storableNames('methods', named, 'methods', report);
}

/** Texts are whole names here, not lists with commas; those with signs of an expression are one. */
function allowedHeadersOf(options: Options, report: Report): readonly string[] {
  const value = options.values.get('allow_headers');
  if (value === undefined) return ALL_HEADERS;
  const items = value.kind === 'list' ? value.items : [value];
  if (items.some((item) => item.kind === 'text' && (item.text === '*' || item.text === '.*')))
    return ALL_HEADERS;
  const names = items.flatMap((item) => {
    const isName = item.kind === 'text' && !isProbablyRegex(item.text);
    if (isName) return [item.text];
    if (item.kind !== 'text' && item.kind !== 'regex') refuseValue(report, item);
    else
      refuse(
        report,
        item,
        'EXPRESSION',
        'Headers are names here, not regular expressions.',
        'Write the names; or * for any.',
      );
    return [];
  });
  return storableNames('allowedHeaders', names, 'allow_headers', report);
}

/** A number 0 was not sent; a duration or text of 0 was. */
function maxAgeOf(options: Options, report: Report): Pick<PolicySettings, 'maxAgeSeconds'> {
  const value = givenOption(options, 'max_age');
  const isSent = value !== undefined && !(value.kind === 'number' && value.number === 0);
  return isSent ? storableMaxAge(wholeSeconds(value), 'max_age', report) : {};
}

/** flask-cors cuts a duration to whole seconds. */
function wholeSeconds(value: Value): Value {
  return value.kind === 'duration' ? { ...value, seconds: Math.trunc(value.seconds) } : value;
}

const CONSTANTS: readonly (readonly [string, string])[] = [
  [
    'vary_header',
    'Vary: Origin is always sent where the answer depends on the origin: without it caches mix answers up.',
  ],
  [
    'automatic_options',
    'Preflights are always answered before the app runs; other OPTIONS requests are the app’s.',
  ],
  ['intercept_exceptions', 'Headers survive errors, always: without them no page can read what went wrong.'],
];

function tellConstants(options: Options, report: Report): void {
  for (const [name, detail] of CONSTANTS) {
    if (readFlag(options, name, pythonTruth, report) === false)
      tell(report, `${name}=False`, 'NOT_CARRIED', detail);
  }
}
