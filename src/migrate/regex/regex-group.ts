import { resist } from './regex.js';
import type { ClassReader } from './regex-class.js';

/** A reader whose flags an expression can set. */
interface GroupReader extends ClassReader {
  ignoresCase: boolean;
}

/**
 * Reads the beginning of a group; the index is at its `(` and afterwards at what is inside.
 *
 * @returns `flags` for Python's `(?i)`, which is read to its end.
 * @throws ResistanceError for lookaround, references, atomic and conditional groups.
 */
export function openGroup(reader: GroupReader): 'group' | 'flags' {
  const { source, dialect } = reader.regex;
  const start = reader.index;
  const rest = source.slice(start);
  const opening = OPENINGS[dialect].exec(rest);
  if (opening !== null) {
    reader.index += opening[0].length;
    return 'group';
  }
  const flags = dialect === 'python' ? /^\(\?([aimsu]+)\)/.exec(rest) : null;
  if (flags === null) return resist(source, { start, end: endOfGroup(source, start) }, reasonFor(rest));
  if (flags[1]?.includes('i') === true) reader.ignoresCase = true;
  reader.index += flags[0].length;
  return 'flags';
}

/** Capturing, not capturing, named. */
const OPENINGS = {
  javascript: /^\((?!\?)|^\(\?:|^\(\?<[A-Za-z_$][\w$]*>/,
  python: /^\((?!\?)|^\(\?:|^\(\?P<[A-Za-z_]\w*>/,
} as const;

function reasonFor(rest: string): string {
  if (/^\(\?<?[=!]/.test(rest)) return 'It looks ahead or behind, which no pattern does.';
  return 'Groups of this form are not read.';
}

/** Index behind the group that begins at `start`; the end of the source when it is not closed. */
function endOfGroup(source: string, start: number): number {
  let depth = 0;
  for (let index = start; index < source.length; index += 1) {
    const char = source.charAt(index);
    if (char === '\\') index += 1;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return source.length;
}
