import type { Options } from '../configuration/scope.js';
import type { Value } from '../literal/value.js';
import { type Report, refuse } from '../report.js';

/** An option's value; `undefined` when it is not given, or given as `None` or `null`. */
export function givenOption({ values }: Options, name: string): Value | undefined {
  const value = values.get(name);
  return value?.kind === 'none' ? undefined : value;
}

/** Whether an option is on, by the truth of either language; `undefined` when it is not given or cannot be told. */
export function readFlag(options: Options, name: string, report: Report): boolean | undefined {
  const value = givenOption(options, name);
  if (value === undefined) return undefined;
  switch (value.kind) {
    case 'boolean':
      return value.boolean;
    case 'number':
      return value.number !== 0;
    case 'text':
      return value.text !== '';
    default:
      refuseComputed(report, value);
      return undefined;
  }
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
      refuseComputed(report, value);
      return [];
  }
}

/** Refuses a value that only the running program knows. */
export function refuseComputed(report: Report, value: Value): void {
  refuse(report, value, 'Its value is known only when the program runs.', 'Write the values themselves.');
}
