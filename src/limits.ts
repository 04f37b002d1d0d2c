/** How often who may call. The budgets of a key hold over all nodes together. */
export interface RateLimits {
  /** Requests a second that one address may send to one node without a key that this node knows. */
  readonly strangersPerSecond: number;
  /** Refused keys a minute after which an address has to wait. */
  readonly failuresPerMinute: number;
  /** Reads of the administration, per key and minute. */
  readonly readsPerMinute: number;
  /** Writes of the administration, per key and minute. */
  readonly writesPerMinute: number;
  /** Calls of `/v1/evaluate`, per key and minute; a batch is one. */
  readonly evaluationsPerMinute: number;
  /** Calls of SDKs, per key and minute. */
  readonly syncsPerMinute: number;
}

/** What holds unless the settings say otherwise. 200 SDKs of 100 tenants each that restart with one key stay far below. */
export const DEFAULT_RATE_LIMITS: RateLimits = {
  strangersPerSecond: 1_000,
  failuresPerMinute: 20,
  readsPerMinute: 12_000,
  writesPerMinute: 3_000,
  evaluationsPerMinute: 60_000,
  syncsPerMinute: 120_000,
};

/** How much one tenant may have. */
export interface Quotas {
  readonly entries: number;
  /** Entries of any kind but `exact`. */
  readonly wildcards: number;
  readonly policies: number;
}

/** What holds unless the settings say otherwise. */
export const DEFAULT_QUOTAS: Quotas = { entries: 100_000, wildcards: 1_000, policies: 100 };

/** Within how many days entries end that are written with `origins:write-temporary`. */
export const DEFAULT_TEMPORARY_ENTRY_DAYS = 14;
