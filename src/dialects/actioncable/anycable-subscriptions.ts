import { presenceResource } from '../../protocol/channel-name.ts'
import type { Outgoing } from '../../protocol/dialect.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import type { PresenceIntent, SubscribeIntent } from '../../protocol/intent.ts'
import type { AnyCableMemory } from './anycable-memory.ts'
import { identifierOf } from './identifier.ts'
import { command } from './messages.ts'

/** What the client wants under one identifier. The server has one subscription for all of it. */
export interface Topic {
  /** The channel of the events, if they are subscribed to. */
  events?: string | undefined
  /** The channel of the presence, if that is watched. */
  presence?: string | undefined
  /** The client's own presence, as messages carry it. */
  own?: { readonly id: string; readonly info: unknown } | undefined
  /** Whether events may have been missed, so that the history is needed. */
  resumes?: boolean
  /** Events that wait for the end of the history, each with its offset, or 0. */
  held?: (readonly [offset: number, event: EventFrame])[] | undefined
}

/** The subscriptions of one connection, and the messages that change them. */
export class AnyCableSubscriptions {
  readonly topics = new Map<string, Topic>()
  /** Identifiers that the server has subscribed this connection to, as far as it is known. */
  readonly served = new Set<string>()
  readonly #memory: AnyCableMemory

  constructor(memory: AnyCableMemory) {
    this.#memory = memory
  }

  /**
   * Subscribes to a channel: to events, with those missed since the last connection, or to presence, with
   * the list of those present. These confirm the subscription: one
   * that the server has restored is confirmed by nothing else.
   */
  subscribe(channel: string, key: string, { since }: SubscribeIntent): readonly Outgoing[] {
    const [identifier, part] = placeOf(channel)
    const { served } = this
    const memory = this.#memory
    const topic = this.#topic(identifier)
    const isKnown = topic[part] !== undefined
    topic[part] = channel
    if (part === 'presence') {
      const list = command(
        'presence',
        identifier,
        { data: {} },
        [channel],
        [key, listKey(identifier)],
      )
      return [...this.#enter(identifier), list]
    }
    topic.resumes = since.has(channel)
    topic.held ??= []
    if (!topic.resumes) memory.positions.delete(identifier)
    const streams = memory.of(identifier).toRequest()
    const history = { history: { since: topic.resumes ? memory.since : undefined, streams } }
    const args = [history, [channel], [key, identifier]] as const
    // The server ignores a subscribe to what it has; only an unsubscribe begins anew.
    const renews = isKnown && served.delete(identifier)
    if (served.has(identifier)) return [command('history', identifier, ...args)]
    return [
      ...(renews ? [command('unsubscribe', identifier)] : []),
      ...this.#enter(identifier, ...args),
    ]
  }

  /** Unsubscribes from a channel. */
  unsubscribe(channel: string): readonly Outgoing[] {
    const [identifier, part] = placeOf(channel)
    return this.#release(identifier, part, [channel])
  }

  /** Makes the client present at a resource; a change of its `meta` is a leave and a join. */
  join({ resource, meta = {} }: PresenceIntent, id: string): readonly Outgoing[] {
    const identifier = identifierAt(resource)
    const topic = this.#topic(identifier)
    const leave = topic.own ? [command('leave', identifier)] : []
    const presence = { id, info: meta }
    topic.own = presence
    return this.served.has(identifier)
      ? [...leave, command('join', identifier, { presence })]
      : this.#enter(identifier)
  }

  /** Ends the client's presence at a resource. */
  leave(resource: string): readonly Outgoing[] {
    const identifier = identifierAt(resource)
    return [command('leave', identifier), ...this.#release(identifier, 'own')]
  }

  /** Unsubscribes from what the server has restored and the client has left meanwhile. */
  leaveRest(): readonly Outgoing[] {
    const rest = [...this.served].filter((identifier) => !this.topics.has(identifier))
    return rest.flatMap((identifier) => this.#end(identifier))
  }

  /** Forgets a subscription that the server has rejected. */
  rejected(identifier: string): void {
    this.topics.delete(identifier)
    this.served.delete(identifier)
  }

  #topic(identifier: string): Topic {
    const topic = this.topics.get(identifier) ?? {}
    this.topics.set(identifier, topic)
    return topic
  }

  /** Subscribes at the server, if it has no subscription. */
  #enter(
    identifier: string,
    more?: object,
    channels?: readonly string[],
    keys?: readonly string[],
  ) {
    if (this.served.has(identifier)) return []
    this.served.add(identifier)
    const { own: presence } = this.#topic(identifier)
    return [command('subscribe', identifier, { ...more, presence }, channels, keys)]
  }

  /** Gives up one part of a topic, and with the last part its subscription at the server. */
  #release(
    identifier: string,
    part: 'events' | 'presence' | 'own',
    channels?: readonly string[],
  ): readonly Outgoing[] {
    const topic = this.#topic(identifier)
    topic[part] = undefined
    if (topic.events ?? topic.presence ?? topic.own) return []
    this.topics.delete(identifier)
    this.#memory.positions.delete(identifier)
    return this.#end(identifier, channels)
  }

  #end(identifier: string, channels?: readonly string[]): readonly Outgoing[] {
    return this.served.delete(identifier) ? [command('unsubscribe', identifier, {}, channels)] : []
  }
}

/** Key of the list of those present. */
export const listKey = (identifier: string): string => `presence ${identifier}`

/** Returns the identifier of a channel, and the part of its topic that it is. */
function placeOf(channel: string): readonly [identifier: string, part: 'events' | 'presence'] {
  const resource = presenceResource(channel)
  return resource === undefined
    ? [identifierOf(channel), 'events']
    : [identifierAt(resource), 'presence']
}

/** Returns the identifier of a resource, which is one, or the name of a class of channels. */
function identifierAt(resource: string): string {
  return resource.startsWith('{') ? resource : identifierOf(resource)
}
