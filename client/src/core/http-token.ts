import { charTable, everyChar } from './ascii.js';

/** The characters of a token (RFC 9110 §5.6.2), by code: 1 when allowed. */
const TOKEN_CHARS = charTable(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
);

/** Whether a UTF-16 code unit may stand in a token. */
export function isTokenChar(code: number): boolean {
  return TOKEN_CHARS[code] === 1;
}

/** Whether a text is a method or header name (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text !== '' && everyChar(text, isTokenChar);
}

/** Methods no page may use, whatever the case (Fetch §2.2.1 "forbidden method"). */
export function isForbiddenMethod(method: string): boolean {
  // Checked by length first: this runs for every preflight.
  if (method.length !== 5 && method.length !== 7) return false;
  const upper = method.toUpperCase();
  return upper === 'CONNECT' || upper === 'TRACE' || upper === 'TRACK';
}

/** Methods a browser sends without asking (Fetch §2.2.1 "CORS-safelisted method"). */
export function isSafelistedMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'POST';
}

/** A configured method as browsers send it: only these six are upper-cased; `patch` stays `patch` (Fetch §2.2.1 "normalize"). */
export function normaliseMethod(method: string): string {
  const upper = method.toUpperCase();
  return NORMALISED_METHODS.has(upper) ? upper : method;
}

const NORMALISED_METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);
