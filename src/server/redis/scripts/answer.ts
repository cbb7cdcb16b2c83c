import { COUNTER_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { GENERATION } from './store-generation.ts'

/**
 * Looks a request up, and marks an unknown one as started: `generation, key, digest, node` →
 * `fresh`, `started`, `conflict`, `lost`, `answered, record`, or `era, id, ageMs` if the store has
 * another generation than the node expects.
 */
export const BEGIN = script(`${GENERATION}
local id, age = generation()
if id ~= ARGV[3] then return {'era', id, int(age)} end
local key, digest, node = P .. ':answer:' .. ARGV[4], ARGV[5], ARGV[6]
local known = redis.call('HMGET', key, 'digest', 'owner', 'record', 'waiting')
if not known[1] then
  redis.call('HSET', key, 'digest', digest, 'owner', node)
  redis.call('PEXPIRE', key, ${COUNTER_MS})
  return {'fresh'}
end
if known[1] ~= digest then return {'conflict'} end
if known[3] then return {'answered', known[3]} end
if known[2] == node then return {'started'} end
if redis.call('EXISTS', P .. ':node:' .. known[2]) == 0 then return {'lost'} end
local waiting = known[4] or ''
if not string.find(waiting, node, 1, true) then
  redis.call('HSET', key, 'waiting', waiting .. node .. ' ')
end
return {'started'}
`)

/** Returns the state of a started request: `key` → `started`, `lost`, or `answered, record`. */
export const PEEK = script(`${GENERATION}
local known = redis.call('HMGET', P .. ':answer:' .. ARGV[3], 'owner', 'record')
if known[2] then return {'answered', known[2]} end
if known[1] and redis.call('EXISTS', P .. ':node:' .. known[1]) == 1 then return {'started'} end
return {'lost'}
`)
