import { createRandom } from './random.js';

/** How many picks are drawn before they come again. */
const PICKS = 65_536;

/** Header values as node:http gives them: a new string each time, that nobody has hashed or compared before. */
export interface Texts {
  next(): string;
}

/** Texts picked at random, each built anew from bytes. */
export function createTexts(values: readonly string[]): Texts {
  const bytes = Buffer.from(values.join(''), 'latin1');
  const ends = new Uint32Array(values.length);
  values.reduce((end, value, index) => {
    ends[index] = end + value.length;
    return end + value.length;
  }, 0);
  const random = createRandom(values.length);
  const picks = Uint32Array.from({ length: PICKS }, () => random(values.length));
  let turn = 0;
  return {
    next() {
      const pick = picks[turn] ?? 0;
      turn = (turn + 1) % PICKS;
      return bytes.toString('latin1', pick === 0 ? 0 : ends[pick - 1], ends[pick]);
    },
  };
}
