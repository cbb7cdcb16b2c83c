import { COUNTER_MS, HISTORY_EVENTS, HISTORY_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { CHANNEL } from './channel.ts'
import { MEMBERS } from './presence.ts'

/**
 * Carries out a node's next batch, once: `node, number, strategy, (step)…` → a line for every step.
 * Asked again for its last batch it gives the same answer, and for one before that none: nobody waits
 * for it.
 *
 * A step is the number of its words, and these:
 *
 * - `append, head, json, serial, key, keepMs, name…` → the places, as `epoch offset …`
 * - `settle, key, record, keepMs` → nothing
 * - those of `presence-scripts.ts`
 */
export const BATCH = script(`${CHANNEL}
local node, number, strategy = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local id, age, memory = era()
local last = redis.call('HMGET', P .. ':batch:' .. node, 'number', 'reply')
if last[1] and tonumber(last[1]) >= number then
  return tonumber(last[1]) == number and last[2] or ''
end
-- The first write is one that a Redis without room refuses: what is begun is finished.
redis.call('HSET', P .. ':batch:' .. node, 'number', int(number), 'reply', '')

local steps = {}

local function settle(key, record, keep)
  local answer = P .. ':answer:' .. key
  local known = redis.call('HMGET', answer, 'digest', 'waiting')
  if not known[1] then return end
  if tonumber(keep) > 0 then
    redis.call('HSET', answer, 'record', record)
    redis.call('HDEL', answer, 'owner', 'waiting')
    redis.call('PEXPIRE', answer, keep)
  else
    redis.call('DEL', answer)
  end
  for waiting in string.gmatch(known[2] or '', '%S+') do
    redis.call('PUBLISH', P .. ':node:' .. waiting, key .. '\\n' .. record)
  end
end

function steps.settle(word)
  settle(word[2], word[3], word[4])
  return ''
end

local function trim(stream, birth)
  local upto
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 2)) do
    if tonumber(entry[2][2]) > now - ${HISTORY_MS} then break end
    upto = tonumber(string.match(entry[1], '-(%d+)$'))
  end
  if upto then redis.call('XTRIM', stream, 'MINID', birth .. '-' .. int(upto + 1)) end
end

local function append(name, head, json, serial)
  local birth, count = channel(id, name)
  local key, epoch, offset = P .. ':channel:' .. name, id .. '.' .. birth, int(count + 1)
  redis.call('HSET', key, 'count', offset)
  redis.call('PEXPIRE', key, ${COUNTER_MS})
  if strategy == 'streams' then
    local stream = P .. ':stream:' .. name
    redis.call('XADD', stream, 'MAXLEN', ${HISTORY_EVENTS}, birth .. '-' .. offset,
      'at', int(now), 'head', head, 'json', json)
    redis.call('PEXPIRE', stream, ${HISTORY_MS})
    trim(stream, birth)
  else
    local place = epoch .. ' ' .. offset .. ' ' .. node .. ' ' .. serial
    redis.call('PUBLISH', P .. ':events:' .. name, place .. ' ' .. head .. '\\n' .. json)
  end
  return epoch, offset
end

function steps.append(word)
  local places = {}
  for n = 7, #word do
    local epoch, offset = append(word[n], word[2], word[3], word[4])
    places[#places + 1] = epoch .. ' ' .. offset
    if n == 7 and word[5] ~= '' then
      local at = {channel = word[n], epoch = epoch, offset = tonumber(offset)}
      settle(word[5], cjson.encode({at = {at}}), word[6])
    end
  end
  return table.concat(places, ' ')
end
${MEMBERS}
local reply, i = {}, 6
while i <= #ARGV do
  local word = {}
  for n = 1, tonumber(ARGV[i]) do word[n] = ARGV[i + n] end
  reply[#reply + 1] = steps[word[1]](word)
  i = i + 1 + #word
end
reply = table.concat(reply, '\\n')
redis.call('HSET', P .. ':batch:' .. node, 'reply', reply)
redis.call('PEXPIRE', P .. ':batch:' .. node, ${COUNTER_MS})
return reply
`)
