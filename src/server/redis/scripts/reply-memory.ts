import { ACCOUNT } from './reply-account.ts'

/** Approximate size of a result in Redis beside the text and the key, in bytes; measured. */
const REPLY_BYTES = 600

/** Number of parts of the lifetime of a result: what has expired is counted for one part longer. */
const PARTS = 16

/**
 * Lua functions that store the results of requests: `remember(key, digest, record, keepMs)`, and
 * `bound()` at the end of a batch, which drops the oldest results above the limits. A dropped
 * result leaves its digest.
 *
 * The results of a sender are a list (`<prefix>:results:<sender>`) of `<time> <expiry> <bytes> <key>`,
 * oldest first, with the time in microseconds. The senders are a sorted set (`<prefix>:results`),
 * scored by the time of their oldest one.
 */
export const REPLY_MEMORY = `${ACCOUNT}
local userBytes, totalRecordBytes = tonumber(ARGV[12]), tonumber(ARGV[13])
local senders = P .. ':results'
-- What to add to the accounts at the end of the batch.
local charges = {}

local function resultsOf(sender) return senders .. ':' .. sender end

local function charge(sender, expiry, requests, bytes)
  for _, whose in ipairs({sender, ''}) do
    local of = expiry .. ' ' .. whose
    charges[of] = charges[of] or {whose = whose, expiry = expiry, requests = 0, bytes = 0}
    charges[of].requests = charges[of].requests + requests
    charges[of].bytes = charges[of].bytes + bytes
  end
end

local function keepUntil(key, expiry)
  if redis.call('PTTL', key) < expiry - now then redis.call('PEXPIREAT', key, expiry) end
end

-- Adds the charges to an account. Returns the bytes of all its results, and whether none of them
-- has expired at that time so far.
local function apply(sums)
  local key, expiry = accountKey(sums.whose), sums.expiry
  local requests, bytes, coming = account(sums.whose)
  local part = redis.call('HMGET', key, 'requests:' .. expiry, 'bytes:' .. expiry)
  bytes = bytes + sums.bytes
  redis.call('HSET', key,
    'requests', int(requests + sums.requests), 'requests:' .. expiry, int((part[1] or 0) + sums.requests),
    'bytes', int(bytes), 'bytes:' .. expiry, int((part[2] or 0) + sums.bytes))
  if part[1] then return bytes, false end
  if tonumber(expiry) < coming then redis.call('HSET', key, 'next', expiry) end
  keepUntil(key, expiry)
  return bytes, true
end

local function write(key, expiry, ...)
  local answer = P .. ':answer:' .. key
  -- A hash that had a long field takes more memory, also without that.
  redis.call('DEL', answer)
  redis.call('HSET', answer, ...)
  redis.call('PEXPIREAT', answer, expiry)
end

local function remember(key, digest, record, keep)
  local sender, part = string.match(key, '^[^\\t]*'), math.max(1, math.floor(keep / ${PARTS}))
  local expiry = int(math.ceil((now + keep) / part) * part)
  local bytes = ${REPLY_BYTES} + #key + #record
  if bytes > math.min(userBytes, totalRecordBytes) then
    charge(sender, expiry, 1, 0)
    return write(key, int(now + keep), 'digest', digest)
  end
  write(key, int(now + keep), 'digest', digest, 'record', record)
  charge(sender, expiry, 1, bytes)
  local at = int(clock[1] * 1000000 + clock[2])
  local item = table.concat({at, expiry, int(bytes), key}, ' ')
  if redis.call('RPUSH', resultsOf(sender), item) == 1 then redis.call('ZADD', senders, at, sender) end
end

-- Drops the oldest result of a sender. Returns the bytes of which its account is relieved; nothing
-- if there is no result.
local function drop(sender)
  local item, relieved = redis.call('LPOP', resultsOf(sender)), nil
  if item then
    local expiry, bytes, key = string.match(item, '^%d+ (%d+) (%d+) (.*)$')
    relieved = 0
    if tonumber(expiry) > now then
      relieved = tonumber(bytes)
      charge(sender, expiry, 0, -relieved)
      local digest = redis.call('HGET', P .. ':answer:' .. key, 'digest')
      if digest then write(key, expiry, 'digest', digest) end
    end
  end
  local oldest = redis.call('LINDEX', resultsOf(sender), 0)
  if oldest then redis.call('ZADD', senders, string.match(oldest, '^%d+'), sender)
  else redis.call('ZREM', senders, sender) end
  return relieved
end

local function dropExpired(sender)
  while true do
    local oldest = redis.call('LINDEX', resultsOf(sender), 0)
    if not oldest or tonumber(string.match(oldest, '^%d+ (%d+)')) > now then return end
    drop(sender)
  end
end

local function applyCharges()
  local due, sizes, begun = charges, {}, {}
  charges = {}
  for _, sums in pairs(due) do
    local bytes, isNew = apply(sums)
    sizes[sums.whose] = bytes
    if isNew then begun[sums.whose] = sums.expiry end
  end
  for sender, expiry in pairs(begun) do
    if sender == '' then
      keepUntil(senders, expiry)
    else
      dropExpired(sender)
      keepUntil(resultsOf(sender), expiry)
    end
  end
  return sizes
end

local function bound()
  while next(charges) do
    local sizes = applyCharges()
    local total = sizes['']
    for sender, bytes in pairs(sizes) do
      while sender ~= '' and bytes > userBytes do
        local relieved = drop(sender) or bytes
        bytes, total = bytes - relieved, total - relieved
      end
    end
    while total > totalRecordBytes do
      local oldest = redis.call('ZRANGE', senders, 0, 0)[1]
      if not oldest then break end
      total = total - (drop(oldest) or 0)
    end
  end
end
`
