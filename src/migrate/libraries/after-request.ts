import type { PolicySettings } from '@origin-allowlist/client/core';
import type { Options } from '../configuration/options.js';
import type { Value } from '../literal/value.js';
import { type Report, tell } from '../report.js';
import { pythonTruth, readFlag } from './flag.js';
import { checkOptionNames, type Layer, type LayerSource, PLAIN_SETTINGS } from './layer.js';
import { givenOption, readNames } from './option-value.js';
import { admit, anyChoiceOf, EVERYBODY_ECHOED, exactChoice, refusedChoice } from './origin-choice.js';
import { storableMaxAge, storableNames, withoutLiteralStar } from './policy-values.js';

/**
 * Converts what an `after_request` hook goes by: the list of origins of which it sends back the one that came, beside the other
 * headers it sets, by their own names. Without an Origin header it answered with the app's own origin: `alwaysSend`.
 */
export function afterRequestLayer(source: LayerSource): Layer {
  const { configuration, paths, report } = source;
  const { options, written } = configuration;
  checkOptionNames('after-request', source);
  const wanted = sendsCredentials(options, report);
  const list = options.values.get('allowed_origins');
  const items = list?.kind === 'list' ? list.items : list === undefined ? [] : [list];
  const choices = items.map((item) => {
    if (item.kind !== 'text') return refusedChoice(item, report);
    return item.text === '*' ? EVERYBODY_ECHOED : exactChoice(item.text, item, report, wanted);
  });
  const { patterns, credentials } = admit(anyChoiceOf(choices), wanted, list ?? written, report);
  const names = (
    setting: 'methods' | 'allowedHeaders' | 'exposedHeaders',
    header: string,
  ): readonly string[] => {
    const given = storableNames(setting, readNames(options, header, report) ?? [], header, report);
    return wanted ? withoutLiteralStar(given, header, report) : given;
  };
  const maxAge = givenOption(options, 'Access-Control-Max-Age');
  const settings: PolicySettings = {
    paths,
    ...PLAIN_SETTINGS,
    credentials,
    methods: names('methods', 'Access-Control-Allow-Methods'),
    allowedHeaders: names('allowedHeaders', 'Access-Control-Allow-Headers'),
    exposedHeaders: names('exposedHeaders', 'Access-Control-Expose-Headers'),
    ...(maxAge === undefined ? {} : storableMaxAge(maxAge, 'Access-Control-Max-Age', report)),
    alwaysSend: true,
  };
  return { settings, patterns, written };
}

const CREDENTIALS = 'Access-Control-Allow-Credentials';

/** Browsers take the one text `true` (Fetch §4.10 "CORS check"); Python writes its own constant `True`. */
function sendsCredentials(options: Options, report: Report): boolean {
  const isOn = readFlag(options, CREDENTIALS, headerTruth, report) ?? false;
  const value = options.values.get(CREDENTIALS);
  if (isOn || value === undefined || pythonTruth(value) !== true || isNo(value)) return isOn;
  const detail = 'Browsers take credentials for the text true alone, so these never worked; they are off.';
  tell(report, `${CREDENTIALS}: ${value.source}`, 'NEVER_WORKED', detail);
  return isOn;
}

function headerTruth(value: Value): boolean | undefined {
  if (value.kind === 'text') return value.text === 'true';
  return value.kind === 'boolean'
    ? value.source === 'true'
    : pythonTruth(value) === undefined
      ? undefined
      : false;
}

function isNo(value: Value): boolean {
  return value.kind === 'text' && value.text.toLowerCase() === 'false';
}
