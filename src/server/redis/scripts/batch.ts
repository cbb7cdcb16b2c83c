import { COUNTER_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { CHANNEL } from './channel.ts'
import { NODES } from './nodes.ts'
import { MEMBERS } from './presence.ts'
import { REPLY_MEMORY } from './reply-memory.ts'
import { STREAM } from './stream.ts'

/**
 * Runs a node's next batch, once: `node, number, strategy, keepMs, channelBytes, totalBytes,
 * userBytes, totalRecordBytes, (step)…` → the replication id of Redis, and one line per step. A
 * repeated last batch gets the same reply without running again; an older one gets an empty reply.
 *
 * A step is the number of its words, followed by the words:
 *
 * - `append, head, json, serial, key, keepMs, name…` → the positions, as `epoch offset …`
 * - `finish, key, record, keepMs` → nothing
 * - `within, owner, key, once, (word)…` → the reply to the step of these words, which is part of a
 *   request; `lost` without running it if the owner of the request was declared dead. Of the steps
 *   with one `once` only the first runs, also if the request is run again; it is empty for no limit.
 * - the steps of {@link MEMBERS}
 */
export const BATCH = script(`${CHANNEL}${NODES}${STREAM}${REPLY_MEMORY}
local node, number, strategy = ARGV[6], tonumber(ARGV[7]), ARGV[8]
local id, age, memory, run = generation()
local last = redis.call('HMGET', P .. ':batch:' .. node, 'number', 'reply')
if last[1] and tonumber(last[1]) >= number then
  return tonumber(last[1]) == number and last[2] or ''
end
-- Redis checks its memory limit only before the first write of a script. So either this write is
-- refused, or the whole batch runs.
redis.call('HSET', P .. ':batch:' .. node, 'number', int(number), 'reply', '')

local steps = {}

local function finish(key, record, keep)
  local answer = P .. ':answer:' .. key
  local known = redis.call('HMGET', answer, 'digest', 'waiting', 'owner')
  -- Without an owner it has ended before.
  if not known[3] then return end
  if tonumber(keep) > 0 then
    remember(key, known[1], record, tonumber(keep))
  else
    redis.call('DEL', answer)
  end
  redis.call('DEL', P .. ':published:' .. key)
  for waiting in string.gmatch(known[2] or '', '%S+') do
    redis.call('PUBLISH', C .. ':node:' .. waiting, key .. '\\n' .. record)
  end
end

function steps.finish(word)
  finish(word[2], word[3], word[4])
  return ''
end

local function append(name, head, json, serial)
  local counterId, count = channel(id, name)
  local key, epoch, offset = P .. ':channel:' .. name, id .. '.' .. counterId, int(count + 1)
  redis.call('HSET', key, 'count', offset)
  redis.call('PEXPIRE', key, ${COUNTER_MS})
  if strategy == 'streams' then
    store(name, counterId, offset, head, json)
  else
    local meta = epoch .. ' ' .. offset .. ' ' .. node .. ' ' .. serial
    redis.call('PUBLISH', C .. ':events:' .. name, meta .. ' ' .. head .. '\\n' .. json)
  end
  return epoch, offset
end

function steps.append(word)
  local positions = {}
  for n = 7, #word do
    local epoch, offset = append(word[n], word[2], word[3], word[4])
    positions[#positions + 1] = epoch .. ' ' .. offset
    if n == 7 and word[5] ~= '' then
      local at = {channel = word[n], epoch = epoch, offset = tonumber(offset)}
      finish(word[5], cjson.encode({at = {at}}), word[6])
    end
  end
  return table.concat(positions, ' ')
end

function steps.within(word)
  local owner, published, once = word[2], P .. ':published:' .. word[3], word[4]
  if isDead(owner) then return 'lost' end
  local known = once ~= '' and redis.call('HGET', published, once)
  if known then return known end
  local reply = steps[word[5]]({unpack(word, 5)})
  if once ~= '' then
    redis.call('HSET', published, once, reply)
    redis.call('PEXPIRE', published, ${COUNTER_MS})
  end
  return reply
end
${MEMBERS}
local reply, i = {run}, 14
while i <= #ARGV do
  local word = {}
  for n = 1, tonumber(ARGV[i]) do word[n] = ARGV[i + n] end
  reply[#reply + 1] = steps[word[1]](word)
  i = i + 1 + #word
end
evict()
bound()
reply = table.concat(reply, '\\n')
redis.call('HSET', P .. ':batch:' .. node, 'reply', reply)
redis.call('PEXPIRE', P .. ':batch:' .. node, ${COUNTER_MS})
return reply
`)
