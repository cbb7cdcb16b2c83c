import { script } from '../connection/script-runner.ts'

/**
 * Common start of every script, with the Lua function `generation()`.
 *
 * A generation of the store is a period without data loss. All epochs begin with its id, so a new
 * generation is a new epoch of every channel, on every node at once. Scripts check it in the same
 * step as their own work.
 *
 * The record of the present generation (`<prefix>:era`) contains the replication id of its Redis.
 * Redis changes that id on every start, with or without data, and when a replica is promoted. If
 * the id differs, or the record is gone, data may be lost, and a new generation starts. A restart
 * without loss is a gap as well, because a script cannot distinguish it from one that lost the last
 * second.
 *
 * `generation()` returns its id, the time without data loss in milliseconds, and the start of that
 * time. {@link RENEW} starts a new generation, but not a new time: no data was lost.
 *
 * Arguments of every script: 1 the prefix of all keys, 2 a new random id; from 3 on its own.
 */
export const GENERATION = `
local P, fresh = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function int(n) return string.format('%.0f', n) end

local function generation()
  local info = redis.call('INFO', 'replication')
  local run = string.match(info, 'master_replid:(%w+)') or '-'
  local known = redis.call('HMGET', P .. ':era', 'run', 'id', 'since')
  if known[1] == run then return known[2], now - known[3], known[3] end
  redis.call('HSET', P .. ':era', 'run', run, 'id', fresh, 'since', int(now))
  redis.call('PUBLISH', P .. ':control', fresh)
  return fresh, 0, int(now)
end
`

/** Renews a node's lease, and returns the generation: `node, leaseMs` → `id, ageMs`. */
export const LEASE = script(`${GENERATION}
local id, age = generation()
redis.call('SET', P .. ':node:' .. ARGV[3], '1', 'PX', ARGV[4])
return {id, int(age)}
`)

/** Starts a new generation if `id` is the present one: `id` → `id, ageMs`. */
export const RENEW = script(`${GENERATION}
local id, age = generation()
if id == ARGV[3] then
  id = fresh
  redis.call('HSET', P .. ':era', 'id', id)
  redis.call('PUBLISH', P .. ':control', id)
end
return {id, int(age)}
`)
