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
  /** Changes taken from the stream, without loading the whole list. */
  deltasApplied: number;
  /** Lists loaded anew because the stream could not lead on to them. */
  resyncs: number;
  /** Streams that took the place of another, or of one that was cut. */
  reconnects: number;
  /** Calls to the service that came to nothing. */
  callsFailed: number;
}

export function createCounters(): Counters {
  return {
    decisions: 0,
    refused: 0,
    refusedUnloaded: 0,
    listsLoaded: 0,
    listsEvicted: 0,
    deltasApplied: 0,
    resyncs: 0,
    reconnects: 0,
    callsFailed: 0,
  };
}
