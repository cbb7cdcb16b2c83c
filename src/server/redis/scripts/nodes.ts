import { COUNTER_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { GENERATION } from './store-generation.ts'

/**
 * Lua functions about the owners of running requests: `isDead(owner)`, `declareDead(owner)` and
 * `lives(owner)`, which declares an owner dead that has no sign of life.
 *
 * An owner is a process until it is declared dead; the process then continues as another owner. The
 * last signs of life are one sorted set (`<prefix>:nodes`), scored by Redis' time. A script that
 * finds a running request lost declares its owner dead (`<prefix>:dead:<owner>`), so that no step of
 * the request runs afterwards.
 */
export const NODES = `
local nodes = P .. ':nodes'

local function isDead(owner) return redis.call('EXISTS', P .. ':dead:' .. owner) == 1 end

local function declareDead(owner)
  redis.call('SET', P .. ':dead:' .. owner, '1', 'PX', ${COUNTER_MS})
  redis.call('ZREM', nodes, owner)
end

local function lives(owner)
  if redis.call('ZSCORE', nodes, owner) then return true end
  declareDead(owner)
  return false
end
`

/**
 * Stores a sign of life of an owner, and returns those of all: `owner, leaseMs` → `id, ageMs, state,
 * (owner, sign)…`, where the state is `alive` or `dead`. The signs of an owner differ.
 */
export const BEAT = script(`${GENERATION}${NODES}
local id, age = generation()
local owner, lease = ARGV[6], ARGV[7]
if isDead(owner) then return {id, int(age), 'dead'} end
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', int(now - lease))
redis.call('ZADD', nodes, int(now), owner)
redis.call('PEXPIRE', nodes, lease)
return {id, int(age), 'alive', unpack(redis.call('ZRANGE', nodes, 0, -1, 'WITHSCORES'))}
`)

/** Declares an owner dead unless it has given another sign of life: `owner, sign` → nothing. */
export const DECLARE_DEAD = script(`${GENERATION}${NODES}
if redis.call('ZSCORE', nodes, ARGV[6]) == ARGV[7] then declareDead(ARGV[6]) end
return ''
`)
