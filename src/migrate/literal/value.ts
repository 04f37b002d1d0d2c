import type { Regex } from '../regex/regex.js';
import type { Place } from './source-error.js';

/** What a configuration says, without what it would do when run. */
export type Value = (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  /** Python's `timedelta`. */
  | { readonly kind: 'duration'; readonly seconds: number }
  /** `null`, `undefined`, `None`. */
  | { readonly kind: 'none' }
  /** Lists, tuples and sets. */
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | DictValue
  | { readonly kind: 'regex'; readonly regex: Regex }
  | CallValue
  /** Something defined elsewhere; dotted names whole. */
  | { readonly kind: 'name'; readonly name: string }
  /** `...base`, `**base` */
  | { readonly kind: 'spread'; readonly value: Value }
  | CodeValue
) &
  Written;

/** Where a value stands and how it is written, for messages. */
export interface Written {
  readonly place: Place;
  /** One line, cut when it is long. */
  readonly source: string;
}

/** Functions, operators and whatever else has to be run to be known. */
export interface CodeValue {
  readonly kind: 'code';
  /** Names and texts in it, in any order. */
  readonly words: ReadonlySet<string>;
  /** What running it may do to the names in it: `calls` changes what they hold, `assigns` also what they are. */
  readonly effect: 'none' | 'calls' | 'assigns';
}

/** `{…}` of either language, or the keyword arguments of a call. */
export type DictValue = Written & { readonly kind: 'dict'; readonly entries: readonly DictEntry[] };

/** `CORS(app, origins='*')` */
export type CallValue = Written & {
  readonly kind: 'call';
  readonly callee: string;
  readonly args: readonly Value[];
  readonly named: readonly DictEntry[];
};

/** One key with its value; a spread has no key. */
export interface DictEntry {
  readonly key: Value | undefined;
  readonly value: Value;
}
