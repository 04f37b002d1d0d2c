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
  const before = source.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
}
