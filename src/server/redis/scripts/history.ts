import { HISTORY_EVENTS } from '../../broker/broker.ts'
import { script } from '../connection/script-runner.ts'
import { CHANNEL } from './channel.ts'
import { GENERATION } from './store-generation.ts'

/**
 * Returns the newest positions of channels, and creates or renews their counters: `name…` →
 * `generation, ageMs, (epoch, offset)…`.
 */
export const HEADS = script(`${CHANNEL}
local id, age = generation()
local reply = {id, int(age)}
for i = 6, #ARGV do
  local counterId, count = channel(id, ARGV[i])
  reply[#reply + 1] = id .. '.' .. counterId
  reply[#reply + 1] = int(count)
end
return reply
`)

/**
 * Returns the events after a position: `name, epoch, offset` → `epoch, offset, entries`, without
 * `entries` if some are missing.
 */
export const SINCE = script(`${CHANNEL}
local id = generation()
local counterId, count = channel(id, ARGV[6])
local epoch, from = id .. '.' .. counterId, tonumber(ARGV[8])
local missed = count - from
if ARGV[7] ~= epoch or missed < 0 or missed > ${HISTORY_EVENTS} then return {epoch, int(count)} end
if missed == 0 then return {epoch, int(count), {}} end
local entries = redis.call('XRANGE', P .. ':stream:' .. ARGV[6], counterId .. '-' .. int(from + 1), '+')
if #entries ~= missed then return {epoch, int(count)} end
return {epoch, int(count), entries}
`)

/** Ends a node's blocking read, by an entry in its wake stream: `node` → 1. */
export const WAKE = script(`${GENERATION}
local key = P .. ':wake:' .. ARGV[6]
redis.call('XADD', key, 'MAXLEN', 1, '*', 'wake', '1')
redis.call('PEXPIRE', key, 60000)
return 1
`)
