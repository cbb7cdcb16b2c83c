/**
 * Lua function `account(sender)`: returns the number of remembered requests, the bytes of their
 * results, and the time at which some of them expire. There is an account for each sender (`<prefix>:account:<sender>`), and one for all
 * (`<prefix>:account:`), whose sender is empty.
 *
 * The results expire by themselves. So an account is a hash with `requests` and `bytes`, and the
 * parts of both by the time at which they expire, `requests:<time>` and `bytes:<time>`. Parts whose
 * time has passed are subtracted as soon as the account is read after `next`, the first of them.
 */
export const ACCOUNT = `
local function accountKey(sender) return P .. ':account:' .. sender end

local function account(sender)
  local key = accountKey(sender)
  local known = redis.call('HMGET', key, 'next', 'requests', 'bytes')
  if not known[1] then return 0, 0, math.huge end
  if now < tonumber(known[1]) then return tonumber(known[2]), tonumber(known[3]), tonumber(known[1]) end
  local sums, coming, fields = {requests = 0, bytes = 0}, math.huge, redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local kind, time = string.match(fields[i], '^(%a+):(%d+)$')
    if time and tonumber(time) <= now then
      redis.call('HDEL', key, fields[i])
    elseif time then
      sums[kind] = sums[kind] + tonumber(fields[i + 1])
      coming = math.min(coming, tonumber(time))
    end
  end
  if coming == math.huge then
    redis.call('DEL', key)
    return 0, 0, coming
  end
  redis.call('HSET', key, 'next', int(coming), 'requests', int(sums.requests), 'bytes', int(sums.bytes))
  return sums.requests, sums.bytes, coming
end
`
