import type { Outgoing } from '../../protocol/dialect.ts'
import type { Fields } from '../../protocol/fields.ts'
import type { SubscribeIntent } from '../../protocol/intent.ts'
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
  /**
   * Messages with events that wait for the end of the history. Their positions are not noted before: the
   * connection may end first, and the next history has to bring them.
   */
  held?: Fields[] | undefined
}

/** The subscriptions of one connection, and the messages that change them. */
export class AnyCableSubscriptions {
  readonly topics = new Map<string, Topic>()
  /** Identifiers that the server has subscribed this connection to, as far as it is known. */
  readonly served = new Set<string>()
  /** Identifiers that the server rejects in this task: actions that wait for them are refused. */
  readonly rejected = new Set<string>()
  readonly #memory: AnyCableMemory

  constructor(memory: AnyCableMemory) {
    this.#memory = memory
  }

  /**
   * Subscribes to the events of a channel, with those missed since the last connection. The history is the
   * reply: nothing else confirms a subscription that the server has restored.
   */
  follow(channel: string, key: string, { since }: SubscribeIntent): readonly Outgoing[] {
    const identifier = identifierOf(channel)
    const { served } = this
    const memory = this.#memory
    const topic = this.topic(identifier)
    // The server ignores a subscribe to what it has; only an unsubscribe begins anew.
    const renews = topic.events !== undefined && served.delete(identifier)
    topic.events = channel
    topic.resumes = since.has(channel)
    topic.held ??= []
    if (!topic.resumes) memory.positions.delete(identifier)
    const streams = memory.of(identifier).toRequest()
    const history = { since: topic.resumes ? memory.since : undefined, streams }
    const args = [identifier, { history }, [channel], [key, identifier]] as const
    if (served.has(identifier)) return [command('history', ...args)]
    const subscribe = this.enter(...args)
    return renews ? [command('unsubscribe', identifier), ...subscribe] : subscribe
  }

  /** Returns the topic of an identifier. */
  topic(identifier: string): Topic {
    const topic = this.topics.get(identifier) ?? {}
    this.topics.set(identifier, topic)
    return topic
  }

  /** Subscribes at the server, if it has no subscription. */
  enter(
    identifier: string,
    more?: object,
    channels?: readonly string[],
    keys?: readonly string[],
  ): readonly Outgoing[] {
    if (this.served.has(identifier)) return []
    this.served.add(identifier)
    const { own: presence } = this.topic(identifier)
    return [command('subscribe', identifier, { ...more, presence }, channels, keys)]
  }

  /** Gives up one part of a topic, and with the last part its subscription at the server. */
  release(
    identifier: string,
    part: 'events' | 'presence' | 'own',
    channels?: readonly string[],
  ): readonly Outgoing[] {
    const topic = this.topic(identifier)
    topic[part] = undefined
    if (topic.events ?? topic.presence ?? topic.own) return []
    this.topics.delete(identifier)
    this.#memory.positions.delete(identifier)
    return this.served.delete(identifier) ? [command('unsubscribe', identifier, {}, channels)] : []
  }

  /** Forgets a subscription that the server rejects. */
  reject(identifier: string): void {
    this.topics.delete(identifier)
    this.served.delete(identifier)
    this.rejected.add(identifier)
    queueMicrotask(() => this.rejected.delete(identifier))
  }
}
