import { presenceResource } from '../../protocol/channel-name.ts'
import { asFields, asNumber, asString, type Fields } from '../../protocol/fields.ts'
import type { OutgoingEvent } from '../../protocol/server-frame.ts'

/**
 * Returns the message of a presence event, without its timestamp; `undefined` if the protocol has
 * none.
 *
 * The protocol shows users, not their devices: the metadata is that of the newest device, and a
 * change of a present user is a `presence:join` with the whole entry.
 */
export function presenceMessage(event: OutgoingEvent): Fields | undefined {
  const { type, channel, json, timestamp } = event
  const resource = presenceResource(channel)
  if (resource === undefined || json === undefined) return undefined
  const payload = asFields(JSON.parse(json))
  const user = asFields(payload.user)
  switch (type) {
    case 'presence:sync': {
      const list: readonly unknown[] = Array.isArray(payload.users) ? payload.users : []
      return {
        type,
        channel,
        payload: { users: list.map((one) => entryOf(asFields(one), resource)) },
      }
    }
    case 'presence:join': {
      const joinedAt = new Date(timestamp).toISOString()
      const entry = entryOf({ ...user, devices: [payload.device] }, resource)
      return { type, channel, payload: { ...entry, joinedAt } }
    }
    case 'presence:update':
      // Without the devices, the event does not have the whole user.
      if (!Array.isArray(user.devices)) return undefined
      return { type: 'presence:join', channel, payload: entryOf(user, resource) }
    case 'presence:leave':
      return { type, channel, payload: namesOf(user) }
    default:
      return undefined
  }
}

function entryOf(user: Fields, resource: string): Fields {
  const devices: readonly unknown[] = Array.isArray(user.devices) ? user.devices : []
  const { meta: metadata = {} } = asFields(devices.at(-1))
  const lastSeen = new Date(asNumber(user.lastSeen) ?? 0).toISOString()
  return { ...namesOf(user), resource, lastSeen, metadata }
}

function namesOf({ id, name }: Fields): Fields {
  return { userId: id, userName: asString(name) ?? null }
}
