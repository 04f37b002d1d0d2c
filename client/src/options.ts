import type { Deps } from './deps.js';

/** What a tenant may be told by: only what a preflight carries too, or it would be decided by another list than its request. */
export interface TenantRequest {
  /** The `Host` header as received: may hold a port and upper case, and any client can send any value. */
  readonly host: string | undefined;
  /** The request target up to its query, as received: not decoded, not normalised. `/` when unknown. */
  readonly path: string;
}

/** Names the tenant a request belongs to; `undefined` = none, and the request is refused. Synchronous. */
export type TenantResolver = (request: TenantRequest) => string | undefined;

/** What `createAllowlist` takes. All of it is checked at once. */
export interface AllowlistOptions {
  /** Where the Origin Allowlist service is, such as `https://allowlist.internal.example`. A path is kept as a prefix. */
  readonly url: string;
  /** An API key with the `sync` scope (preset `sdk`). Never shown in a message, an event or `status()`. */
  readonly key: string;
  /** The slug of the one tenant this process serves, or a function that tells it from the request. */
  readonly tenant: string | TenantResolver;
  /** The name of this application, for the service's operators: 1–64 of `A-Z a-z 0-9 . _ -`. Default: none. */
  readonly service?: string;
  /**
   * Whether one connection is kept open on which the service tells each change as it happens. `false`: only look from time to time.
   * While the connection cannot be had, as through a proxy that holds answers back, that is done in any case. Default `true`.
   */
  readonly stream?: boolean;
  /** Time between two looks at the service while there is no stream, in ms, ± 20 %. 100–3,600,000. Default 30,000. */
  readonly pollIntervalMs?: number;
  /** The longest a request waits while its tenant's list loads for the first time, in ms; then it is refused. 0–10,000. Default 200. */
  readonly firstLoadTimeoutMs?: number;
  /** The longest one call to the service may take, body included, in ms. 100–120,000. Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** How long a list counts as current after the service last confirmed it, in ms. 1,000–2,592,000,000. Default 86,400,000 (24 h). */
  readonly maxStalenessMs?: number;
  /** What is done with a list older than that: `serve` decides by it, `refuse` refuses. Default `serve`. */
  readonly onStale?: 'serve' | 'refuse';
  /** Lists held in memory at most; the least recently used goes. Counts with a resolver only. 1–100,000. Default 1,000. */
  readonly maxTenants?: number;
  /**
   * A directory of this application's own, as an absolute path: the last good list of each tenant is kept there (mode 0600, under an HMAC
   * that only this `key` makes), and decided by after a start while the service cannot be reached, if the service confirmed it within
   * `maxStalenessMs`. It is made (mode 0700) when it is not there. Processes may share it. Default: none, nothing is written.
   */
  readonly cacheDirectory?: string;
  /**
   * Origins that the pages of this application itself are served from, such as `https://www.example.com`: policies that `block`, and
   * sockets, let their requests pass. The scheme and host of the request itself always count as one. Default none.
   */
  readonly publicOrigins?: readonly string[];
  /**
   * Whether `X-Forwarded-Proto` and `X-Forwarded-Host` tell the scheme and host of a request: true behind a proxy that sets both or
   * takes away what clients send. For what `publicOrigins` is for, and nothing else. Default `false`.
   */
  readonly trustProxy?: boolean;
  /** Lets `url` be `http:` to a host that is not loopback, where the key travels in clear text. Default `false`. */
  readonly allowInsecure?: boolean;
  /** For tests. Default: the system's own. */
  readonly deps?: Partial<Deps>;
}

/** The options of `createAllowlist` or of a middleware are wrong. */
export class OptionsError extends TypeError {
  readonly code = 'options_invalid';
  /** Every problem found, one sentence each. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The options are invalid: ${problems.join(' ')}`);
    this.name = 'OptionsError';
    this.problems = problems;
  }
}
