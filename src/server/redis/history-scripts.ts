import { COUNTER_MS, HISTORY_EVENTS, HISTORY_MS } from '../history-bounds.ts'
import { ERA } from './era-script.ts'
import { script } from './script-runner.ts'

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
const CHANNEL = `${ERA}
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

/** Where channels stand; from here on they are known: `name…` → `era, ageMs, (epoch, offset)…`. */
export const HEADS = script(`${CHANNEL}
local id, age = era()
local reply = {id, int(age)}
for i = 3, #ARGV do
  local birth, count = channel(id, ARGV[i])
  reply[#reply + 1] = id .. '.' .. birth
  reply[#reply + 1] = int(count)
end
return reply
`)

/**
 * What happened after a place: `name, epoch, offset` → `epoch, offset, entries`, without entries where
 * they are not complete.
 */
export const SINCE = script(`${CHANNEL}
local id = era()
local birth, count = channel(id, ARGV[3])
local epoch, from = id .. '.' .. birth, tonumber(ARGV[5])
local missed = count - from
if ARGV[4] ~= epoch or missed < 0 or missed > ${HISTORY_EVENTS} then return {epoch, int(count)} end
if missed == 0 then return {epoch, int(count), {}} end
local entries = redis.call('XRANGE', P .. ':stream:' .. ARGV[3], birth .. '-' .. int(from + 1), '+')
if #entries ~= missed then return {epoch, int(count)} end
return {epoch, int(count), entries}
`)

/**
 * Carries out a node's next batch, once: `node, number, strategy, (step)…` → the places, as
 * `epoch offset …`. Asked again for its last batch it gives the same answer, and for one before that
 * none: nobody waits for it.
 *
 * A step is `append, head, json, serial, key, keepMs, count, name…` or `settle, key, record, keepMs`.
 */
export const BATCH = script(`${CHANNEL}
local node, number, strategy = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local id = era()
local memory = P .. ':batch:' .. node
local last = redis.call('HMGET', memory, 'number', 'reply')
if last[1] and tonumber(last[1]) >= number then
  return tonumber(last[1]) == number and last[2] or ''
end
-- The first write is one that a Redis without room refuses: what is begun is finished.
redis.call('HSET', memory, 'number', int(number), 'reply', '')

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

local reply, i = {}, 6
while i <= #ARGV do
  if ARGV[i] == 'settle' then
    settle(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    i = i + 4
  else
    local head, json, serial, key, keep = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
    local names = i + 7
    i = names + tonumber(ARGV[i + 6])
    for n = names, i - 1 do
      local epoch, offset = append(ARGV[n], head, json, serial)
      reply[#reply + 1] = epoch .. ' ' .. offset
      if n == names and key ~= '' then
        local at = {channel = ARGV[n], epoch = epoch, offset = tonumber(offset)}
        settle(key, cjson.encode({at = {at}}), keep)
      end
    end
  end
end
reply = table.concat(reply, ' ')
redis.call('HSET', memory, 'reply', reply)
redis.call('PEXPIRE', memory, ${COUNTER_MS})
return reply
`)

/** Ends a node's blocking read: `node`. */
export const WAKE = script(`${ERA}
local key = P .. ':wake:' .. ARGV[3]
redis.call('XADD', key, 'MAXLEN', 1, '*', 'wake', '1')
redis.call('PEXPIRE', key, 60000)
return 1
`)
