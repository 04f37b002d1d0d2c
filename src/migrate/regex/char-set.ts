/**
 * Every character that an `Origin` header of a browser can hold. Expressions are read over these alone: what else they match
 * never comes. In the order that examples prefer.
 */
export const ORIGIN_CHARS = 'xabcdefghijklmnopqrstuvwyz0123456789-_.:/+[]';

/** Some of {@link ORIGIN_CHARS}, each once and in their order, so that equal sets are equal texts. */
export type CharSet = string;

/** The characters that pass a test. */
export function charSet(test: (char: string) => boolean): CharSet {
  let set = '';
  for (const char of ORIGIN_CHARS) {
    if (test(char)) set += char;
  }
  return set;
}

/** What is in neither: everything that an origin can hold and the set does not. */
export function complement(set: CharSet): CharSet {
  return charSet((char) => !set.includes(char));
}
