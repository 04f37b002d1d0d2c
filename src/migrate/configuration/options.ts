import type { DictEntry, Value } from '../literal/value.js';
import { LIBRARY_OPTIONS, type Library } from './library.js';
import { resolveValue, type Scope } from './scope.js';

/** Options by name, names of other values put in. */
export interface Options {
  readonly values: ReadonlyMap<string, Value>;
  /** What the source spreads into them and does not define: any option that is not among the values may be in it. */
  readonly unknown: readonly Value[];
}

/** Entries as options: spreads put in, names looked up; a later one wins. */
export function entriesToOptions(entries: readonly DictEntry[], scope: Scope): Options {
  return resolvedOptions(
    entries.map(({ key, value }) => ({ key, value: resolveValue(value, scope) })),
    'later-wins',
  );
}

/** Keyword arguments as options: Python takes none twice, so what is spread into them replaces none. */
export function keywordsToOptions(entries: readonly DictEntry[], scope: Scope): Options {
  return resolvedOptions(
    entries.map(({ key, value }) => ({ key, value: resolveValue(value, scope) })),
    'once',
  );
}

/** Options of entries in which names have been looked up. */
export function resolvedOptions(entries: readonly DictEntry[], order: 'later-wins' | 'once'): Options {
  const values = new Map<string, Value>();
  const unknown: Value[] = [];
  for (const { key, value } of entries) {
    if (key?.kind === 'text') values.set(key.text, value);
    else if (key === undefined && value.kind === 'dict') {
      const spread = resolvedOptions(value.entries, 'later-wins');
      if (order === 'later-wins') forget(values, spread.unknown[0]);
      for (const [name, inner] of spread.values) values.set(name, inner);
      unknown.push(...spread.unknown);
    } else {
      if (order === 'later-wins') forget(values, key ?? value);
      unknown.push(key ?? value);
    }
  }
  return { values, unknown };
}

/** What is spread behind options and not known may replace any of them. */
function forget(values: Map<string, Value>, spread: Value | undefined): void {
  if (spread === undefined) return;
  for (const name of values.keys()) values.set(name, nameOf(spread));
}

/** Options whose default opens something. */
const OPENING_OPTIONS: ReadonlySet<string> = new Set([
  'origin',
  'origins',
  'allowed_origins',
  'resources',
  'methods',
  'allowMethods',
  'headers',
  'allowedHeaders',
  'allowHeaders',
  'allow_headers',
  'attach_to_all',
]);

/** With what cannot be told where a library would take an open default, so that it is refused and opens nothing. */
export function withUntold(library: Library, { values, unknown }: Options): Options {
  const [first] = unknown;
  if (first === undefined) return { values, unknown };
  const untold = LIBRARY_OPTIONS[library].filter((name) => OPENING_OPTIONS.has(name) && !values.has(name));
  return { values: new Map([...values, ...untold.map((name) => [name, nameOf(first)] as const)]), unknown };
}

/** A value of which nothing but its text is known. */
function nameOf({ place, source }: Value): Value {
  return { kind: 'name', name: source, place, source };
}
