/** Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Thrown when a configuration cannot be read, with the place where reading stopped. */
export class SourceError extends Error implements Place {
  override readonly name = 'SourceError';
  readonly code = 'source_unreadable';
  readonly line: number;
  readonly column: number;

  constructor(message: string, { line, column }: Place) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Where a character of a text stands. */
export function placeOf(source: string, index: number): Place {
  return placeIn(lineStartsOf(source), index);
}

/** The index at which each line of a text starts: with them a place costs little, however many are asked for. */
export function lineStartsOf(source: string): readonly number[] {
  const starts = [0];
  for (let end = source.indexOf('\n'); end !== -1; end = source.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

/** Where a character stands, by the starts of the lines. */
export function placeIn(lineStarts: readonly number[], index: number): Place {
  let [line, behind] = [0, lineStarts.length];
  while (behind - line > 1) {
    const middle = (line + behind) >>> 1;
    if ((lineStarts[middle] ?? index) <= index) line = middle;
    else behind = middle;
  }
  return { line: line + 1, column: index - (lineStarts[line] ?? 0) + 1 };
}
