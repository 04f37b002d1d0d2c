/** Path prefixes by policy name. */
export type SlowPaths = readonly (readonly [policy: string, prefixes: readonly string[]])[];

const MAX_PATH_LENGTH = 16_384;

/**
 * What may come of a request target: a policy, or `undefined` for a refusal. Both where the readings that the design names agree and
 * one that only some router might have does not: refusing is right there, and so is not to know that router.
 */
export function slowPolicies(paths: SlowPaths, target: string): readonly (string | undefined)[] {
  const raw = rawPath(target.replace(/[?#].*$/s, ''));
  if (raw === undefined || raw.length > MAX_PATH_LENGTH) return [undefined];
  // `new URL(target, base)` takes a second slash for the beginning of a host, resolves dots before anything is decoded, and encodes
  // what is not ASCII. Some decode before they ask it, some after.
  const parsed = parse(raw);
  const decoded = decode(raw);
  const parsedAndDecoded = decode(parsed);
  const afterHost = decode(withoutHost(raw));
  if (decoded === undefined || parsedAndDecoded === undefined || afterHost === undefined) return [undefined];

  const certain = [raw, parsed, resolve(decoded), resolve(parsedAndDecoded)];
  const named = choicesOf(paths, certain);
  if (named.size > 1) return [undefined];
  const rare = [
    decoded,
    parsedAndDecoded,
    collapse(decoded),
    collapse(parsedAndDecoded),
    withoutHost(decoded),
    resolve(withoutHost(decoded)),
    withoutHost(raw),
    resolve(afterHost),
  ];
  return choicesOf(paths, [raw, ...rare]).size > 1 ? [...named, undefined] : [...named];
}

/** The path in the platform's own reading; as it is where that has none. */
function parse(path: string): string {
  return URL.canParse(path, 'http://host') ? new URL(path, 'http://host').pathname : path;
}

/** The path as it was sent; `undefined` where readers would not even agree on where it begins. */
function rawPath(path: string): string | undefined {
  if (path === '' || path === '*') return '/';
  if (path.startsWith('/')) return path;
  const [, host, rest] = /^[a-z][a-z0-9+.-]*:\/\/([^/\\]*)(.*)$/is.exec(path) ?? [];
  if (rest === '') return '/';
  return host !== '' && rest?.startsWith('/') ? rest : undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function withoutHost(path: string): string {
  return path.replace(/^[/\\]{2,}[^/\\]*/, '') || '/';
}

function collapse(path: string): string {
  return path.replaceAll('\\', '/').replace(/\/+/g, '/');
}

/** `\` for `/`, slashes collapsed, none at the end, dot segments followed. */
function resolve(path: string): string {
  const resolved: string[] = [];
  for (const segment of collapse(path).split('/')) {
    if (segment === '..') resolved.pop();
    else if (segment !== '' && segment !== '.') resolved.push(segment);
  }
  return `/${resolved.join('/')}`;
}

/** The policies that readings of a path lead to, as they are and in lower case. */
function choicesOf(paths: SlowPaths, readings: readonly string[]): ReadonlySet<string> {
  const forms = readings.flatMap((path) => [path, path.toLowerCase()]);
  return new Set(forms.map((path) => longestPrefix(paths, path)));
}

function longestPrefix(paths: SlowPaths, path: string): string {
  const covering = paths.flatMap(([policy, prefixes]) =>
    prefixes.filter((prefix) => covers(prefix, path)).map((prefix) => ({ policy, prefix })),
  );
  covering.push({ policy: 'default', prefix: '/' });
  // Of two policies on one prefix `default` comes last, and of others the first by name.
  const rank = (policy: string) => (policy === 'default' ? '\uffff' : policy);
  covering.sort((a, b) => b.prefix.length - a.prefix.length || (rank(a.policy) < rank(b.policy) ? -1 : 1));
  return covering[0]?.policy ?? 'default';
}

function covers(prefix: string, path: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}
