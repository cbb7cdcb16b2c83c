import { asFields, type Fields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import { eventFrame, refusalFrame, subscribedFrame } from '../../protocol/frame-constructors.ts'

/**
 * Returns the frames of a message about presence.
 *
 * @param channel the channel of the presence, if it is watched
 * @param key key under which the list of those present is awaited
 */
export function presenceFrames(
  wire: Fields,
  channel: string | undefined,
  key: string,
): Frame | readonly Frame[] | undefined {
  const message = asFields(wire.message)
  const { type, records } = message
  if (type === 'error')
    return refusalFrame([key], { message: 'The server could not list those present.' })
  if (channel === undefined) return undefined
  if (type !== 'info') return eventFrame(channel, `presence:${type}`, { payload: userOf(message) })
  const users = Array.isArray(records) ? records.map(userOf) : []
  return [subscribedFrame([key]), eventFrame(channel, 'presence:sync', { payload: users })]
}

/** Returns a user as `PresenceManager` reads one; it checks the fields. */
function userOf(record: unknown): Fields {
  const { id, info } = asFields(record)
  return { id, name: asFields(info).name, meta: info }
}
