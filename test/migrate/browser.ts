import type { Answer, Probe } from './probe.js';

/** How a page asks: with the user's cookies or without. */
export interface Asking {
  readonly credentials: boolean;
}

/**
 * What a browser makes of an answer, as the Fetch standard says it: whether the page may read it or, of a preflight, whether
 * the request is sent at all. Written from the standard and not from our engine.
 */
export function isGranted(answer: Answer, probe: Probe, asking: Asking): boolean {
  if (!passesCorsCheck(answer, probe, asking)) return false;
  const method = probe.headers['access-control-request-method'];
  if (probe.method !== 'OPTIONS' || method === undefined) return true;
  if (answer.status < 200 || answer.status > 299) return false;
  const names = membersOf(probe.headers['access-control-request-headers']);
  return allowsMethod(answer, method, asking) && names.every((name) => allowsHeader(answer, name, asking));
}

/** Fetch §4.10 "CORS check" */
function passesCorsCheck({ headers }: Answer, probe: Probe, { credentials }: Asking): boolean {
  const allowed = headers['access-control-allow-origin'];
  if (allowed === undefined) return false;
  if (!credentials && allowed === '*') return true;
  if (allowed !== probe.headers.origin) return false;
  return !credentials || headers['access-control-allow-credentials'] === 'true';
}

/** Fetch §4.8 step 7.5 on methods */
function allowsMethod({ headers }: Answer, method: string, { credentials }: Asking): boolean {
  const listed = membersOf(headers['access-control-allow-methods']);
  if (listed.includes(method) || ['GET', 'HEAD', 'POST'].includes(method)) return true;
  return !credentials && listed.includes('*');
}

/** Fetch §4.8 step 7.6 and 7.7 on header names */
function allowsHeader({ headers }: Answer, name: string, { credentials }: Asking): boolean {
  const listed = membersOf(headers['access-control-allow-headers']?.toLowerCase());
  if (listed.includes(name)) return true;
  return name !== 'authorization' && !credentials && listed.includes('*');
}

function membersOf(list: string | undefined): readonly string[] {
  return list === undefined ? [] : list.split(',').map((member) => member.trim());
}
