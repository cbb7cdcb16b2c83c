import { COUNTER_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { GENERATION } from './store-generation.ts'

/**
 * Takes tokens from buckets: `(key, count, perSecond, burst, debt)…` → the wait of each, in
 * milliseconds; 0 if the tokens were taken. With the debt 1 they always are, and the wait is the time
 * until the bucket has a token. A bucket (`<prefix>:rate:<key>`) stores the time at which it is full,
 * and expires then.
 */
export const TAKE = script(`${GENERATION}
-- With fractions of a millisecond: refilling one token may take less than one.
local at = clock[1] * 1000 + clock[2] / 1000
local waits = {}
for i = 6, #ARGV, 5 do
  local key, count = P .. ':rate:' .. ARGV[i], tonumber(ARGV[i + 1])
  local perMs, burst = tonumber(ARGV[i + 2]) / 1000, tonumber(ARGV[i + 3])
  local full = math.max(tonumber(redis.call('GET', key) or '0'), at)
  local debt, free = ARGV[i + 4] == '1', burst - (full - at) * perMs
  local missing = math.min(math.max(count, 1), burst) - free
  local taken = debt or missing <= 0
  if debt then missing = math.min(1, burst) - (free - count) end
  waits[#waits + 1] = missing > 0 and int(math.ceil(missing / perMs)) or '0'
  if taken then
    local ms = math.min(full - at + count / perMs, ${COUNTER_MS})
    if count > 0 then redis.call('SET', key, string.format('%.3f', at + ms), 'PX', int(math.ceil(ms))) end
  end
end
return table.concat(waits, ' ')
`)
