import { type AddressKind, ipv4Kind, ipv6Kind } from './address.js';
import type { HostForm, HostPattern } from './lint-context.js';

/** Whether web pages have this scheme. Only then is the host a name of the DNS; elsewhere it is an id. */
export function isWebScheme(scheme: string): boolean {
  return scheme === 'https' || scheme === 'http';
}

/** Whether everything a pattern lets in is the user's own machine (W3C Secure Contexts §3.1). */
export function isLoopback(pattern: HostPattern): boolean {
  return addressKind(pattern) === 'loopback' || isLocalhost(withoutTrailingDot(pattern.host));
}

/** Whether a pattern is for one name without a dot, `localhost` aside. */
export function isSingleLabel(pattern: HostPattern): boolean {
  if (pattern.kind !== 'exact' || pattern.hostKind !== 'name') return false;
  const name = withoutTrailingDot(pattern.host);
  return !name.includes('.') && !isLocalhost(name);
}

/** What kind of address a pattern is for; `undefined` for names. Only an exact pattern can be for an address. */
export function addressKind(pattern: HostPattern): AddressKind | undefined {
  if (pattern.kind !== 'exact' || pattern.hostKind === 'name') return undefined;
  return pattern.hostKind === 'ipv4' ? ipv4Kind(pattern.host) : ipv6Kind(pattern.host);
}

/** The host as a pattern writes it, wildcard included. */
export function hostText(form: HostForm): string {
  switch (form.kind) {
    case 'exact':
      return form.host;
    case 'subdomains':
      return `*.${form.host}`;
    case 'affix':
      return `${form.prefix}*${form.suffix}.${form.host}`;
  }
}

/** A host as lists of names know it. */
export function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** Whether a name is one of those in a list, or below one. */
export function isAtOrBelow(host: string, names: ReadonlySet<string>): boolean {
  let name = withoutTrailingDot(host);
  while (!names.has(name)) {
    const dot = name.indexOf('.');
    if (dot === -1) return false;
    name = name.slice(dot + 1);
  }
  return true;
}

/** RFC 6761 §6.3: the name and everything below it. */
function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}
