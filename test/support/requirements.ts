import { describe, inject, it } from 'vitest';

/** `describe` for suites that need the shared Redis (`redisUrl()`). Skipped without one; under CI=true that is a failure. */
export const describeWithRedis = describeWith(
  'a Redis: REDIS_URL, Docker or redis-server',
  inject('redisUrl'),
);

/** `describe` for suites that start a Redis of their own (`startRedis()`), to stall or kill it. */
export const describeWithRedisServer = describeWith('a redis-server on the PATH', inject('redisServer'));

/** `describe` for suites that drive a real browser (`chromiumPath()`). */
export const describeWithChromium = describeWith('a Chromium: CHROMIUM_PATH', inject('chromiumPath'));

/** URL of the shared Redis; only inside `describeWithRedis`. */
export function redisUrl(): string {
  return required(inject('redisUrl'));
}

/** Path of the browser; only inside `describeWithChromium`. */
export function chromiumPath(): string {
  return required(inject('chromiumPath'));
}

function describeWith(what: string, found: string | null) {
  if (found !== null) return describe;
  if (process.env.CI !== 'true') return describe.skip;
  return (name: string, _suite: () => void) => {
    describe(name, () => {
      it(`needs ${what}`, () => {
        throw new Error(`CI=true and there is none: ${what}`);
      });
    });
  };
}

function required(found: string | null): string {
  if (found === null) throw new Error('use it inside the matching describeWith…');
  return found;
}
