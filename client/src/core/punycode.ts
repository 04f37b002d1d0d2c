/** The prefix of a label that stands for a non-ASCII one (RFC 5890 §2.3.1). */
export const ACE_PREFIX = 'xn--';

/**
 * Whether an `xn--` label stands for something: it decodes (RFC 3492), to a text that needs the encoding and is in the normal
 * form that browsers write (UTS #46 §4.1). A label that does not never reaches an Origin header.
 */
export function isDecodable(label: string): boolean {
  const codePoints = decodePunycode(label.slice(ACE_PREFIX.length));
  if (codePoints === undefined || codePoints.every(isBasic)) return false;
  const text = String.fromCodePoint(...codePoints);
  return text.normalize('NFC') === text;
}

// RFC 3492 §5
const BASE = 36;
const TMIN = 1;
const TMAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_CODE_POINT = 0x80;
/** Past this no code point can follow; keeps the arithmetic exact. */
const MAX_DELTA = 0x7fff_ffff;

/**
 * Decodes what follows `xn--` (RFC 3492 §6.2), lower case only.
 *
 * @returns its code points; `undefined` when the text encodes none.
 */
export function decodePunycode(encoded: string): readonly number[] | undefined {
  const delimiter = encoded.lastIndexOf('-');
  const basic = delimiter > 0 ? encoded.slice(0, delimiter) : '';
  const codePoints = Array.from(basic, (char) => char.charCodeAt(0));
  if (!codePoints.every(isBasic)) return undefined;

  let codePoint = INITIAL_CODE_POINT;
  let position = 0;
  let bias = INITIAL_BIAS;
  let index = delimiter > 0 ? delimiter + 1 : 0;
  while (index < encoded.length) {
    const delta = readDelta(encoded, index, bias);
    if (delta === undefined) return undefined;
    const length = codePoints.length + 1;
    bias = adaptBias(delta.value, length, position === 0);
    codePoint += Math.floor((position + delta.value) / length);
    if (!isScalarValue(codePoint)) return undefined;
    position = (position + delta.value) % length;
    codePoints.splice(position, 0, codePoint);
    position += 1;
    index = delta.end;
  }
  return codePoints;
}

/** One generalised variable-length integer (RFC 3492 §3.3) and where it ends. */
function readDelta(
  text: string,
  start: number,
  bias: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  let weight = 1;
  for (let index = start, k = BASE; index < text.length; index += 1, k += BASE) {
    const digit = digitOf(text.charCodeAt(index));
    value += digit * weight;
    if (digit === BASE || value > MAX_DELTA) return undefined;
    const threshold = Math.min(Math.max(k - bias, TMIN), TMAX);
    if (digit < threshold) return { value, end: index + 1 };
    weight *= BASE - threshold;
  }
  return undefined;
}

/** RFC 3492 §6.1 */
function adaptBias(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - TMIN) * TMAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - TMIN));
  return k + Math.floor(((BASE - TMIN + 1) * rest) / (rest + SKEW));
}

/** `a`–`z` are 0–25, `0`–`9` are 26–35; {@link BASE} for anything else. */
function digitOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  return code >= 0x30 && code <= 0x39 ? code - 0x30 + 26 : BASE;
}

function isBasic(codePoint: number): boolean {
  return codePoint < INITIAL_CODE_POINT;
}

function isScalarValue(codePoint: number): boolean {
  return codePoint <= 0x10_ffff && (codePoint < 0xd800 || codePoint > 0xdfff);
}
