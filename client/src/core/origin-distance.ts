import { COLON, DOT, isDigit, STAR } from './ascii.js';
import type { Origin } from './origin.js';
import type { PatternKind } from './pattern.js';

/** What a part that differs costs: the more, the less likely the one was meant for the other. */
const COST = { port: 10, scheme: 15, dot: 50, apex: 60, typo: 60, labels: 100 } as const;
/** Characters that differ in what still looks like a slip of the pen: two that changed places. */
const TYPO_LENGTH = 2;
/** Characters that differ weigh no more than one label. */
const MAX_CHARS = 90;

/**
 * How far an origin is from what a pattern covers; 0 = covered. Only an order, and only for people: it must be quick, since it is asked
 * of every entry of a list, so it reads the canonical text in place and makes no text of its own.
 *
 * @param kind not `any` or `null`.
 */
export function distanceOf(origin: Origin, text: string, kind: PatternKind): number {
  const isScheme = text.startsWith(origin.scheme) && text.startsWith('://', origin.scheme.length);
  const schemeEnd = isScheme ? origin.scheme.length : text.indexOf('://');
  const hostStart = schemeEnd + (kind === 'subdomains' ? 5 : 3);
  const hostEnd = endOfHost(text);
  return (
    (isScheme ? 0 : COST.scheme) +
    (isPort(origin.port, text, hostEnd) ? 0 : COST.port) +
    hostDistance(origin.host, text, hostStart, hostEnd, kind)
  );
}

/** Where the port's colon is, or the text ends: looked for from the end, and no further than a port is long. */
function endOfHost(text: string): number {
  for (let index = text.length - 1; index >= text.length - PORT_LENGTH; index -= 1) {
    const code = text.charCodeAt(index);
    if (code === COLON) return index;
    if (!isDigit(code) && code !== STAR) return text.length;
  }
  return text.length;
}

/** Characters of a colon and the digits after it. */
const PORT_LENGTH = 6;

function isPort(port: number | undefined, text: string, colon: number): boolean {
  if (colon === text.length) return port === undefined;
  return text.charCodeAt(colon + 1) === STAR || (port !== undefined && text.endsWith(`:${port}`));
}

function hostDistance(host: string, text: string, start: number, end: number, kind: PatternKind): number {
  // A dot at the end makes another host; beside that, what comes before it counts.
  const dot = host.charCodeAt(host.length - 1) === DOT ? 1 : 0;
  const textDot = text.charCodeAt(end - 1) === DOT ? 1 : 0;
  const cost = dot === textDot ? 0 : COST.dot;
  const left = host.length - dot;
  const textLeft = end - start - textDot;
  const common = commonEnd(host, left, text, start + textLeft, Math.min(left, textLeft));
  if (common === textLeft && common === left) return cost + (kind === 'subdomains' ? COST.apex : 0);
  const isBelow = common === textLeft && host.charCodeAt(left - common - 1) === DOT;
  if (kind === 'subdomains' && isBelow) return cost;
  if (kind === 'affix' && isAffixed(host, left - common, text, start, start + textLeft - common)) return cost;
  const most = Math.min(left, textLeft) - common;
  const begin = kind === 'subdomains' ? 0 : commonStart(host, text, start, most);
  const chars = Math.max(left, textLeft) - common - begin;
  if (chars <= TYPO_LENGTH) return cost + COST.typo + chars;
  const labels = Math.max(labelsIn(host, 0, left - common), labelsIn(text, start, start + textLeft - common));
  return cost + COST.labels * labels + Math.min(chars, MAX_CHARS);
}

function commonEnd(host: string, hostEnd: number, text: string, textEnd: number, most: number): number {
  let count = 0;
  while (count < most && host.charCodeAt(hostEnd - 1 - count) === text.charCodeAt(textEnd - 1 - count))
    count += 1;
  return count;
}

function commonStart(host: string, text: string, start: number, most: number): number {
  let count = 0;
  while (count < most && host.charCodeAt(count) === text.charCodeAt(start + count)) count += 1;
  return count;
}

/** Whether what is before the common end is one label that begins as the pattern does before its `*`. */
function isAffixed(host: string, hostEnd: number, text: string, start: number, textEnd: number): boolean {
  const star = textEnd - 1;
  if (text.charCodeAt(star) !== STAR || hostEnd <= star - start) return false;
  // What the wildcard stands for has no `_`.
  const underscore = host.indexOf('_');
  if (underscore !== -1 && underscore < host.indexOf('.')) return false;
  return labelsIn(host, 0, hostEnd) === 1 && host.startsWith(text.slice(start, star));
}

function labelsIn(text: string, start: number, end: number): number {
  let count = 1;
  for (let index = start; index < end; index += 1) if (text.charCodeAt(index) === DOT) count += 1;
  return count;
}
