import { presenceChannel } from '../../../protocol/channel-name.ts'
import { COUNTER_MS } from '../../broker/broker.ts'
import { GENERATION } from './store-generation.ts'

/** Lifetime of a counter at 0 after its last use, in milliseconds. */
const BLANK_MS = 5 * 60_000

/**
 * Lua functions. `channel(generation, name)` returns a channel's counter id and its offset, and
 * creates the counter if needed. `release(name)` deletes a channel's stream, and subtracts its size
 * from that of its pool (see `stream.ts`). `poolOf(name)` returns the prefix of the pool's keys:
 * the channels of presence are a pool of their own.
 *
 * A channel is a counter (`<prefix>:channel:<name>`) and, with streams, a stream
 * (`<prefix>:stream:<name>`). Its epoch is `<generation>.<counter id>`, and the id of a stream
 * entry is `<counter id>-<offset>`, so that XRANGE by offset is exact. Counter ids are timestamps
 * in milliseconds, incremented on a collision: entries of a new counter have higher ids than all
 * before, so a reader at an old position receives them, and detects the other counter id.
 *
 * A counter at 0 is kept for 5 minutes; nodes that follow the channel renew it.
 */
export const CHANNEL = `${GENERATION}
local function poolOf(name)
  return string.find(name, '${presenceChannel('')}', 1, true) == 1 and P .. ':presence' or P
end

local function release(name)
  local key = P .. ':channel:' .. name
  local known = redis.call('HMGET', key, 'sum', 'from')
  redis.call('UNLINK', P .. ':stream:' .. name)
  if not known[1] or known[1] == known[2] then return end
  redis.call('HSET', key, 'from', known[1])
  redis.call('DECRBY', poolOf(name) .. ':bytes', int(known[1] - known[2]))
end

local function channel(id, name)
  local key = P .. ':channel:' .. name
  local known = redis.call('HMGET', key, 'generation', 'counter', 'count')
  if known[1] == id then
    local count = tonumber(known[3])
    redis.call('PEXPIRE', key, count > 0 and ${COUNTER_MS} or ${BLANK_MS})
    return known[2], count
  end
  local last = tonumber(redis.call('HGET', P .. ':generation', 'counter') or '0')
  local counterId = int(math.max(now, last + 1))
  redis.call('HSET', P .. ':generation', 'counter', counterId)
  release(name)
  redis.call('HSET', key, 'generation', id, 'counter', counterId, 'count', '0')
  redis.call('PEXPIRE', key, ${BLANK_MS})
  return counterId, 0
end
`
