import { script } from '../connection/script-runner.ts'

/**
 * Common start of every script, with the Lua function `generation()`.
 *
 * A generation of the store is a period without data loss. All epochs begin with its id, so a new
 * generation is a new epoch of every channel, on every node at once. Scripts check it in the same
 * step as their own work.
 *
 * The record of the present generation (`<prefix>:generation`) contains the replication id of its
 * Redis. Redis changes that id on every start, with or without data, and when a replica is promoted.
 * If the id differs, or the record is gone, data may be lost, and a new generation starts. A restart
 * without loss is a gap as well, because a script cannot distinguish it from one that lost the last
 * second.
 *
 * During a failover two masters may accept writes: those of the one that is demoted are lost. A
 * node whose last batch was confirmed by another Redis, and was sent after the present generation
 * began, comes from such a master, and starts a new generation: its events are a gap for all.
 *
 * `generation()` returns its id, the time without data loss in milliseconds, the start of that
 * time, and the replication id. {@link RENEW} starts a new generation, but not a new time: no data
 * was lost.
 *
 * Arguments of every script: 1 the prefix of all keys, 2 the prefix of all pub/sub channels, 3 a
 * new random id, 4 the replication id of the Redis that confirmed the node's last batch, or empty,
 * 5 the time since that batch was sent, in milliseconds; from 6 on its own.
 */
export const GENERATION = `
local P, C, fresh, confirmer, confirmedAgo = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function int(n) return string.format('%.0f', n) end

local function generation()
  local info = redis.call('INFO', 'replication')
  local run = string.match(info, 'master_replid:(%w+)') or '-'
  local known = redis.call('HMGET', P .. ':generation', 'run', 'id', 'since', 'began')
  local abandoned = confirmer ~= '' and confirmer ~= run
  if known[1] == run and not (abandoned and now - confirmedAgo > tonumber(known[4])) then
    return known[2], now - known[3], known[3], run
  end
  redis.call('HSET', P .. ':generation', 'run', run, 'id', fresh, 'since', int(now), 'began', int(now))
  redis.call('PUBLISH', C .. ':control', fresh)
  return fresh, 0, int(now), run
end
`

/** Starts a new generation if `id` is the present one: `id` → `id, ageMs`. */
export const RENEW = script(`${GENERATION}
local id, age = generation()
if id == ARGV[6] then
  id = fresh
  redis.call('HSET', P .. ':generation', 'id', id, 'began', int(now))
  redis.call('PUBLISH', C .. ':control', id)
end
return {id, int(age)}
`)
