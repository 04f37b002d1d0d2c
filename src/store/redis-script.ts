import type { Result } from 'ioredis';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    /** {@link WRITE_SNAPSHOT}. 1: the hash now says what was asked. 0: it was left as it is. */
    writeSnapshot(
      key: string,
      mode: 'store' | 'confirm' | 'invalidate',
      lineage: string,
      revision: string,
      body: string,
      checkedAt: string,
      seal: string,
      ttlMs: string,
    ): Result<number, Context>;
    /** {@link ADD_TO_COUNT}. The sum, and how many milliseconds its window still lasts. */
    addToCount(key: string, increment: string, windowMs: string): Result<[number, number], Context>;
  }
}

/**
 * The only writer of a tenant's hash `{lineage, rev, body, checkedAt, seal}` (DESIGN §7). Every version it is given was
 * read from, or committed to, the primary: so another lineage always replaces, and within a lineage only a higher
 * revision does. An invalidation raises `rev` and drops `body` and `seal`; it leaves the key, which is what makes a slow
 * loader's older body bounce off.
 *
 * KEYS[1] the hash · ARGV: mode, lineage, revision, body, checkedAt, seal, ttlMs. Revisions are decimal strings compared
 * by length, then as text: a Lua number is a double.
 */
export const WRITE_SNAPSHOT = {
  numberOfKeys: 1,
  lua: `
local key = KEYS[1]
local mode, lineage, rev, body, checked_at, seal, ttl = unpack(ARGV)

local function above(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

local held = redis.call('HMGET', key, 'lineage', 'rev')
local same_lineage = held[1] == lineage

if mode == 'confirm' then
  if not same_lineage or held[2] ~= rev or redis.call('HEXISTS', key, 'body') == 0 then return 0 end
  redis.call('HSET', key, 'checkedAt', checked_at, 'seal', seal)
elseif mode == 'store' then
  if same_lineage and above(held[2], rev) then return 0 end
  redis.call('HSET', key, 'lineage', lineage, 'rev', rev, 'body', body, 'checkedAt', checked_at, 'seal', seal)
else
  if same_lineage and not above(rev, held[2]) then return 0 end
  redis.call('HDEL', key, 'body', 'seal')
  redis.call('HSET', key, 'lineage', lineage, 'rev', rev, 'checkedAt', checked_at)
end
redis.call('PEXPIRE', key, ttl)
return 1
`,
};

/**
 * Adds to a count whose window begins with the first addition. What is there and is no count is replaced: it cannot be ours.
 *
 * KEYS[1] the count · ARGV: increment, windowMs.
 */
export const ADD_TO_COUNT = {
  numberOfKeys: 1,
  lua: `
local count = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(count) ~= 'number' then
  redis.call('DEL', KEYS[1])
  count = redis.call('INCRBY', KEYS[1], ARGV[1])
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left}
`,
};
