import type { Cancel } from '../base/clock.ts'
import { disposable } from '../base/disposable.ts'
import type { Refusal } from '../base/errors.ts'
import { WirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { withDefaults } from '../base/known-names.ts'
import { Linger } from '../base/linger.ts'
import type { ClientExtension, ClientPort, ControlReply } from '../ports/client-port.ts'
import { isChannel } from '../protocol/channel-name.ts'
import type {
  EventFrame,
  Frame,
  PongFrame,
  Position,
  UnsubscribedFrame,
} from '../protocol/frame.ts'
import type { Listener } from './channel.ts'
import { Channel } from './channel.ts'
import { chunks } from './subscribe-messages.ts'
import type { ChannelHandler, SubscribeOptions, Subscription } from './subscription.ts'
import { released, subscriptionHandle } from './subscription-handle.ts'
import type { SubscriptionInput } from './subscription-state.ts'
import { due } from './subscription-state.ts'

/** Minimum time before a refused channel is subscribed to again, in milliseconds. */
const LEAST_RETRY_MS = 100

/** Default values of {@link ChannelOptions}. */
export const channelDefaults = { lingerMs: 250 } as const

/**
 * Shares the channels of one client among any number of handlers. Each channel has one subscription
 * at the server, however many handlers it has, and is subscribed to again after every loss of the
 * connection.
 *
 * @example
 * const channels = new ChannelSubscriber(client)
 * const off = channels.subscribe('entity:Task', (task) => render(task))
 * off()
 */
export class ChannelSubscriber {
  /** The port of the client, for extensions built on channels. */
  readonly port: ClientPort
  /** Functions to call after the linger time, or at the end of the client. */
  readonly lingering: Linger<() => void>
  readonly #channels = new Map<string, Channel>()
  /**
   * Channels whose name is a pattern (`family:*`), for backends that send an event under the
   * member's name only.
   */
  readonly #patterns = new Set<Channel>()
  readonly #dirty = new Set<Channel>()
  readonly #linger: Linger<Channel>
  /** Refusals after which the client subscribes again, with their timers. */
  readonly #retries = new Map<Refusal, Cancel>()
  #up = false
  #scheduled = false

  /** Throws if the client already has a subscriber: two would subscribe to everything twice. */
  constructor(client: { readonly port: ClientPort }, options: ChannelOptions = {}) {
    const { lingerMs } = withDefaults('ChannelSubscriber', options, channelDefaults)
    this.port = client.port
    this.#linger = new Linger(this.port.clock, lingerMs, (channels) => this.#leave(channels))
    this.lingering = new Linger(this.port.clock, lingerMs, (stops) => {
      for (const stop of stops) stop()
    })
    this.port.join(this.#extension())
  }

  /** Number of channels that are subscribed to, or not yet unsubscribed from. */
  get size(): number {
    return this.#channels.size
  }

  /** Whether a channel has handlers. */
  follows(name: string): boolean {
    return (this.#channels.get(name)?.handlers ?? 0) > 0
  }

  /**
   * Calls `handler` with every event of a channel, until the returned function is called.
   *
   * Connects the client if it is not connected. Throws `bad-channel` if the name is not valid.
   */
  subscribe<Payload = unknown>(
    name: string,
    handler: ChannelHandler<Payload>,
    options: SubscribeOptions = {},
  ): Subscription {
    const { signal, onError, stage } = withDefaults('subscribe()', options, {
      signal: undefined,
      onError: undefined,
      stage: 'handle' as const,
    })
    const channel = this.#channel(name)
    const listener: Listener = { handler, onError, live: true, settle: undefined }
    const release = (): void => {
      if (!listener.live) return
      listener.live = false
      signal?.removeEventListener('abort', release)
      channel.remove(listener)
      listener.settle?.(released(name))
      if (channel.handlers === 0) this.#linger.add(channel)
    }
    const renew = (): void => {
      if (!listener.live) return
      channel.continuity.restart()
      this.#input(channel, { name: 'renew' })
    }
    const subscription = disposable(release, subscriptionHandle(channel, listener, renew))
    channel.add(listener, stage)
    this.#linger.keep(channel)
    this.#input(channel, { name: 'want' })
    if (signal?.aborted) release()
    else signal?.addEventListener('abort', release)
    this.port.wake()
    return subscription
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name)
    if (known) return known
    assertChannel(name)
    const channel = new Channel(name, this.port)
    this.#channels.set(name, channel)
    if (name.endsWith(':*')) this.#patterns.add(channel)
    return channel
  }

  #extension(): ClientExtension {
    const channels = this.#channels
    return {
      order: 1,
      get handlers() {
        let count = 0
        for (const channel of channels.values()) count += channel.handlers
        return count
      },
      opening: () => {
        this.#up = true
        for (const channel of this.#channels.values()) this.#dirty.add(channel)
        this.#flush()
      },
      receive: (frame) => this.#receive(frame),
      disconnected: () => {
        this.#up = false
        for (const channel of [...this.#channels.values()])
          this.#input(channel, { name: 'disconnected' })
      },
      forget: () => {
        for (const channel of this.#channels.values()) channel.continuity.forget()
      },
      ended: (error) => {
        this.#up = false
        this.lingering.flush()
        this.#linger.flush()
        for (const [refusal, cancel] of this.#retries) {
          cancel()
          this.#retry(refusal)
        }
        let settled = false
        for (const channel of [...this.#channels.values()]) {
          this.#input(channel, { name: 'disconnected' })
          settled = channel.settle(error) || settled
        }
        return settled
      },
    }
  }

  #receive(frame: Frame): boolean {
    if (frame.kind === 'event') return this.#deliver(frame)
    if (frame.kind === 'pong') return this.#compare(frame)
    return frame.kind === 'unsubscribed' && this.#revoked(frame)
  }

  #deliver(event: EventFrame): boolean {
    const channel = this.#channels.get(event.via ?? event.channel)
    if (channel && !channel.deliver(event)) this.#input(channel, { name: 'missing' })
    let mine = channel !== undefined
    if (this.#patterns.size > 0 && !this.port.dialect.capabilities.families) {
      for (const pattern of [...this.#patterns]) {
        if (pattern === channel || !this.port.dialect.match(event.channel, pattern.name)) continue
        pattern.deliver(event)
        mine = true
      }
    }
    return mine
  }

  /** Finds gaps of quiet channels: without a next event, only the offsets in a pong show one. */
  #compare({ offsets }: PongFrame): boolean {
    for (const [name, position] of offsets ?? []) {
      const channel = this.#channels.get(name)
      if (channel?.continuity.differs(position)) this.#input(channel, { name: 'missing' })
    }
    return false
  }

  #revoked({ channel: name, error }: UnsubscribedFrame): boolean {
    const channel = this.#channels.get(name)
    if (channel) this.#input(channel, { name: 'refused', refusal: error })
    return channel !== undefined
  }

  #leave(channels: readonly Channel[]): void {
    for (const channel of channels) this.#input(channel, { name: 'release' })
  }

  #input(channel: Channel, input: SubscriptionInput): void {
    if (channel.input(input)) this.#applyState(channel)
  }

  /** Removes a channel that is unsubscribed, or schedules the message that is due. */
  #applyState(channel: Channel): void {
    const { wanted, actual, refusal } = channel.state
    if (refusal) this.#retryLater(refusal)
    if (!wanted && actual === 'none') {
      this.#channels.delete(channel.name)
      this.#patterns.delete(channel)
      this.#dirty.delete(channel)
    } else if (due(channel.state)) this.#schedule(channel)
  }

  /** Subscribes again to the channels of a refusal once it allows it: all in one message. */
  #retryLater(refusal: Refusal): void {
    const { retryAfterMs } = refusal
    if (retryAfterMs === undefined || this.#retries.has(refusal)) return
    const ms = Math.max(retryAfterMs, LEAST_RETRY_MS)
    this.#retries.set(
      refusal,
      this.port.clock.after(ms, () => this.#retry(refusal)),
    )
  }

  #retry(refusal: Refusal): void {
    this.#retries.delete(refusal)
    for (const channel of [...this.#channels.values()]) {
      this.#input(channel, { name: 'retry', refusal })
    }
  }

  #answered(
    kind: 'subscribe' | 'unsubscribe',
    channel: Channel,
    answer: ControlReply | undefined,
  ): void {
    const input = outcome(kind, channel.name, answer)
    if (input.name === 'acked' && channel.state.actual === 'subscribing') {
      const subscribed = answer?.kind === 'subscribed' ? answer : undefined
      channel.joined(
        subscribed?.at.get(channel.name),
        subscribed?.gaps.includes(channel.name) ?? false,
      )
      this.#applyState(channel)
    } else this.#input(channel, input)
  }

  /** Sends due messages in a microtask, so that changes which cancel each other cost nothing. */
  #schedule(channel: Channel): void {
    this.#dirty.add(channel)
    if (!this.#up || this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.#up) this.#flush()
    })
  }

  #flush(): void {
    const channels = [...this.#dirty]
    this.#dirty.clear()
    this.#send(
      'unsubscribe',
      channels.filter(({ state }) => due(state) === 'unsubscribe'),
    )
    this.#send(
      'subscribe',
      channels.filter(({ state }) => due(state) === 'subscribe'),
    )
  }

  #send(kind: 'subscribe' | 'unsubscribe', channels: readonly Channel[]): void {
    for (const chunk of chunks(channels)) {
      const requestId = randomId()
      for (const channel of chunk) {
        channel.requestId = requestId
        this.#input(channel, { name: kind === 'subscribe' ? 'sent' : 'left' })
      }
      const intent = {
        timestamp: this.port.clock.wall(),
        requestId,
        channels: chunk.map(({ name }) => name),
      }
      this.port.say(
        kind === 'subscribe' ? { kind, since: positions(chunk), ...intent } : { kind, ...intent },
        (answer, covered) => {
          for (const channel of chunk) {
            const covers = !covered || covered.includes(channel.name)
            if (covers && channel.requestId === requestId) this.#answered(kind, channel, answer)
          }
        },
      )
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ChannelSubscriber'
  }
}

/** Throws `bad-channel` if a name is not valid. */
export function assertChannel(name: string): void {
  if (isChannel(name)) return
  throw new WirefoldError(
    'bad-channel',
    `${JSON.stringify(name)} is not a valid channel. Use 1 to 256 characters without control characters.`,
    { channel: name },
  )
}

/** Options of a {@link ChannelSubscriber}. */
export interface ChannelOptions {
  /**
   * Time for which a channel is kept after its last handler was released, in milliseconds: a view
   * that is left and opened again sends nothing.
   * @default 250
   */
  readonly lingerMs?: number | undefined
}

/** Returns the input that a reply to a subscribe or unsubscribe means for one of its channels. */
function outcome(
  kind: 'subscribe' | 'unsubscribe',
  channel: string,
  answer: ControlReply | undefined,
): SubscriptionInput {
  if (answer === undefined) return { name: 'lost' }
  // A server that refuses to unsubscribe does not have the subscription.
  if (kind === 'unsubscribe') return { name: 'gone' }
  if (answer.kind === 'refusal') return { name: 'refused', refusal: answer.error }
  const refusal = answer.kind === 'subscribed' ? answer.refused.get(channel) : undefined
  return refusal ? { name: 'refused', refusal } : { name: 'acked' }
}

/** Returns the positions at which channels that were live before are resumed. */
function positions(channels: readonly Channel[]): ReadonlyMap<string, Position> {
  const since = new Map<string, Position>()
  for (const { name, continuity } of channels) {
    const position = continuity.asking()
    if (position) since.set(name, position)
  }
  return since
}
