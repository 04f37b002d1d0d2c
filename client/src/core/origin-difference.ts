import { DOT } from './ascii.js';
import { defaultPort, type Origin } from './origin.js';
import type { AffixPattern, ExactPattern, SubdomainsPattern } from './pattern.js';

/** The first part, read as an origin is written, in which an origin is not what an entry asks for. */
export interface OriginDifference {
  readonly differs: 'scheme' | 'host' | 'port';
  /** What the entry asks for: one label of the host where only that differs, else the host. */
  readonly expected: string;
  /** What the origin has in its place. */
  readonly got: string;
  /** The rest of a sentence that begins with the entry: `the host label is shop, not app`. */
  readonly detail: string;
}

type HostPattern = ExactPattern | SubdomainsPattern | AffixPattern;

/**
 * Where an origin and a pattern part.
 *
 * @returns `undefined` when the pattern covers the origin.
 */
export function findDifference(origin: Origin, pattern: HostPattern): OriginDifference | undefined {
  if (origin.scheme !== pattern.scheme) {
    const { scheme: expected } = pattern;
    const { scheme: got } = origin;
    return { differs: 'scheme', expected, got, detail: `the scheme is ${got}, not ${expected}` };
  }
  return hostDifference(origin, pattern) ?? portDifference(origin, pattern);
}

function portDifference(origin: Origin, pattern: HostPattern): OriginDifference | undefined {
  if (pattern.anyPort || origin.port === pattern.port) return undefined;
  const expected = portText(pattern.port, pattern.scheme);
  const got = portText(origin.port, origin.scheme);
  return { differs: 'port', expected, got, detail: `the port is ${got}, not ${expected}` };
}

/** A port for a person: one that is not written has a number all the same. */
export function portText(port: number | undefined, scheme: string): string {
  const unwritten = defaultPort(scheme);
  if (port !== undefined) return String(port);
  return unwritten === undefined ? 'none' : `${unwritten} (the default of ${scheme})`;
}

function hostDifference(origin: Origin, pattern: HostPattern): OriginDifference | undefined {
  switch (pattern.kind) {
    case 'exact':
      return exactDifference(origin.host, pattern.host, origin.hostKind === 'name');
    case 'subdomains':
      return subdomainsDifference(origin, pattern);
    case 'affix':
      return affixDifference(origin, pattern);
  }
}

function exactDifference(got: string, expected: string, isName: boolean): OriginDifference | undefined {
  if (got === expected) return undefined;
  const different = (detail: string) => host(expected, got, detail);
  if (got === `${expected}.`) return different('the host ends in a dot, which makes it another host');
  if (`${got}.` === expected) return different('the host lacks the dot at its end');
  if (!isName) return different(`the host is ${got}, not ${expected}`);
  if (got.endsWith(`.${expected}`))
    return different(`the host has ${got.slice(0, -expected.length - 1)} before ${expected}`);
  if (expected.endsWith(`.${got}`))
    return different(`the host lacks ${expected.slice(0, -got.length - 1)} before ${got}`);
  return labelDifference(got, expected);
}

/** Of two hosts neither of which ends in the other: the rightmost label that differs, when the others are the same. */
function labelDifference(got: string, expected: string): OriginDifference {
  const gotLabels = got.split('.');
  const expectedLabels = expected.split('.');
  const differing = gotLabels.flatMap((label, index) => (label === expectedLabels[index] ? [] : [index]));
  const [only] = differing;
  const gotLabel = only === undefined ? undefined : gotLabels[only];
  const expectedLabel = only === undefined ? undefined : expectedLabels[only];
  const isOne = gotLabels.length === expectedLabels.length && differing.length === 1;
  if (!isOne || gotLabel === undefined || expectedLabel === undefined)
    return host(expected, got, `the host is ${got}, not ${expected}`);
  return host(expectedLabel, gotLabel, `the host label is ${gotLabel}, not ${expectedLabel}`);
}

function subdomainsDifference(
  { host: got, hostKind }: Origin,
  { host: parent }: SubdomainsPattern,
): OriginDifference | undefined {
  const expected = `*.${parent}`;
  if (hostKind !== 'name') return host(expected, got, `the host is ${got}, an address`);
  if (got.endsWith(`.${parent}`)) return undefined;
  if (got === parent)
    return host(expected, got, `*. stands for one label at least, and the host is ${parent} itself`);
  return parentDifference(got, parent, expected);
}

function affixDifference(
  { host: got, hostKind }: Origin,
  { host: parent, prefix, suffix }: AffixPattern,
): OriginDifference | undefined {
  const wanted = `${prefix}*${suffix}`;
  const expected = `${wanted}.${parent}`;
  if (hostKind !== 'name') return host(expected, got, `the host is ${got}, an address`);
  if (got === parent) return host(expected, got, `the host lacks a label ${wanted} before ${parent}`);
  if (!got.endsWith(`.${parent}`)) return parentDifference(got, parent, expected);
  const label = got.slice(0, -parent.length - 1);
  if (label.includes('.'))
    return host(wanted, label, `* stands inside one label, and the host has ${label} before ${parent}`);
  const fits = label.length > prefix.length + suffix.length && !label.includes('_');
  if (fits && label.startsWith(prefix) && label.endsWith(suffix)) return undefined;
  return host(wanted, label, `the host label is ${label}, not one like ${wanted}`);
}

/** An origin that is not below the host of a wildcard. */
function parentDifference(got: string, parent: string, expected: string): OriginDifference {
  const isDotted = (text: string): boolean => text.charCodeAt(text.length - 1) === DOT;
  if (isDotted(got) && got.slice(0, -1).endsWith(`.${parent}`))
    return host(expected, got, 'the host ends in a dot, which makes it another host');
  if (isDotted(parent) && `${got}.`.endsWith(`.${parent}`))
    return host(expected, got, 'the host lacks the dot at its end');
  return host(expected, got, `the host is ${got}, which is not below ${parent}`);
}

function host(expected: string, got: string, detail: string): OriginDifference {
  return { differs: 'host', expected, got, detail };
}
