import { COUNTER_MS } from '../../broker/broker.ts'

/**
 * Approximate sizes in Redis, in bytes; measured with Redis 7. A channel with one event takes 4 KiB
 * more than the event, because Redis allocates the part of a stream that grows in advance. Texts
 * of some kB take up to 20 % more than their length.
 */
const CHANNEL_BYTES = 5_000
const EVENT_BYTES = 100
const BYTES_PER_TEXT_BYTE = 1.2

/** Part of a history that is trimmed at a time: searching costs more than adding an event. */
const TRIMMED_PART = 1 / 32

/** Part of the limit of all histories that those of presence may have beside it. */
const PRESENCE_PART = 1 / 4

/** Maximum number of expired histories that one batch drops, so that it does not block Redis. */
const EXPIRED_PER_BATCH = 100

/**
 * Lua functions that add events to streams, and keep these within the limits: `store(name,
 * counterId, offset, head, json)`, and `evict()` at the end of a batch.
 *
 * A stream entry has the fields `at`, its time, and `from`, the bytes of all events before it. A
 * channel's counter has `sum`, the bytes of all its events, and `from` and `oldest`, the two fields
 * of the oldest entry that is left. So the size of a history is `sum - from`, and remains exact
 * whatever is trimmed: the entries to trim are found by their offsets, without reading all of them.
 *
 * The histories of a pool are a sorted set (`<prefix>:histories`), scored by the time of the last
 * event, and their size is a number (`<prefix>:bytes`). The channels of presence are a pool of their
 * own (`<prefix>:presence:…`), so that changes of presence evict no other events.
 */
export const STREAM = `
local keepMs, channelBytes, totalBytes = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local expiredAt = now - keepMs * ${1 + TRIMMED_PART}
-- Channels with new events, and the bytes by which their histories grew, for each pool.
local used, grown = {}, {}

local function grow(pool, bytes) grown[pool] = (grown[pool] or 0) + bytes end

local function entryFrom(stream, counterId, offset)
  local entry = redis.call('XRANGE', stream, counterId .. '-' .. int(offset), '+', 'COUNT', 1)[1]
  return tonumber(string.match(entry[1], '-(%d+)$')), tonumber(entry[2][2]), tonumber(entry[2][4])
end

-- Drops the entries up to a time, and those with less than so many bytes before them, except the
-- newest one. Returns the time of the oldest that is left, and the bytes before it.
local function trim(stream, counterId, newest, upto, least)
  local gone, kept = entryFrom(stream, counterId, 0), newest
  local step, doubling = 1, true
  while kept - gone > 1 do
    local probe = doubling and math.min(gone + step, kept - 1) or math.floor((gone + kept) / 2)
    local offset, at, from = entryFrom(stream, counterId, probe)
    if at > upto and from >= least then
      kept, doubling = probe, false
    else
      gone, step = offset, step * 2
    end
  end
  redis.call('XTRIM', stream, 'MINID', counterId .. '-' .. int(kept))
  local _, oldest, before = entryFrom(stream, counterId, kept)
  return oldest, before
end

local function store(name, counterId, offset, head, json)
  local key, stream = P .. ':channel:' .. name, P .. ':stream:' .. name
  local known = redis.call('HMGET', key, 'sum', 'from', 'oldest')
  local sum, from = tonumber(known[1] or 0), tonumber(known[2] or 0)
  local oldest = sum > from and tonumber(known[3]) or now
  local bytes = ${EVENT_BYTES} + math.ceil(${BYTES_PER_TEXT_BYTE} * (#head + #json))
  redis.call('XADD', stream, counterId .. '-' .. offset,
    'at', int(now), 'from', int(sum), 'head', head, 'json', json)
  redis.call('PEXPIRE', stream, int(now - expiredAt))
  sum = sum + bytes
  local before = from
  if oldest <= expiredAt or sum - from > channelBytes then
    local least = sum - channelBytes * ${1 - TRIMMED_PART}
    oldest, from = trim(stream, counterId, tonumber(offset), now - keepMs, least)
  end
  grow(poolOf(name), bytes + before - from)
  redis.call('HSET', key, 'sum', int(sum), 'from', int(from), 'oldest', int(oldest))
  used[name] = true
end

local function channelBytesOf(name) return ${CHANNEL_BYTES} + 2 * #name end

-- Drops histories that have expired and, above the limit, those whose last event is the oldest; not
-- those of this batch, whose events were not read yet.
local function evictFrom(pool)
  local histories, size = pool .. ':histories', pool .. ':bytes'
  local most = pool == P and totalBytes or totalBytes * ${PRESENCE_PART}
  local total = redis.call('INCRBY', size, int(grown[pool]))
  for dropped = 0, math.huge do
    local name, at = unpack(redis.call('ZRANGE', histories, 0, 0, 'WITHSCORES'))
    at = tonumber(at)
    local expired = at <= expiredAt and dropped < ${EXPIRED_PER_BATCH}
    if at >= now or not (expired or total > most) then break end
    release(name)
    redis.call('ZREM', histories, name)
    total = redis.call('DECRBY', size, channelBytesOf(name))
  end
  redis.call('PEXPIRE', histories, ${COUNTER_MS})
  redis.call('PEXPIRE', size, ${COUNTER_MS})
end

local function evict()
  for name in pairs(used) do
    local pool = poolOf(name)
    if redis.call('ZADD', pool .. ':histories', int(now), name) == 1 then
      grow(pool, channelBytesOf(name))
    end
  end
  for pool in pairs(grown) do evictFrom(pool) end
end
`
