import { presenceResource } from '../../protocol/channel-name.ts'
import type { Outgoing } from '../../protocol/dialect.ts'
import { asFields, asNumber, asString, type Fields } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import { eventFrame, refusalFrame, subscribedFrame } from '../../protocol/frame-constructors.ts'
import type { PresenceIntent } from '../../protocol/intent.ts'
import type { AnyCableSubscriptions } from './anycable-subscriptions.ts'
import { cableChannel, identifierOf } from './identifier.ts'
import { command, listKey } from './messages.ts'

/** The presence of AnyCable, made by {@link anycablePresence} for the option `presence` of `anycable`. */
export interface AnyCablePresence {
  /** @internal Whether the client can be present itself. */
  readonly joins: boolean
  /** @internal Subscribes to a channel of presence; returns `undefined` for any other. */
  watch(at: AnyCableSubscriptions, channel: string, key: string): readonly Outgoing[] | undefined
  /** @internal Ends what `watch` began; returns `undefined` for any other channel. */
  unwatch(at: AnyCableSubscriptions, channel: string): readonly Outgoing[] | undefined
  /** @internal Encodes the client's own presence. */
  encode(at: AnyCableSubscriptions, intent: PresenceIntent): readonly Outgoing[] | undefined
  /** @internal Decodes a message about the presence of an identifier. */
  decode(wire: Fields, identifier: string, channel: string | undefined): readonly Frame[]
}

/**
 * Makes the presence of AnyCable, for `PresenceManager`. Its resources are those of {@link resourceOf}, or the name
 * of a class of channels that takes no parameters.
 *
 * @param id returns the id of this client's user; without it the client only watches
 *
 * @example
 * import { anycable, anycablePresence } from 'wirefold/dialects/actioncable'
 *
 * const dialect = anycable({ presence: anycablePresence(() => id) })
 */
export function anycablePresence(id?: () => string): AnyCablePresence {
  return {
    joins: id !== undefined,

    watch(at, channel, key) {
      const identifier = watchedBy(channel)
      if (identifier === undefined) return undefined
      at.topic(identifier).presence = channel
      const keys = [key, listKey(identifier)]
      return [
        ...at.enter(identifier),
        command('presence', identifier, { data: {} }, [channel], keys),
      ]
    },

    unwatch(at, channel) {
      const identifier = watchedBy(channel)
      return identifier === undefined ? undefined : at.release(identifier, 'presence', [channel])
    },

    encode(at, { action, resource, meta = {} }) {
      if (!id) return undefined
      const identifier = identifierAt(resource)
      const leave = command('leave', identifier)
      if (action === 'heartbeat') return []
      if (action === 'leave') return [leave, ...at.release(identifier, 'own')]
      const topic = at.topic(identifier)
      // The server ignores the join of a user who is there: a change of `meta` is a leave and a join.
      const before = topic.own ? [leave] : []
      topic.own = { id: id(), info: meta }
      return at.served.has(identifier)
        ? [...before, command('join', identifier, { presence: topic.own })]
        : at.enter(identifier)
    },

    decode({ message }, identifier, channel) {
      const fields = asFields(message)
      const { type, records } = fields
      const to = [listKey(identifier)]
      if (type === 'error')
        return [refusalFrame(to, { message: 'The server has no list of those present.' })]
      if (channel === undefined) return []
      if (type !== 'info')
        return [eventFrame(channel, `presence:${type}`, { payload: userOf(fields) })]
      const payload = Array.isArray(records) ? records.map(userOf) : []
      return [subscribedFrame(to), eventFrame(channel, 'presence:sync', { payload })]
    },
  }
}

/**
 * Returns the resource at which `PresenceManager` finds the presence of a channel: its identifier.
 *
 * @param name name of the channel's class
 * @param params parameters of the subscribe, if it has some
 *
 * @example
 * import { PresenceManager } from 'wirefold'
 * import { resourceOf } from 'wirefold/dialects/actioncable'
 *
 * const presence = new PresenceManager(channels)
 * presence.of(resourceOf('RoomChannel', { room: '1' }))
 */
export function resourceOf(name: string, params: object = {}): string {
  return identifierOf(cableChannel(name, params) ?? name)
}

/** Returns the identifier of a channel of presence; `undefined` for any other channel. */
function watchedBy(channel: string): string | undefined {
  const resource = presenceResource(channel)
  return resource === undefined ? undefined : identifierAt(resource)
}

/** Returns the identifier of a resource, which is one, or the name of a class of channels. */
function identifierAt(resource: string): string {
  return resource.startsWith('{') ? resource : identifierOf(resource)
}

/** Returns a user as `PresenceManager` reads one; it checks the fields. */
function userOf(record: unknown): Fields {
  const { id, info } = asFields(record)
  return { id: asString(id) ?? asNumber(id)?.toString(), name: asFields(info).name, meta: info }
}
