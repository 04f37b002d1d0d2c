import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';

/**
 * Brackets and commas that a body may have: 20 for each of the 100,000 entries of the longest list. Parsing costs by what there is
 * and not by bytes: 32 MiB of brackets hold up a node for seven seconds, as many of entries for a fraction of one.
 */
const MAX_PARTS = 2_000_000;

/** JSON is the one language spoken, and no more of it is parsed than the largest input has. */
export function registerJsonBody(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Typed for both ways of reading a body.
    const text = body.toString();
    if (hasMoreParts(text, MAX_PARTS)) {
      done(new AppError('body_too_large', `A body may have ${MAX_PARTS} brackets and commas.`));
      return;
    }
    // It answers by `done`.
    void parse(request, text, done);
  });
}

/** Whether a text has more brackets that open, and commas, outside of its strings. It need not be JSON. */
export function hasMoreParts(text: string, max: number): boolean {
  if (text.length <= max) return false;
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at);
      if (at < 0) return false;
    } else if (char === ',' || char === '[' || char === '{') {
      count += 1;
      if (count > max) return true;
    }
  }
  return false;
}

/** Where the quote is that ends the string begun at `start`; -1 = nowhere. */
function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes += 1;
    // An even number of them escapes itself and not the quote.
    if (at < 0 || backslashes % 2 === 0) return at;
  }
}
