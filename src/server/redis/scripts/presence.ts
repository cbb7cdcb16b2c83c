import { COUNTER_MS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { CHANNEL } from './channel.ts'

/*
 * The members at a resource are a hash (`<prefix>:members:<memory>:<resource>`) with a field per
 * user: the order of joining, and the devices in order. All leases are one sorted set
 * (`<prefix>:leases:<memory>`), scored by expiry in Redis' time; its members are JSON keys, as a
 * sweep returns them.
 *
 * `<memory>` is the start of the time without data loss. After a loss there is a new one, and the
 * old keys expire unread, because their owners may have changed. A new generation alone keeps it.
 *
 * A member's meta stays JSON text, copied into events as it is: cjson would decode an empty array
 * and encode it as an object.
 */
const KEYS = `
local function members(memory, resource) return P .. ':members:' .. memory .. ':' .. resource end
`

/**
 * Returns the users at a resource, and the newest position of its channel: `resource, channel` →
 * `epoch, offset, (user, record)…`.
 */
export const PRESENT = script(`${CHANNEL}${KEYS}
local id, _, memory = generation()
local counterId, count = channel(id, ARGV[7])
return {id .. '.' .. counterId, int(count), redis.call('HGETALL', members(memory, ARGV[6]))}
`)

/**
 * Presence steps of a batch; a name or meta is JSON, or empty. A step that changes a user also
 * publishes the event.
 *
 * - `join, resource, user, device, owner, lastSeen, ttlMs, name, meta` → nothing
 * - `update, resource, user, device, owner, lastSeen, ttlMs, meta` → whether the claim was held
 * - `leave, resource, user, device, owner` → whether the claim was held
 * - `touch, ttlMs, (resource, user, device, owner, lastSeen)…` → `ageMs state…`
 * - `sweep, most` → the keys of the removed members, as JSON
 */
export const MEMBERS = `${KEYS}
local leases = P .. ':leases:' .. memory

local function extend(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, int(ms)) end
end

local function lease(resource, user, device, ttl)
  redis.call('ZADD', leases, int(now + ttl), cjson.encode({resource, user, device}))
  extend(leases, ${COUNTER_MS} + ttl)
  extend(members(memory, resource), ${COUNTER_MS} + ttl)
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

local function publish(kind, resource, user, devices, newest)
  local list, seen = {}, newest.seen
  for at, one in ipairs(devices) do
    seen = math.max(seen, one.seen)
    list[at] = '{"id":' .. cjson.encode(one.id) .. field('meta', one.meta) .. field('lastSeen', int(one.seen)) .. '}'
  end
  local about = '"id":' .. cjson.encode(user) .. field('name', newest.name) .. field('lastSeen', int(seen))
    .. field('meta', newest.meta) .. ',"devices":[' .. table.concat(list, ',') .. ']'
  local source = 'presence:' .. resource
  local head = '{"source":' .. cjson.encode(source) .. ',"type":"presence:' .. kind .. '","timestamp":' .. int(now) .. '}'
  append(source, head, '{"user":{' .. about .. '}}', '0')
end

local function join(resource, user, device, owner, seen, ttl, name, meta)
  local record, at, former = find(resource, user, device)
  local came = not record.came
  if came then record.came = redis.call('HINCRBY', P .. ':era', 'came', 1) end
  seen = math.max(former and former.seen or 0, tonumber(seen))
  record.devices[at or #record.devices + 1] =
    {id = device, owner = owner, seen = seen, name = name, meta = meta}
  save(resource, user, record)
  lease(resource, user, device, tonumber(ttl))
  if former and former.name == name and former.meta == meta then return end
  publish(came and 'join' or 'update', resource, user, record.devices, record.devices[#record.devices])
end

local function remove(resource, user, device, record, at)
  local gone = table.remove(record.devices, at)
  redis.call('ZREM', leases, cjson.encode({resource, user, device}))
  if #record.devices > 0 then
    save(resource, user, record)
    publish('update', resource, user, record.devices, record.devices[#record.devices])
  else
    redis.call('HDEL', members(memory, resource), user)
    publish('leave', resource, user, {}, {name = gone.name, seen = gone.seen, meta = ''})
  end
end

function steps.join(word)
  join(unpack(word, 2))
  return ''
end

function steps.update(word)
  local _, _, held = find(word[2], word[3], word[4])
  if not held or held.owner ~= word[5] then return '0' end
  join(word[2], word[3], word[4], word[5], word[6], word[7], held.name, word[8])
  return '1'
end

function steps.leave(word)
  local record, at, held = find(word[2], word[3], word[4])
  if not held or held.owner ~= word[5] then return '0' end
  remove(word[2], word[3], word[4], record, at)
  return '1'
end

function steps.touch(word)
  local reply = {int(age)}
  for n = 3, #word, 5 do
    local resource, user, device = word[n], word[n + 1], word[n + 2]
    local record, _, held = find(resource, user, device)
    if not held then reply[#reply + 1] = 'gone'
    elseif held.owner ~= word[n + 3] then reply[#reply + 1] = 'taken'
    else
      held.seen = math.max(held.seen, tonumber(word[n + 4]))
      save(resource, user, record)
      lease(resource, user, device, tonumber(word[2]))
      reply[#reply + 1] = 'held'
    end
  end
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
