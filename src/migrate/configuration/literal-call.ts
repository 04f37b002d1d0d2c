import type { CallValue, DictEntry, Value } from '../literal/value.js';

/** What a call stands for that is only another way to write a value; any other call is itself. */
export function literalOf(call: CallValue): Value {
  const written = { place: call.place, source: call.source };
  const [first, second] = call.args;
  switch (call.callee) {
    case 'dict':
      return { kind: 'dict', entries: [...call.args.map(spreadEntry), ...call.named], ...written };
    case 'Object.assign':
      return { kind: 'dict', entries: call.args.map(spreadEntry), ...written };
    case 'Object.freeze':
      return first?.kind === 'list' || first?.kind === 'dict' ? { ...first, ...written } : call;
    case 'list':
    case 'set':
    case 'tuple':
    case 'frozenset':
      return first?.kind === 'list' ? { ...first, ...written } : call;
    case 're.compile': {
      const flags = pythonFlags(second ?? call.named[0]?.value);
      if (first?.kind !== 'text' || flags === undefined) return call;
      return { kind: 'regex', regex: { source: first.text, flags, dialect: 'python' }, ...written };
    }
    case 'RegExp': {
      const flags = second?.kind === 'text' ? second.text : second === undefined ? '' : undefined;
      if (flags === undefined) return call;
      if (first?.kind !== 'text') return first?.kind === 'regex' ? { ...first, ...written } : call;
      return { kind: 'regex', regex: { source: first.text, flags, dialect: 'javascript' }, ...written };
    }
    case 'timedelta':
    case 'datetime.timedelta': {
      const seconds = secondsOf(call);
      return seconds === undefined ? call : { kind: 'duration', seconds, ...written };
    }
    default:
      return call;
  }
}

function spreadEntry(value: Value): DictEntry {
  return { key: undefined, value };
}

const FLAGS: ReadonlyMap<string, string> = new Map([
  ['I', 'i'],
  ['IGNORECASE', 'i'],
  ['X', 'x'],
  ['VERBOSE', 'x'],
]);

/** `re.I | re.M` by letters; those that change nothing for an origin are left out. */
function pythonFlags(value: Value | undefined): string | undefined {
  if (value === undefined) return '';
  const names = value.source.split('|').map((part) => part.trim());
  if (!names.every((name) => /^re\.[A-Z]+$/.test(name))) return undefined;
  return names.map((name) => FLAGS.get(name.slice('re.'.length)) ?? '').join('');
}

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['weeks', 604_800],
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
  ['seconds', 1],
]);

function secondsOf({ args, named }: CallValue): number | undefined {
  const positional = args.map((value, index) => [['days', 'seconds'][index] ?? '', value] as const);
  const byName = named.map(({ key, value }) => [key?.kind === 'text' ? key.text : '', value] as const);
  let total = 0;
  for (const [unit, value] of [...positional, ...byName]) {
    const factor = SECONDS.get(unit);
    if (factor === undefined || value.kind !== 'number') return undefined;
    total += factor * value.number;
  }
  return total;
}
