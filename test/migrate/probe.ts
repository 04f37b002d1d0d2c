/** A request that a page makes a browser send, preflight or not. */
export interface Probe {
  readonly method: string;
  /** Default `/`. */
  readonly target?: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer as far as CORS looks at it. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; lists in a fixed order, so that equal ones are equal texts. */
  readonly headers: Readonly<Record<string, string>>;
}

const LISTS = new Set([
  'vary',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
]);

/** Only the headers of CORS and `Vary`, in a form to compare. */
export function answerOf(status: number, headers: Iterable<readonly [string, unknown]>): Answer {
  const kept: Record<string, string> = {};
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (!(name.startsWith('access-control-') || name === 'vary') || value === undefined) continue;
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    kept[name] = LISTS.has(name) ? sorted(text) : text;
  }
  return { status, headers: kept };
}

function sorted(list: string): string {
  const members = list.split(',').map((member) => member.trim());
  return [...new Set(members)].sort().join(', ');
}

/**
 * What two answers to one probe say differently: theirs, ours; `-` for a header that is not there. Without what differs
 * always and changes nothing for a page: our `Vary` names more, our header names are in lower case, and a preflight's answer
 * exposes nothing.
 */
export function differences(
  theirs: Answer,
  ours: Answer,
): Readonly<Record<string, readonly [string, string]>> {
  const differing: Record<string, readonly [string, string]> = {};
  if (theirs.status !== ours.status) differing.status = [String(theirs.status), String(ours.status)];
  const names = new Set([...Object.keys(theirs.headers), ...Object.keys(ours.headers)]);
  for (const name of [...names].sort()) {
    const [their, our] = [theirs.headers[name] ?? '-', ours.headers[name] ?? '-'];
    if (their.toLowerCase() !== our.toLowerCase() && !isUsual(name, theirs, ours))
      differing[name] = [their, our];
  }
  return differing;
}

function isUsual(name: string, theirs: Answer, ours: Answer): boolean {
  if (name === 'access-control-expose-headers') {
    return 'access-control-allow-methods' in theirs.headers && !(name in ours.headers);
  }
  if (name !== 'vary' || ours.headers.vary === undefined) return false;
  const named = ours.headers.vary.split(', ');
  return (
    theirs.headers.vary === undefined ||
    theirs.headers.vary.split(', ').every((member) => named.includes(member))
  );
}

const ORIGIN = 'https://app.example.com';

/** A GET from a page. */
export function get(origin: string | undefined = ORIGIN, target = '/'): Probe {
  return { method: 'GET', target, headers: { host: 'api.example.com', origin } };
}

/** A request without Origin, as a browser sends it to the page's own host. */
export function sameOrigin(host = 'api.example.com', target = '/'): Probe {
  return { method: 'GET', target, headers: { host } };
}

/** The question before a request with this method and these headers. */
export function preflight(
  method: string,
  headers: readonly string[] = [],
  { origin = ORIGIN, target = '/', privateNetwork = false } = {},
): Probe {
  return {
    method: 'OPTIONS',
    target,
    headers: {
      host: 'api.example.com',
      origin,
      'access-control-request-method': method,
      ...(headers.length > 0 && { 'access-control-request-headers': headers.join(',') }),
      ...(privateNetwork && { 'access-control-request-private-network': 'true' }),
    },
  };
}
