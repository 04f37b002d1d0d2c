import { SourceError } from './source-error.js';
import type { DictEntry, Value } from './value.js';
import { shown } from './value-reader.js';

/** Characters of JSON that is read: as many entries as a tenant can have, each as long as an origin can be. */
const MAX_JSON_LENGTH = 33_554_432;
/** Lists, objects and what is in them. */
const MAX_JSON_VALUES = 500_000;
/** Lists and objects inside one another. */
const MAX_JSON_DEPTH = 40;

const START = { line: 1, column: 1 };

/** How much of it has been read. */
interface Count {
  values: number;
}

/**
 * Reads JSON that is too large to be split into words: a list of origins that has grown for years. Where a value stands in it is
 * not known, so all say that they stand at the beginning.
 *
 * @returns `undefined` for what is not JSON.
 * @throws SourceError past {@link MAX_JSON_LENGTH}, {@link MAX_JSON_VALUES} and {@link MAX_JSON_DEPTH}.
 */
export function parseLargeJson(source: string): Value | undefined {
  if (source.length > MAX_JSON_LENGTH) {
    throw new SourceError(`It has more than ${MAX_JSON_LENGTH} characters.`, START);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch {
    return undefined;
  }
  return toValue(parsed, { values: 0 }, 0);
}

function toValue(parsed: unknown, count: Count, depth: number): Value {
  count.values += 1;
  if (count.values > MAX_JSON_VALUES) {
    throw new SourceError(`It has more than ${MAX_JSON_VALUES} values.`, START);
  }
  if (depth > MAX_JSON_DEPTH) {
    throw new SourceError('Its brackets are nested too deeply to be read.', START);
  }
  if (Array.isArray(parsed)) return listOf(parsed, count, depth);
  if (typeof parsed === 'object' && parsed !== null) return dictOf(Object.entries(parsed), count, depth);
  return { ...scalarOf(parsed), place: START, source: shown(JSON.stringify(parsed)) };
}

function scalarOf(parsed: unknown) {
  switch (typeof parsed) {
    case 'string':
      return { kind: 'text', text: parsed } as const;
    case 'number':
      return { kind: 'number', number: parsed } as const;
    case 'boolean':
      return { kind: 'boolean', boolean: parsed } as const;
    default:
      return { kind: 'none' } as const;
  }
}

function listOf(all: readonly unknown[], count: Count, depth: number): Value {
  const items = all.map((item) => toValue(item, count, depth + 1));
  return { kind: 'list', items, place: START, source: shownAll('[', items, ']') };
}

function dictOf(all: readonly (readonly [string, unknown])[], count: Count, depth: number): Value {
  const entries = all.map(([name, own]): DictEntry => {
    const key = { kind: 'text', text: name, place: START, source: shown(JSON.stringify(name)) } as const;
    return { key, value: toValue(own, count, depth + 1) };
  });
  const sources = entries.map(({ key, value }) => ({ source: `${key?.source}: ${value.source}` }));
  return { kind: 'dict', entries, place: START, source: shownAll('{', sources, '}') };
}

/** The first members, which are more than is shown. */
const MEMBERS_SHOWN = 60;

function shownAll(open: string, members: readonly { readonly source: string }[], close: string): string {
  const first = members.slice(0, MEMBERS_SHOWN).map(({ source }) => source);
  return shown(`${open}${first.join(', ')}${close}`);
}
