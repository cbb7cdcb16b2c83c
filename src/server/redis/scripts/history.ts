import { HISTORY_EVENTS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { CHANNEL } from './channel.ts'
import { ERA } from './store-generation.ts'

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

/** Ends a node's blocking read: `node`. */
export const WAKE = script(`${ERA}
local key = P .. ':wake:' .. ARGV[3]
redis.call('XADD', key, 'MAXLEN', 1, '*', 'wake', '1')
redis.call('PEXPIRE', key, 60000)
return 1
`)
