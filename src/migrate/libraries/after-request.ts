import type { PolicySettings } from '@origin-allowlist/client/core';
import { checkOptionNames, type Layer, type LayerSource, PLAIN_SETTINGS } from './layer.js';
import { givenOption, readFlag, readNames } from './option-value.js';
import {
  admit,
  anyChoiceOf,
  computedChoice,
  EVERYBODY_ECHOED,
  exactChoice,
  NOBODY,
} from './origin-choice.js';
import { storableMaxAge, storableNames, withoutLiteralStar } from './policy-values.js';

/**
 * Converts what an `after_request` hook goes by: the list of origins of which it sends back the one that came, beside the other
 * headers it sets, by their own names. Without an Origin header it answered with the app's own origin: `alwaysSend`.
 */
export function afterRequestLayer(source: LayerSource): Layer {
  const { configuration, paths, report } = source;
  const { options, written } = configuration;
  checkOptionNames('after-request', source);
  const wanted = readFlag(options, 'Access-Control-Allow-Credentials', report) ?? false;
  const list = givenOption(options, 'allowed_origins');
  const items = list?.kind === 'list' ? list.items : list === undefined ? [] : [list];
  const choices = items.map((item) => {
    if (item.kind === 'none') return NOBODY;
    if (item.kind !== 'text') return computedChoice(item, report);
    return item.text === '*' ? EVERYBODY_ECHOED : exactChoice(item.text, item, report);
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
