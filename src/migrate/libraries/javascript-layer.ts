import type { PolicySettings } from '@origin-allowlist/client/core';
import type { Library } from '../configuration/library.js';
import type { Value } from '../literal/value.js';
import { type Report, tell } from '../report.js';
import { javaScriptTruth, readFlag, type Truth } from './flag.js';
import { ALL_HEADERS, checkOptionNames, type Layer, type LayerSource, PLAIN_SETTINGS } from './layer.js';
import { givenOption, namesIn, readNames } from './option-value.js';
import { admit, type OriginChoice } from './origin-choice.js';
import { storableMaxAge, storableNames, withoutLiteralStar } from './policy-values.js';

/** What the JavaScript libraries do alike, and where they differ. */
export interface JavaScriptLibrary {
  readonly library: Library;
  readonly names: {
    readonly methods: string;
    readonly allowedHeaders: string;
    readonly exposedHeaders: string;
    /** `undefined` where the library has none. */
    readonly privateNetwork?: string;
  };
  readonly defaultMethods: readonly string[];
  /** Whether it allows whatever headers are asked for, given the option's value. */
  readonly reflectsHeaders: (value: Value | undefined) => boolean;
  /** Whether it sends the header, given the option's value. */
  readonly sendsMaxAge: (value: Value) => boolean;
  /** What it takes for `credentials` that are on. */
  readonly credentialsTruth: Truth;
  readonly chooseOrigins: (value: Value | undefined, credentials: boolean, report: Report) => OriginChoice;
}

/** Converts the options that all of them have. */
export function javaScriptLayer(library: JavaScriptLibrary, source: LayerSource): Layer {
  const { configuration, paths, report } = source;
  const { options, written } = configuration;
  checkOptionNames(library.library, source);
  const wanted = wantsCredentials(library, source);
  const origin = options.values.get('origin');
  const choice = library.chooseOrigins(origin, wanted, report);
  const { patterns, credentials } = admit(choice, wanted, origin ?? written, report);
  // By what was sent, not by what is left of it: there `*` was a name to browsers.
  const names = { library, source, sentCredentials: wanted };
  const privateNetwork = library.names.privateNetwork;
  const settings: PolicySettings = {
    paths,
    ...PLAIN_SETTINGS,
    credentials,
    methods: methodsOf(names),
    allowedHeaders: allowedHeadersOf(names),
    exposedHeaders: exposedHeadersOf(names),
    ...maxAgeOf(library, source),
    privateNetwork:
      privateNetwork !== undefined && (readFlag(options, privateNetwork, javaScriptTruth, report) ?? false),
  };
  return { settings, patterns, written };
}

/** Whether it sent credentials; that it did not where it seems to is told. */
function wantsCredentials(
  { library, credentialsTruth }: JavaScriptLibrary,
  { configuration: { options }, report }: LayerSource,
): boolean {
  const isOn = readFlag(options, 'credentials', credentialsTruth, report) ?? false;
  const value = options.values.get('credentials');
  if (isOn || value === undefined || javaScriptTruth(value) !== true) return isOn;
  const detail = `${library} sends credentials for true alone, so these were never sent; they are off.`;
  tell(report, `credentials: ${value.source}`, 'NEVER_WORKED', detail);
  return isOn;
}

interface NameSource {
  readonly library: JavaScriptLibrary;
  readonly source: LayerSource;
  readonly sentCredentials: boolean;
}

function methodsOf({ library, source, sentCredentials }: NameSource): readonly string[] {
  const option = library.names.methods;
  const { configuration, report } = source;
  const given = readNames(configuration.options, option, report) ?? library.defaultMethods;
  const names = storableNames('methods', given, option, report);
  return sentCredentials ? withoutLiteralStar(names, option, report) : names;
}

function allowedHeadersOf({ library, source, sentCredentials }: NameSource): readonly string[] {
  const option = library.names.allowedHeaders;
  const { configuration, report } = source;
  const own = configuration.options.values.get(option);
  // `cors` still takes `headers` for `allowedHeaders`.
  const value =
    library.library === 'cors' && isFalsy(own) ? configuration.options.values.get('headers') : own;
  if (library.reflectsHeaders(value)) return ALL_HEADERS;
  const names = storableNames(
    'allowedHeaders',
    value === undefined ? [] : namesIn(value, report),
    option,
    report,
  );
  return sentCredentials ? withoutLiteralStar(names, option, report) : names;
}

function exposedHeadersOf({ library, source, sentCredentials }: NameSource): readonly string[] {
  const option = library.names.exposedHeaders;
  const { configuration, report } = source;
  const given = readNames(configuration.options, option, report) ?? [];
  const names = storableNames('exposedHeaders', given, option, report);
  return sentCredentials ? withoutLiteralStar(names, option, report) : names;
}

function maxAgeOf(
  library: JavaScriptLibrary,
  { configuration, report }: LayerSource,
): Pick<PolicySettings, 'maxAgeSeconds'> {
  const value = givenOption(configuration.options, 'maxAge');
  if (value === undefined || !library.sendsMaxAge(value)) return {};
  return storableMaxAge(value, 'maxAge', report);
}

/** Whether a value counts as nothing to JavaScript's `||` and `if`. */
export function isFalsy(value: Value | undefined): boolean {
  return value === undefined || javaScriptTruth(value) === false;
}

/** Tells of an option whose effect is always the same here, unless it asks for just that. */
export function tellNotCarried(
  { configuration, report }: LayerSource,
  name: string,
  isSame: (value: Value) => boolean,
  detail: string,
): void {
  const value = configuration.options.values.get(name);
  if (value !== undefined && !isSame(value)) tell(report, `${name}: ${value.source}`, 'NOT_CARRIED', detail);
}
