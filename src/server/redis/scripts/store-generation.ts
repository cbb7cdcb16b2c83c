import { script } from '../connection/script-runner.ts'

/*
 * An era is a time in which nothing was lost. All epochs begin with its id, so that a new one is a new
 * epoch of every channel, for every node at once; it is checked at the head of every script, and so in
 * the same step as what the script does.
 *
 * The record of the present era (`<prefix>:era`) names the replication id of the Redis it was written
 * in. Redis draws another one whenever it starts, with or without its data, and whenever a replica is
 * promoted: where it is another than that of the record, or the record is gone, it cannot be shown that
 * this is what Redis held before, and a new era begins. A restart that loses nothing costs a gap, too:
 * from within Redis it cannot be told from one that lost the last second.
 *
 * `era()` gives its id, since how many milliseconds nothing was lost, and when that began: eras that were
 * ended because something was not told have the beginning of the one before.
 *
 * Arguments of every script: 1 the prefix of all keys, 2 a fresh random id; its own begin at 3.
 */
export const ERA = `
local P, fresh = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function int(n) return string.format('%.0f', n) end

local function era()
  local info = redis.call('INFO', 'replication')
  local run = string.match(info, 'master_replid:(%w+)') or '-'
  local known = redis.call('HMGET', P .. ':era', 'run', 'id', 'since')
  if known[1] == run then return known[2], now - known[3], known[3] end
  redis.call('HSET', P .. ':era', 'run', run, 'id', fresh, 'since', int(now))
  redis.call('PUBLISH', P .. ':control', fresh)
  return fresh, 0, int(now)
end
`

/** A node lives, and wants to know of the era: `node, leaseMs` → `id, ageMs`. */
export const LEASE = script(`${ERA}
local id, age = era()
redis.call('SET', P .. ':node:' .. ARGV[3], '1', 'PX', ARGV[4])
return {id, int(age)}
`)

/** Something was not told to everybody, so the era that it happened in is over: `id` → `id, ageMs`. */
export const RENEW = script(`${ERA}
local id, age = era()
if id == ARGV[3] then
  id = fresh
  redis.call('HSET', P .. ':era', 'id', id)
  redis.call('PUBLISH', P .. ':control', id)
end
return {id, int(age)}
`)
