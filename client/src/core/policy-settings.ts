/** What a policy does with its decisions: tell only, write headers, or also answer refused cross-origin requests with 403. */
export type Enforcement = 'report' | 'headers' | 'block';

/** A named set of CORS settings, without its name. */
export interface PolicySettings {
  /** Literal path prefixes on segment borders, in normal form; the longest prefix of all policies wins. */
  readonly paths: readonly string[];
  /** Answers an allowed origin with `Access-Control-Allow-Credentials: true`. */
  readonly credentials: boolean;
  /** Methods beyond GET, HEAD and POST; `*` for any. */
  readonly methods: readonly string[];
  /** Request header names, compared without case; `*` for any but `Authorization`. */
  readonly allowedHeaders: readonly string[];
  /** Response header names a page may read; `*` (any) counts without credentials only. */
  readonly exposedHeaders: readonly string[];
  /** 0–86400 ({@link MAX_AGE_LIMIT_SECONDS}); absent means that the header is not sent and the browser's own default (5 s) holds. */
  readonly maxAgeSeconds?: number;
  /** Answers `Access-Control-Request-Private-Network: true`. */
  readonly privateNetwork: boolean;
  /** Without an Origin header, sends the one exact entry that has the request's own host and port. */
  readonly alwaysSend: boolean;
  readonly enforcement: Enforcement;
}

/** The longest time a preflight's answer may be kept: one day, the most any browser honours (Firefox). */
export const MAX_AGE_LIMIT_SECONDS = 86_400;

/** A policy as a snapshot carries it. */
export interface SnapshotPolicy extends PolicySettings {
  readonly name: string;
}

/** The policy every tenant has from the start, on `/`. Its allowlist is empty all the same. */
export const DEFAULT_POLICY: SnapshotPolicy = {
  name: 'default',
  paths: ['/'],
  credentials: false,
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: ['content-type'],
  exposedHeaders: [],
  maxAgeSeconds: 600,
  privateNetwork: false,
  alwaysSend: false,
  enforcement: 'headers',
};
