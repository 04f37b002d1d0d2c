import { parseOrigin, parsePattern } from '@origin-allowlist/client/core';
import { findDifference } from './difference.js';
import { recognizes } from './recognizer.js';
import { LIST_THEM } from './regex.js';
import { choice, type RegexNode } from './regex-node.js';

/** A name of several labels, none of which is a piece of one: `-shop` in front is what a wildcard left over. */
const WHOLE_NAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

/** Whether a host is the developer's own machine, where pages come over `http`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * A name and all below it, as patterns; an address or the developer's machine alone.
 *
 * @param name a host, and its port as a pattern writes it.
 * @returns `undefined` when it is no whole name.
 */
export function boundedName(scheme: string, name: string): string | undefined {
  const [host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(:.*)?$/.exec(name)?.slice(1) ?? [];
  if (name === 'null') return name;
  if (isLoopback(host)) {
    const anyPort = port === '' ? ':*' : port;
    return patternsOf([`http://${host}${anyPort}`, `https://${host}${anyPort}`]);
  }
  if (/^[0-9.]+$/.test(host)) return patternsOf([`${scheme}://${host}${port}`]);
  if (WHOLE_NAME.test(host))
    return patternsOf([`${scheme}://${host}${port}`, `${scheme}://*.${host}${port}`]);
  // What touches a hyphen is the end of a label, as an affix has it.
  const affix = WHOLE_NAME.test(`x${host}`) ? patternsOf([`${scheme}://*${host}${port}`]) : undefined;
  return (
    affix ?? (host.includes('.') ? allBelow(scheme, host.slice(host.indexOf('.') + 1), port) : undefined)
  );
}

/** What to do where only the names below `parent` can be said. */
export function allBelow(scheme: string, parent: string, port: string): string {
  const wider = WHOLE_NAME.test(parent) ? patternsOf([`${scheme}://*.${parent}${port}`]) : undefined;
  return wider === undefined ? LIST_THEM : `${LIST_THEM} If all names below ${parent} are yours: ${wider}`;
}

/** The first of some texts that is a pattern, and not for a piece of a name; `undefined` when none is. */
export function firstPattern(texts: readonly string[]): string | undefined {
  return texts.find((text) => {
    const parsed = parsePattern(text);
    if (!parsed.ok || parsed.pattern.kind !== 'exact' || parsed.pattern.hostKind !== 'name') return parsed.ok;
    return WHOLE_NAME.test(parsed.pattern.host) || isLoopback(parsed.pattern.host);
  });
}

/** Patterns as a sentence has them; `undefined` unless each is one. */
function patternsOf(texts: readonly string[]): string | undefined {
  return texts.every((text) => parsePattern(text).ok) ? texts.join(' and ') : undefined;
}

/** A port to show, for one as a pattern writes it. */
export function portExample(port: string): string {
  return port === ':*' ? ':8443' : port;
}

const NOTHING = choice([]);

/** The first of some origins that an expression lets in, or else the shortest that it does; `undefined` when it is too large. */
export function originLetIn(language: RegexNode, candidates: readonly string[]): string | undefined {
  const known = candidates.find((text) => parseOrigin(text) !== undefined && recognizes(language, text));
  if (known !== undefined) return known;
  const sample = findDifference(language, NOTHING);
  return sample.kind === 'origin' ? sample.origin : undefined;
}

/** A reason, and an origin that shows it when there is one. */
export function reasonWith(reason: string, origin: string | undefined): string {
  return origin === undefined ? `${reason}.` : `${reason}: ${origin} is let in.`;
}
