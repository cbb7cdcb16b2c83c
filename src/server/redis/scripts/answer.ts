import { COUNTER_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { GENERATION } from './store-generation.ts'

/**
 * Looks a request up, and marks an unknown one as started: `generation, key, digest, node, mark` →
 * `fresh`, also if the mark is its own; `started`, `conflict`, `lost`, `answered, record`; or
 * `era, id, ageMs` if it is unknown, and the store has another generation than the given one. An
 * empty generation is not compared: the request was not started before.
 */
export const BEGIN = script(`${GENERATION}
local id, age = generation()
local key, digest, node, mark = P .. ':answer:' .. ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local known = redis.call('HMGET', key, 'digest', 'owner', 'record', 'waiting', 'mark')
if not known[1] then
  if ARGV[6] ~= '' and ARGV[6] ~= id then return {'era', id, int(age)} end
  redis.call('HSET', key, 'digest', digest, 'owner', node, 'mark', mark)
  redis.call('PEXPIRE', key, ${COUNTER_MS})
  return {'fresh'}
end
if known[1] ~= digest then return {'conflict'} end
if known[3] then return {'answered', known[3]} end
if known[5] == mark then return {'fresh'} end
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
local known = redis.call('HMGET', P .. ':answer:' .. ARGV[6], 'owner', 'record')
if known[2] then return {'answered', known[2]} end
if known[1] and redis.call('EXISTS', P .. ':node:' .. known[1]) == 1 then return {'started'} end
return {'lost'}
`)
