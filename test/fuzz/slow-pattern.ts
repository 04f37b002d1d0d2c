import type { PatternKind } from '@origin-allowlist/client/core';
import { isAddress, isHost, isName, MAX_HOST_LENGTH, type SlowOrigin } from './slow-origin.js';

/** A pattern as the slow matcher reads it. */
export interface SlowPattern {
  readonly text: string;
  readonly kind: PatternKind;
  /** @param origin what the raw header reads as; `undefined` when it is no origin. */
  matches(raw: string, origin: SlowOrigin | undefined): boolean;
}

const PATTERN = /^([a-z][a-z0-9+.-]{0,63}):\/\/(\[[0-9a-f:.]+\]|[a-z0-9_.*-]+)(?::([1-9][0-9]{0,4}|\*))?$/;
const AFFIX = /^(?:([a-z0-9-]*[a-z0-9][a-z0-9-]*-)?\*(-[a-z0-9-]*[a-z0-9][a-z0-9-]*)?)\.([^*]+)$/;
/** Pages never have these: sent as `null`, or not at all. */
const NEVER_SENT = ['file', 'ws', 'wss', 'data', 'blob', 'about', 'javascript'];
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', ftp: '21' };
const EXTENSION_ID = /^[a-p]{32}$/;

/** The pattern grammar of the design; `undefined` for what is none. Each kind matches by one regular expression or comparison. */
export function slowPattern(text: string): SlowPattern | undefined {
  if (text === '*') return { text, kind: 'any', matches: () => true };
  if (text === 'null') return { text, kind: 'null', matches: (raw) => raw === 'null' };
  const [, scheme = '', host = '', port = ''] = PATTERN.exec(text) ?? [];
  if (scheme === '' || NEVER_SENT.includes(scheme)) return undefined;
  if (port !== '' && port !== '*' && (Number(port) > 65_535 || port === DEFAULT_PORTS[scheme]))
    return undefined;
  if (scheme === 'chrome-extension' && !EXTENSION_ID.test(host)) return undefined;

  const hosts = hostMatcher(host);
  if (hosts === undefined) return undefined;
  const matches = (_raw: string, origin: SlowOrigin | undefined) =>
    origin !== undefined &&
    origin.scheme === scheme &&
    hosts.expression.test(origin.host) &&
    (port === '*' || origin.port === port);
  return { text, kind: hosts.kind, matches };
}

function hostMatcher(host: string): { kind: PatternKind; expression: RegExp } | undefined {
  if (!host.includes('*')) {
    const isExact = isHost(host) && !isMapped(host) && isDecodable(host);
    return isExact ? { kind: 'exact', expression: new RegExp(`^${quote(host)}$`) } : undefined;
  }
  // The shortest host it could stand for has one letter in the place of the `*`.
  if (host.length > MAX_HOST_LENGTH) return undefined;
  if (host.startsWith('*.')) {
    const parent = host.slice(2);
    if (!isParent(parent)) return undefined;
    return { kind: 'subdomains', expression: new RegExp(`^(?:[a-z0-9_-]+\\.)+${quote(parent)}$`) };
  }
  const [, prefix = '', suffix = '', parent = ''] = AFFIX.exec(host) ?? [];
  if (prefix + suffix === '' || !isParent(parent) || `${prefix}x${suffix}`.length > 63) return undefined;
  // A part of an encoded label is no part of a name.
  if (prefix.startsWith('xn--')) return undefined;
  const label = `(?=[a-z0-9-]{1,63}\\.)${quote(prefix)}[a-z0-9-]+${quote(suffix)}`;
  return { kind: 'affix', expression: new RegExp(`^${label}\\.${quote(parent)}$`) };
}

/** What may stand below a wildcard: a name, never an address. */
function isParent(host: string): boolean {
  return isName(host) && !isAddress(host) && isDecodable(host);
}

function isMapped(host: string): boolean {
  return host.startsWith('[::ffff:');
}

/** Whether every encoded label stands for a name that needs encoding: by the platform's own decoder, and not for ASCII alone. */
function isDecodable(host: string): boolean {
  const encoded = host.split('.').filter((label) => label.startsWith('xn--'));
  return encoded.every((label) => !label.endsWith('-') && URL.canParse(`http://${label}.example/`));
}

function quote(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');
}
