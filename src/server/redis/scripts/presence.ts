import { COUNTER_MS } from '../../broker/broker.ts'
import { DEVICE_BYTES } from '../../broker/presence-limits.ts'
import { script } from '../connection/script-runner.ts'
import { CHANNEL } from './channel.ts'

/*
 * The members at a resource are two hashes, so that a change of one device reads and writes no meta
 * of another: `<prefix>:members:<memory>:<resource>` has a field per user, with the order of joining,
 * the offset of the last event, and the devices in order; `<prefix>:metas:<memory>:<resource>` has the
 * meta of each device that has one, by the JSON of user and device.
 *
 * All leases are one sorted set (`<prefix>:leases:<memory>`), scored by expiry in Redis' time; its
 * members are JSON keys, as a sweep returns them. What a user and a resource hold of their budgets
 * is in `<prefix>:held:<memory>:user:<user>` and `<prefix>:held:<memory>:resource:<resource>`.
 *
 * `<memory>` is the start of the time without data loss. After a loss there is a new one, and the
 * old keys expire unread, because their owners may have changed. A new generation alone keeps it.
 *
 * A member's meta stays JSON text, copied into events as it is: cjson would decode an empty array
 * and encode it as an object.
 */
const KEYS = `
local function members(memory, resource) return P .. ':members:' .. memory .. ':' .. resource end
local function metas(memory, resource) return P .. ':metas:' .. memory .. ':' .. resource end
`

/**
 * Returns the users at a resource, and the newest position of its channel: `resource, channel` →
 * `epoch, offset, (user, record)…, (key of a device, meta)…`.
 */
export const PRESENT = script(`${CHANNEL}${KEYS}
local id, _, memory = generation()
local counterId, count = channel(id, ARGV[7])
return {
  id .. '.' .. counterId, int(count),
  redis.call('HGETALL', members(memory, ARGV[6])), redis.call('HGETALL', metas(memory, ARGV[6])),
}
`)

/**
 * Presence steps of a batch; a name or meta is JSON, or empty. A step that changes a user also
 * publishes the event. `limits` are the four of {@link PresenceLimits}, separated by spaces.
 *
 * - `join, resource, user, device, owner, lastSeen, ttlMs, limits, name, meta` → `1`, or the name of
 *   the limit that refuses it
 * - `update, resource, user, device, owner, lastSeen, ttlMs, limits, meta` → `1`, `0` if the claim
 *   is not held, or the name of the limit
 * - `leave, resource, user, device, owner` → whether the claim was held
 * - `touch, ttlMs, (resource, user, device, owner, lastSeen)…` → `ageMs state…`
 * - `sweep, most` → the keys of the removed members, as JSON
 */
export const MEMBERS = `${KEYS}
local leases = P .. ':leases:' .. memory
-- The lifetimes of keys that this batch has extended, to do so once; without those that were deleted.
local extended = {}

local function extend(key, ms)
  if (extended[key] or -1) >= ms then return end
  if redis.call('PTTL', key) >= ms or redis.call('PEXPIRE', key, int(ms)) == 1 then extended[key] = ms end
end

local function holders(resource, user)
  local held = P .. ':held:' .. memory
  return held .. ':user:' .. user, held .. ':resource:' .. resource
end

local function lease(resource, user, device, ttl)
  redis.call('ZADD', leases, int(now + ttl), cjson.encode({resource, user, device}))
  local ofUser, ofResource = holders(resource, user)
  for _, key in ipairs({leases, members(memory, resource), metas(memory, resource), ofUser, ofResource}) do
    extend(key, ${COUNTER_MS} + ttl)
  end
end

-- Returns the name of the limit that a change leads beyond, if any; else counts the change.
local function hold(resource, user, devices, bytes, limits)
  local ofUser, ofResource = holders(resource, user)
  local most = {}
  for word in string.gmatch(limits, '%S+') do most[#most + 1] = tonumber(word) end
  local name = {'userDevices', 'userBytes', 'resourceDevices', 'resourceBytes'}
  for n = 1, #most do
    local more = n % 2 == 1 and devices or bytes
    local key = n <= 2 and ofUser or ofResource
    local before = more > 0 and redis.call('HGET', key, n % 2 == 1 and 'devices' or 'bytes') or 0
    if more > 0 and tonumber(before or 0) + more > most[n] then return name[n] end
  end
  for _, key in ipairs({ofUser, ofResource}) do
    if redis.call('HINCRBY', key, 'devices', devices) > 0 then redis.call('HINCRBY', key, 'bytes', bytes)
    else redis.call('DEL', key) end
  end
end

local function find(resource, user, device)
  local text = redis.call('HGET', members(memory, resource), user)
  local record = text and cjson.decode(text) or {devices = {}}
  for at, one in ipairs(record.devices) do
    if one.id == device then return record, at, one end
  end
  return record
end

local function save(resource, user, record)
  redis.call('HSET', members(memory, resource), user, cjson.encode(record))
end

local function field(name, json) return json == '' and '' or ',"' .. name .. '":' .. json end

-- Publishes a change of a user, and returns the offset of the event.
local function publish(kind, resource, user, name, seen, change)
  local source = 'presence:' .. resource
  local head = '{"source":' .. cjson.encode(source) .. ',"type":"presence:' .. kind .. '","timestamp":' .. int(now) .. '}'
  local about = '{"id":' .. cjson.encode(user) .. field('name', name) .. field('lastSeen', int(seen)) .. '}'
  local _, offset = append(source, head, '{"user":' .. about .. change .. '}', '0')
  return tonumber(offset)
end

-- Publishes a change of a user who is present after it, and saves the record.
local function changed(resource, user, record, change)
  local newest, seen = record.devices[#record.devices], 0
  for _, one in ipairs(record.devices) do seen = math.max(seen, one.seen) end
  local kind = record.at and 'update' or 'join'
  if record.at then change = change .. field('after', int(record.at)) end
  record.at = publish(kind, resource, user, newest.name, seen, change)
  save(resource, user, record)
end

local function join(resource, user, device, owner, seen, ttl, limits, name, meta)
  local record, at, former = find(resource, user, device)
  local key = cjson.encode({user, device})
  local before = former and redis.call('HGET', metas(memory, resource), key) or ''
  local bytes = ${DEVICE_BYTES} + #user + #device + #name + #meta
  local refused = hold(resource, user, former and 0 or 1, bytes - (former and former.bytes or 0), limits)
  if refused then return refused end
  if not record.came then record.came = redis.call('HINCRBY', P .. ':generation', 'came', 1) end
  seen = math.max(former and former.seen or 0, tonumber(seen))
  record.devices[at or #record.devices + 1] =
    {id = device, owner = owner, seen = seen, name = name, bytes = bytes}
  if meta ~= '' then redis.call('HSET', metas(memory, resource), key, meta)
  elseif redis.call('HDEL', metas(memory, resource), key) == 1 then extended = {} end
  if former and former.name == name and before == meta then save(resource, user, record)
  else
    changed(resource, user, record, ',"device":{"id":' .. cjson.encode(device) .. field('meta', meta)
      .. field('lastSeen', int(seen)) .. '}')
  end
  lease(resource, user, device, tonumber(ttl))
  return '1'
end

local function remove(resource, user, device, record, at)
  local gone = table.remove(record.devices, at)
  extended = {}
  redis.call('ZREM', leases, cjson.encode({resource, user, device}))
  redis.call('HDEL', metas(memory, resource), cjson.encode({user, device}))
  hold(resource, user, -1, -(gone.bytes or 0), '')
  if #record.devices > 0 then changed(resource, user, record, ',"gone":' .. cjson.encode(device))
  else
    redis.call('HDEL', members(memory, resource), user)
    publish('leave', resource, user, gone.name, gone.seen, '')
  end
end

function steps.join(word)
  return join(unpack(word, 2))
end

function steps.update(word)
  local _, _, held = find(word[2], word[3], word[4])
  if not held or held.owner ~= word[5] then return '0' end
  return join(word[2], word[3], word[4], word[5], word[6], word[7], word[8], held.name, word[9])
end

function steps.leave(word)
  local record, at, held = find(word[2], word[3], word[4])
  if not held or held.owner ~= word[5] then return '0' end
  remove(word[2], word[3], word[4], record, at)
  return '1'
end

function steps.touch(word)
  local reply, records = {int(age)}, {}
  for n = 3, #word, 5 do
    local resource, user, device = word[n], word[n + 1], word[n + 2]
    -- A user with many devices is read and written once.
    local key = cjson.encode({resource, user})
    if not records[key] then records[key] = {resource, user, (find(resource, user))} end
    local held
    for _, one in ipairs(records[key][3].devices) do
      if one.id == device then held = one end
    end
    if not held then reply[#reply + 1] = 'gone'
    elseif held.owner ~= word[n + 3] then reply[#reply + 1] = 'taken'
    else
      held.seen = math.max(held.seen, tonumber(word[n + 4]))
      records[key].touched = true
      lease(resource, user, device, tonumber(word[2]))
      reply[#reply + 1] = 'held'
    end
  end
  for _, one in pairs(records) do if one.touched then save(unpack(one)) end end
  return table.concat(reply, ' ')
end

function steps.sweep(word)
  local swept = {}
  -- Timers may fire slightly early; two milliseconds are not worth another sweep.
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', int(now + 2), 'LIMIT', 0, word[2])) do
    local resource, user, device = unpack(cjson.decode(key))
    local record, at = find(resource, user, device)
    if at then
      remove(resource, user, device, record, at)
      swept[#swept + 1] = key
    else
      redis.call('ZREM', leases, key)
    end
  end
  return '[' .. table.concat(swept, ',') .. ']'
end
`
