import { isAbsolute } from 'node:path';
import { parseOrigin } from './core/origin.js';
import { isSlug } from './core/slug.js';
import { type Deps, systemDeps } from './deps.js';
import { type AllowlistOptions, OptionsError, type TenantResolver } from './options.js';

/** Options after checking, with nothing missing. */
export interface Settings {
  /** Ends with `/`. */
  readonly baseUrl: string;
  readonly key: string;
  readonly tenant: string | TenantResolver;
  readonly service: string | undefined;
  readonly stream: boolean;
  readonly pollIntervalMs: number;
  readonly firstLoadTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxStalenessMs: number;
  readonly onStale: 'serve' | 'refuse';
  readonly maxTenants: number;
  readonly cacheDirectory: string | undefined;
  readonly publicOrigins: readonly string[];
  readonly trustProxy: boolean;
  readonly deps: Deps;
}

const NUMBERS = {
  pollIntervalMs: { min: 100, max: 3_600_000, fallback: 30_000 },
  firstLoadTimeoutMs: { min: 0, max: 10_000, fallback: 200 },
  requestTimeoutMs: { min: 100, max: 120_000, fallback: 10_000 },
  maxStalenessMs: { min: 1_000, max: 2_592_000_000, fallback: 86_400_000 },
  maxTenants: { min: 1, max: 100_000, fallback: 1_000 },
} as const;

const NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(NUMBERS),
  ...[
    'url',
    'key',
    'tenant',
    'service',
    'stream',
    'onStale',
    'cacheDirectory',
    'publicOrigins',
    'trustProxy',
    'allowInsecure',
    'deps',
  ],
]);

const SERVICE_NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** What an Authorization header can carry. */
const KEY = /^[\x21-\x7e]{1,512}$/;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws OptionsError with every problem at once.
 */
export function parseOptions(options: AllowlistOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new OptionsError(['Pass an object of options.']);
  const problems: string[] = [];
  const report = (problem: string | undefined): void => {
    if (problem !== undefined) problems.push(problem);
  };
  const number = (name: keyof typeof NUMBERS): number => {
    report(numberProblem(name, options[name]));
    return options[name] ?? NUMBERS[name].fallback;
  };

  for (const name of Object.keys(options)) if (!NAMES.has(name)) report(`There is no option \`${name}\`.`);
  report(urlProblem(options.url, options.allowInsecure === true));
  report(keyProblem(options.key));
  report(tenantProblem(options.tenant));
  report(choiceProblem('stream', options.stream, [true, false]));
  report(choiceProblem('onStale', options.onStale, ['serve', 'refuse']));
  report(cacheDirectoryProblem(options.cacheDirectory));
  report(publicOriginsProblem(options.publicOrigins));
  report(choiceProblem('trustProxy', options.trustProxy, [true, false]));
  report(choiceProblem('allowInsecure', options.allowInsecure, [true, false]));
  if (options.service !== undefined && !matches(options.service, SERVICE_NAME))
    report('`service` must be 1–64 of A-Z a-z 0-9 . _ -');
  const numbers = {
    pollIntervalMs: number('pollIntervalMs'),
    firstLoadTimeoutMs: number('firstLoadTimeoutMs'),
    requestTimeoutMs: number('requestTimeoutMs'),
    maxStalenessMs: number('maxStalenessMs'),
    maxTenants: number('maxTenants'),
  };
  if (problems.length > 0) throw new OptionsError(problems);
  return {
    ...numbers,
    baseUrl: new URL(options.url).href.replace(/\/*$/, '/'),
    key: options.key,
    tenant: options.tenant,
    service: options.service,
    stream: options.stream ?? true,
    onStale: options.onStale ?? 'serve',
    cacheDirectory: options.cacheDirectory,
    publicOrigins: options.publicOrigins ?? [],
    trustProxy: options.trustProxy ?? false,
    deps: { ...systemDeps, ...options.deps },
  };
}

function urlProblem(url: unknown, allowInsecure: boolean): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return '`url` must be an absolute URL of the service.';
  const { protocol, hostname, username, password, search, hash } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return '`url` must begin with https:// or http://.';
  if (username !== '' || password !== '') return '`url` must not hold a user name or password; pass `key`.';
  if (search !== '' || hash !== '') return '`url` must not hold a query or fragment.';
  if (protocol === 'http:' && !isLoopback(hostname) && !allowInsecure)
    return '`url` is http: to a host that is not loopback, which shows the key to the network; use https:, or set `allowInsecure`.';
  return undefined;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    // The URL parser has made any dotted or numeric IPv4 spelling canonical.
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

function keyProblem(key: unknown): string | undefined {
  return matches(key, KEY) ? undefined : '`key` must be 1–512 visible ASCII characters without spaces.';
}

function tenantProblem(tenant: unknown): string | undefined {
  if (typeof tenant === 'function' || (typeof tenant === 'string' && isSlug(tenant))) return undefined;
  return '`tenant` must be a slug (1–63 of a-z 0-9 -, no hyphen at either end) or a function that returns one.';
}

function numberProblem(name: keyof typeof NUMBERS, value: unknown): string | undefined {
  const { min, max } = NUMBERS[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return undefined;
  return `\`${name}\` must be a whole number from ${min} to ${max}.`;
}

function cacheDirectoryProblem(directory: unknown): string | undefined {
  if (directory === undefined) return undefined;
  // A relative one would be another folder, or anybody's, wherever the process is started.
  if (typeof directory === 'string' && isAbsolute(directory) && !directory.includes('\0')) return undefined;
  return '`cacheDirectory` must be an absolute path.';
}

function publicOriginsProblem(origins: unknown): string | undefined {
  if (origins === undefined) return undefined;
  const isOrigin = (text: unknown): boolean => typeof text === 'string' && parseOrigin(text) !== undefined;
  if (Array.isArray(origins) && origins.every(isOrigin)) return undefined;
  return '`publicOrigins` must be a list of origins as browsers write them: scheme://host[:port], lower case, nothing else.';
}

function choiceProblem(name: string, value: unknown, choices: readonly unknown[]): string | undefined {
  if (value === undefined || choices.includes(value)) return undefined;
  return `\`${name}\` must be one of ${choices.join(', ')}.`;
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}
