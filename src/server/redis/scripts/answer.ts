import { COUNTER_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { NODES } from './nodes.ts'
import { ACCOUNT } from './reply-account.ts'
import { GENERATION } from './store-generation.ts'

/**
 * Looks a request up, and marks an unknown one as started: `generation, key, digest, node, mark,
 * owner, rerun, userRequests, totalRequests` → `fresh`, also if the mark is its own; `started, owner`;
 * `conflict`, `answered, record`; `lost`, also if the result was dropped; `full` if it is unknown and
 * too many are remembered; or `generation, id, ageMs` if it is unknown, and the store has another
 * generation than the given one. An empty generation is not compared: the request was not started
 * before.
 *
 * Returns `dead` if the given owner was declared dead. A request whose owner is dead is `fresh` if
 * `rerun` is 1, otherwise `lost`.
 */
export const BEGIN = script(`${GENERATION}${NODES}${ACCOUNT}
local id, age = generation()
local key, digest, node, mark = P .. ':answer:' .. ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local owner, rerun = ARGV[11], ARGV[12] == '1'
if isDead(owner) then return {'dead'} end

local function take()
  redis.call('HSET', key, 'digest', digest, 'owner', owner, 'mark', mark)
  redis.call('PEXPIRE', key, ${COUNTER_MS})
  -- Redis may have lost the sign of life.
  redis.call('ZADD', nodes, 'NX', int(now), owner)
  return {'fresh'}
end

local known = redis.call('HMGET', key, 'digest', 'owner', 'record', 'waiting', 'mark')
if not known[1] then
  if ARGV[6] ~= '' and ARGV[6] ~= id then return {'generation', id, int(age)} end
  local sender = string.match(ARGV[7], '^[^\\t]*')
  if account(sender) >= tonumber(ARGV[13]) or account('') >= tonumber(ARGV[14]) then return {'full'} end
  return take()
end
if known[1] ~= digest then return {'conflict'} end
if known[3] then return {'answered', known[3]} end
if not known[2] then return {'lost'} end
if known[5] == mark then return take() end
if known[2] ~= owner then
  if not lives(known[2]) then return rerun and take() or {'lost'} end
  local waiting = known[4] or ''
  if not string.find(waiting, node, 1, true) then
    redis.call('HSET', key, 'waiting', waiting .. node .. ' ')
  end
end
return {'started', known[2]}
`)

/** Returns the state of a started request: `key` → `started, owner`, `lost`, or `answered, record`. */
export const PEEK = script(`${GENERATION}${NODES}
local known = redis.call('HMGET', P .. ':answer:' .. ARGV[6], 'owner', 'record')
if known[2] then return {'answered', known[2]} end
if known[1] and lives(known[1]) then return {'started', known[1]} end
return {'lost'}
`)
