import type { KeyRow } from './key-rows.js';

/** How long a key is taken as verified at most without the database having confirmed it: through an outage. */
export const MAX_KEY_AGE_MS = 3_600_000;
/** From this age on a use has the key confirmed again, and its use noted, while it goes on. */
export const KEY_REFRESH_MS = 60_000;
/** How long a key that is not known stays so without asking again. */
export const UNKNOWN_KEY_TTL_MS = 5_000;
/** Keys held at most, known and unknown ones apart, so that guesses cannot push real keys out. */
export const MAX_HELD_KEYS = 10_000;

/** What {@link createKeyVerifier} stands on. */
export interface KeyVerifierOptions {
  /** Reads the key with this hash from the database; `undefined` = there is none. */
  readonly load: (hash: string) => Promise<KeyRow | undefined>;
  /** Told of a key that was used, about once a minute; must not throw. */
  readonly onUse: (id: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Verified keys in memory. */
export interface KeyVerifier {
  /**
   * The key with this hash, if it may be used: known, not revoked, not expired. Calls may overlap.
   *
   * @throws AppError `store_unavailable` when it is not in memory and the database does not answer.
   */
  verify(hash: string): Promise<KeyRow | undefined>;
  /** What {@link KeyVerifier.verify} would go by; `undefined` = it would ask the database, `asked` = that is being done. */
  recall(hash: string): 'usable' | 'unusable' | 'asked' | undefined;
  /** Drops a key, or all; a load that is already running is not held. */
  forget(hash: string | 'all'): void;
}

interface HeldKey {
  readonly key: KeyRow;
  readonly confirmedAtMs: number;
  /** When the database was last asked. */
  readonly askedAtMs: number;
}

/** A verifier that holds nothing yet. */
export function createKeyVerifier({ load, onUse, now }: KeyVerifierOptions): KeyVerifier {
  const held = new Map<string, HeldKey>();
  const unknownUntilMs = new Map<string, number>();
  const loads = new Map<string, Promise<KeyRow | undefined>>();

  /** One load per key at a time. What was forgotten while it ran is not held. */
  function loadOnce(hash: string): Promise<KeyRow | undefined> {
    const running = loads.get(hash);
    if (running !== undefined) return running;
    const loading = load(hash)
      .then((key) => {
        if (loads.get(hash) === loading) settle(hash, key);
        return key;
      })
      .finally(() => {
        if (loads.get(hash) === loading) loads.delete(hash);
      });
    loads.set(hash, loading);
    return loading;
  }

  function settle(hash: string, key: KeyRow | undefined): void {
    held.delete(hash);
    unknownUntilMs.delete(hash);
    if (key === undefined || key.revokedAt !== null) {
      unknownUntilMs.set(hash, now() + UNKNOWN_KEY_TTL_MS);
      trim(unknownUntilMs);
      return;
    }
    held.set(hash, { key, confirmedAtMs: now(), askedAtMs: now() });
    trim(held);
    // Who goes on with a key that has ended does not use it.
    if (isUsable(key, now())) onUse(key.id);
  }

  function use(hash: string): KeyRow | undefined {
    const found = held.get(hash);
    if (found === undefined) return undefined;
    held.delete(hash);
    if (now() - found.confirmedAtMs >= MAX_KEY_AGE_MS) return undefined;
    const isDue = now() - found.askedAtMs >= KEY_REFRESH_MS;
    held.set(hash, isDue ? { ...found, askedAtMs: now() } : found);
    // In an outage it goes on with what is held, and asks again in a minute.
    if (isDue) loadOnce(hash).catch(() => {});
    return found.key;
  }

  return {
    async verify(hash) {
      if (now() < (unknownUntilMs.get(hash) ?? 0)) return undefined;
      const key = use(hash) ?? (await loadOnce(hash));
      return key !== undefined && isUsable(key, now()) ? key : undefined;
    },
    recall(hash) {
      if (now() < (unknownUntilMs.get(hash) ?? 0)) return 'unusable';
      const found = held.get(hash);
      if (found === undefined || now() - found.confirmedAtMs >= MAX_KEY_AGE_MS) {
        return loads.has(hash) ? 'asked' : undefined;
      }
      return isUsable(found.key, now()) ? 'usable' : 'unusable';
    },
    forget(hash) {
      if (hash === 'all') {
        held.clear();
        loads.clear();
      } else {
        held.delete(hash);
        loads.delete(hash);
      }
    },
  };
}

function isUsable(key: KeyRow, nowMs: number): boolean {
  return key.revokedAt === null && (key.expiresAt === null || nowMs < Date.parse(key.expiresAt));
}

// A Map gives its keys in the order they were set: the first is the one used longest ago.
function trim(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > MAX_HELD_KEYS && oldest !== undefined) map.delete(oldest);
}
