/** What a client has done since it was made. */
export interface Counters {
  decisions: number;
  /** Cross-origin requests refused, also where the policy only reports. */
  refused: number;
  /** Requests refused because their tenant's list was not there in time. */
  refusedUnloaded: number;
  /** Answers taken in: new versions of lists. */
  listsLoaded: number;
  /** Lists dropped to keep within `maxTenants`. */
  listsEvicted: number;
  /** Calls to the service that came to nothing. */
  callsFailed: number;
}

export function createCounters(): Counters {
  return { decisions: 0, refused: 0, refusedUnloaded: 0, listsLoaded: 0, listsEvicted: 0, callsFailed: 0 };
}
