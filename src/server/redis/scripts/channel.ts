import { COUNTER_MS, HISTORY_MS } from '../../broker/broker.ts'
import { ERA } from './store-generation.ts'

/*
 * A channel is a counter (`<prefix>:channel:<name>`) and, with streams, a stream
 * (`<prefix>:stream:<name>`). Its epoch is `<era>.<birth>`, and the id of an entry `<birth>-<offset>`:
 * XRANGE by offset is exact, and whatever happens after a counter was lost has a higher id than all
 * before, so that a reader at an old place gets it and sees that it is of another birth. Births are
 * milliseconds, raised where two fall into one.
 *
 * A counter that has counted nothing yet is kept as long as an event would be; nodes that follow the
 * channel ask for it in time.
 */
export const CHANNEL = `${ERA}
local function channel(id, name)
  local key = P .. ':channel:' .. name
  local known = redis.call('HMGET', key, 'era', 'birth', 'count')
  if known[1] == id then
    local count = tonumber(known[3])
    redis.call('PEXPIRE', key, count > 0 and ${COUNTER_MS} or ${HISTORY_MS})
    return known[2], count
  end
  local last = tonumber(redis.call('HGET', P .. ':era', 'birth') or '0')
  local birth = int(math.max(now, last + 1))
  redis.call('HSET', P .. ':era', 'birth', birth)
  redis.call('DEL', P .. ':stream:' .. name)
  redis.call('HSET', key, 'era', id, 'birth', birth, 'count', '0')
  redis.call('PEXPIRE', key, ${HISTORY_MS})
  return birth, 0
end
`
