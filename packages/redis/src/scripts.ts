import { createHash } from 'node:crypto';

/** What a script is called by, and what it is sent as where the server does not have it yet. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** What `ACQUIRE` gives beside the milliseconds that are left of somebody else's lease, 0 or more. */
export const ACQUIRED = -1;
export const SETTLED = -2;

/*
 * One key holds one text: `h` (held) or `s` (settled), and the token behind it. It expires with the lease or the ttl.
 * Each script takes one key, so that a cluster knows where to send it, and gives one integer, so that the settings of a
 * client for texts and numbers make no difference. All of them can be run a second time, since clients send again what
 * they got no answer to.
 */

/** KEYS: the key. ARGV: token, lease in ms. */
export const ACQUIRE = script(`
local value = redis.call('GET', KEYS[1])
if value and value ~= 'h' .. ARGV[1] then
  if string.sub(value, 1, 1) == 's' then return ${SETTLED} end
  return math.max(redis.call('PTTL', KEYS[1]), 0)
end
redis.call('SET', KEYS[1], 'h' .. ARGV[1], 'PX', ARGV[2])
return ${ACQUIRED}
`);

/** KEYS: the key. ARGV: token, lease in ms. Gives 1, or 0 where the token does not hold the key. */
export const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= 'h' .. ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

/** KEYS: the key. ARGV: token, ttl in ms. Gives 1, or 0 where the token neither holds the key nor has settled it. */
export const SETTLE = script(`
local value = redis.call('GET', KEYS[1])
if value ~= 'h' .. ARGV[1] and value ~= 's' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 's' .. ARGV[1], 'PX', ARGV[2])
return 1
`);

/** KEYS: the key. ARGV: token. Gives 1, or 0 where the token does not hold the key. */
export const RELEASE = script(`
if redis.call('GET', KEYS[1]) ~= 'h' .. ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`);

function script(text: string): Script {
  const lua = text.trim();
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
