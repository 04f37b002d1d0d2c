import type { Options } from '../configuration/options.js';
import type { Value } from '../literal/value.js';
import { type Report, refuse } from '../report.js';

/** An option's value; `undefined` when it is not given, or given as `None` or `null`. */
export function givenOption({ values }: Options, name: string): Value | undefined {
  const value = values.get(name);
  return value?.kind === 'none' ? undefined : value;
}

/**
 * The names in an option: a list of texts, or one text with commas.
 *
 * @returns `undefined` when it is not given; without those that cannot be told, which are refused.
 */
export function readNames(options: Options, name: string, report: Report): readonly string[] | undefined {
  const value = givenOption(options, name);
  return value === undefined ? undefined : namesIn(value, report);
}

/** The names in a value; see {@link readNames}. */
export function namesIn(value: Value, report: Report): readonly string[] {
  switch (value.kind) {
    case 'text':
      return value.text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'list':
      return value.items.flatMap((item) => namesIn(item, report));
    case 'none':
      return [];
    default:
      refuseValue(report, value);
      return [];
  }
}

/** Refuses a value of which nothing can be made, and says which kind of value it is. */
export function refuseValue(report: Report, value: Value): void {
  switch (value.kind) {
    case 'none':
      refuse(report, value, 'SAYS_NOTHING', `${value.source} says nothing.`, 'Leave it out.');
      break;
    case 'call':
    case 'name':
    case 'spread':
    case 'code':
      refuse(
        report,
        value,
        'COMPUTED',
        'Its value is known only when the program runs.',
        'Write the values themselves.',
      );
      break;
    default:
      refuse(report, value, 'WRONG_KIND', 'A value of this kind has no meaning here.', 'Write it as a text.');
  }
}
