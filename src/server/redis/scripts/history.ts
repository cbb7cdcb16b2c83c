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

/** Maximum number of events in one reply of {@link SINCE}: Redis runs nothing else meanwhile. */
export const EVENTS_PER_READ = 1_000

/**
 * Returns the first events after a position: `name, epoch, offset` → `epoch, offset, entries` with
 * the newest offset, and without `entries` if some are missing.
 */
export const SINCE = script(`${CHANNEL}
local id = generation()
local counterId, count = channel(id, ARGV[6])
local epoch, from = id .. '.' .. counterId, tonumber(ARGV[8])
local missed = math.min(count - from, ${EVENTS_PER_READ})
if ARGV[7] ~= epoch or missed < 0 then return {epoch, int(count)} end
if missed == 0 then return {epoch, int(count), {}} end
local stream, first, last = P .. ':stream:' .. ARGV[6], int(from + 1), int(from + missed)
local entries = redis.call('XRANGE', stream, counterId .. '-' .. first, counterId .. '-' .. last)
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
