import type { Emitter } from './events.js';

/** Code of another make, as a rule a second CORS layer, has written a header that says who may read an answer. */
export interface Conflict {
  /** Which of our layers came upon it. `fetch` is the wrapper of fetch-style handlers. */
  readonly adapter: 'node' | 'fastify' | 'koa' | 'hono' | 'fetch';
  /** Its name, in lower case. */
  readonly header: string;
  /** What the other code wrote. It was not sent: what the list says was. */
  readonly value: string;
}

/** Tells of what other code wrote. */
export type TellConflict = (header: string, value: string) => void;

/** The first conflict each adapter came upon. The others are like it, on every answer: telling of one is enough. */
export interface Conflicts {
  report(conflict: Conflict): void;
  all(): readonly Conflict[];
}

export function createConflicts(events: Emitter): Conflicts {
  const firsts = new Map<Conflict['adapter'], Conflict>();
  return {
    report(conflict) {
      if (firsts.has(conflict.adapter)) return;
      firsts.set(conflict.adapter, conflict);
      events.emit('conflict', conflict);
    },
    all: () => [...firsts.values()],
  };
}

/** Made once by an adapter, not for each request. */
export function conflictTeller(
  allowlist: { reportConflict(conflict: Conflict): void },
  adapter: Conflict['adapter'],
): TellConflict {
  return (header, value) => allowlist.reportConflict({ adapter, header, value });
}
