import type { PolicySettings } from '@origin-allowlist/client/core';
import type { Value } from '../literal/value.js';
import { type Report, refuse, tell } from '../report.js';
import { pythonTruth, readFlag } from './flag.js';
import { checkOptionNames, type Layer, type LayerSource, PLAIN_SETTINGS } from './layer.js';
import { givenOption, readNames } from './option-value.js';
import {
  admit,
  anyChoiceOf,
  EVERYBODY,
  exactChoice,
  NOBODY,
  type OriginChoice,
  refusedChoice,
} from './origin-choice.js';
import { storableMaxAge, storableNames, withoutLiteralStar } from './policy-values.js';

/**
 * Converts a use of the decorator that went from project to project since Flask Snippet 56: `crossdomain(origin, methods,
 * headers, max_age, attach_to_all, automatic_options)`, often with `expose_headers` and `credentials` added.
 */
export function flaskDecoratorLayer(source: LayerSource): Layer {
  const { configuration, paths, report } = source;
  const { options, written } = configuration;
  checkOptionNames('flask-decorator', source);
  const wanted = readFlag(options, 'credentials', pythonTruth, report) ?? false;
  const origin = givenOption(options, 'origin');
  const { patterns, credentials } = admit(
    chooseOrigins(origin, wanted, report),
    wanted,
    origin ?? written,
    report,
  );
  refuseOnlyPreflights(source);
  if (readFlag(options, 'automatic_options', pythonTruth, report) === false) {
    tell(
      report,
      'automatic_options=False',
      'NOT_CARRIED',
      'Preflights are always answered before the view; other OPTIONS requests are the view’s.',
    );
  }
  const names = (setting: 'allowedHeaders' | 'exposedHeaders', option: string): readonly string[] => {
    const given = storableNames(setting, readNames(options, option, report) ?? [], option, report);
    return wanted ? withoutLiteralStar(given, option, report) : given;
  };
  const settings: PolicySettings = {
    paths,
    ...PLAIN_SETTINGS,
    credentials,
    methods: methodsOf(source, wanted),
    allowedHeaders: names('allowedHeaders', 'headers'),
    exposedHeaders: names('exposedHeaders', 'expose_headers'),
    ...maxAgeOf(givenOption(options, 'max_age'), report),
  };
  return { settings, patterns, written };
}

/** Its list is joined with commas into one header, of which browsers take none. */
function chooseOrigins(value: Value | undefined, credentials: boolean, report: Report): OriginChoice {
  if (value === undefined) return NOBODY;
  switch (value.kind) {
    case 'text':
      return value.text === '*' ? EVERYBODY : exactChoice(value.text, value, report, credentials);
    case 'list':
      if (value.items.length > 1) {
        const detail =
          'The decorator joined them into one header, of which browsers took none. Each is let in now.';
        tell(report, value.source, 'WIDER', detail);
      }
      return anyChoiceOf(value.items.map((item) => chooseOrigins(item, credentials, report)));
    default:
      return refusedChoice(value, report);
  }
}

function methodsOf({ configuration, report }: LayerSource, sentCredentials: boolean): readonly string[] {
  const given = readNames(configuration.options, 'methods', report);
  if (given === undefined) {
    const detail =
      'They were those of the view’s route, which the decorator does not name: add those beyond GET, HEAD and POST to the policy.';
    tell(report, 'methods', 'METHODS_UNKNOWN', detail);
    return [];
  }
  const names = storableNames(
    'methods',
    given.map((name) => name.toUpperCase()),
    'methods',
    report,
  );
  return sentCredentials ? withoutLiteralStar(names, 'methods', report) : names;
}

const DEFAULT_MAX_AGE_SECONDS = 21_600;

/** In Python 3 a duration came out as `3600.0`, which browsers do not read. */
function maxAgeOf(value: Value | undefined, report: Report): Pick<PolicySettings, 'maxAgeSeconds'> {
  if (value === undefined) return { maxAgeSeconds: DEFAULT_MAX_AGE_SECONDS };
  if (value.kind !== 'duration') return storableMaxAge(value, 'max_age', report);
  const detail =
    'The decorator sent a duration as a number with a point, which browsers do not read; it counts now.';
  tell(report, 'max_age', 'WIDER', detail);
  return storableMaxAge(value, 'max_age', report);
}

/** Answers without the headers cannot be read; here every answer to an allowed origin can. */
function refuseOnlyPreflights({ configuration, report }: LayerSource): void {
  const value = configuration.options.values.get('attach_to_all');
  if (value === undefined || readFlag(configuration.options, 'attach_to_all', pythonTruth, report) !== false)
    return;
  const written = { ...value, source: `attach_to_all=${value.source}` };
  const reason =
    'It let pages send requests and kept the answers from them; here an allowed origin may do both.';
  const instead = 'Leave it out; an origin that must not read the answers is not listed.';
  refuse(report, written, 'NO_COUNTERPART', reason, instead);
}
