import { backoffDefaults, backoffDelay } from '../base/backoff.ts'
import type { Refusal } from '../base/errors.ts'
import { handlerFailed, ownRefusal, unsupported, WirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { withDefaults } from '../base/known-names.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EventOf, HandlerArg } from '../contract/event-types.ts'
import type { ChannelArg, NameBound } from '../contract/name-types.ts'
import type { ClientExtension, ClientPort, OnControlReply } from '../ports/client-port.ts'
import { isChannel } from '../protocol/channel-name.ts'
import { callDialect, dialectError } from '../protocol/dialect-error.ts'
import type { EventFrame, Frame, Position } from '../protocol/frame.ts'
import type { ChannelOwner, Listener } from './channel.ts'
import { Channel } from './channel.ts'
import { Linger } from './linger.ts'
import type { ChannelHandler, SubscribeOptions, Subscription } from './subscription.ts'
import { released, subscriptionHandle } from './subscription-handle.ts'
import { due } from './subscription-state.ts'

/** Maximum total length of the names in one message, which keeps a message under 16 KiB. */
const NAMES_PER_MESSAGE = 4_000
/** Minimum time before a refused channel is subscribed to again, in milliseconds. */
const LEAST_RETRY_MS = 100

/** Time after the retry of a lost channel from which a further loss counts as the first, in milliseconds. */
const STABLE_MS = 2_000

/** Default values of {@link ChannelOptions}. */
export const channelDefaults = { lingerMs: 250 } as const

/**
 * Shares the channels of one client among any number of handlers. Each channel has one subscription
 * at the server, however many handlers it has, and is subscribed to again after every loss of the
 * connection.
 *
 * @example
 * import { ChannelSubscriber } from 'wirefold'
 *
 * const channels = new ChannelSubscriber(client)
 * const off = channels.subscribe('entity:Task', (task) => render(task))
 * off()
 */
export class ChannelSubscriber<C extends Untyped = Untyped> {
  /** Carries the type of the client's contract; never set at run time. */
  declare readonly contract?: C | undefined
  /** The port of the client, for extensions built on channels. */
  readonly port: ClientPort
  /** @internal Functions to call after some time, or at the end of the client. */
  readonly lingering: Linger
  readonly #owner: ChannelOwner
  readonly #channels = new Map<string, Channel>()
  /**
   * Channels whose name is a pattern (`family:*`), for backends that send an event under the
   * member's name only.
   */
  readonly #patterns = new Set<Channel>()
  /** Channels for which a message may be due, sent at the end of this turn. */
  readonly #changed = new Set<Channel>()
  /** The refusals after which the client subscribes again. */
  readonly #retries = new Set<Refusal>()
  /** The last loss of each channel that the server has lost. */
  readonly #losses = new WeakMap<Channel, Loss>()
  /** Whether there is a connection. */
  #up = false

  /** Creates the subscriber of a client; throws if there is one: two would subscribe to everything twice. */
  constructor(
    client: { readonly port: ClientPort; readonly contract?: C | undefined },
    options: ChannelOptions = {},
  ) {
    const { lingerMs } = withDefaults('ChannelSubscriber', options, channelDefaults)
    this.port = client.port
    this.lingering = new Linger(this.port.clock, lingerMs)
    this.#owner = { port: this.port, changed: (channel) => this.#applyState(channel) }
    this.port.join(this.#extension())
  }

  /** Number of channels that are subscribed to, or not yet unsubscribed from. */
  get size(): number {
    return this.#channels.size
  }

  /** Whether a channel has handlers, and has not ended; one with parameters that identify it does not count. */
  follows(name: string): boolean {
    const channel = this.#channels.get(name)
    return channel !== undefined && channel.handlers > 0 && channel.state.actual !== 'ended'
  }

  /**
   * Calls `handler` with every event of a channel, until the returned function is called.
   *
   * Connects the client if it is not connected. Throws `bad-channel` if the name is not valid, and
   * `unsupported` for parameters if the backend takes none.
   */
  subscribe<
    const X extends NameBound<C> = NameBound<C>,
    Event extends EventFrame = EventOf<C, X & string>,
  >(
    name: ChannelArg<C, X>,
    handler: HandlerArg<C, X, Event>,
    options?: SubscribeOptions,
  ): Subscription
  subscribe(
    name: string,
    given: ChannelHandler<never> | HandlersByType,
    options: SubscribeOptions = {},
  ): Subscription {
    const { params, signal, onError, stage } = withDefaults('subscribe()', options, {
      params: undefined,
      signal: undefined,
      onError: undefined,
      stage: 'handle' as const,
    })
    const channel = this.#channel(name, params)
    const listener: Listener = {
      channel,
      handler:
        typeof given === 'function'
          ? given
          : (payload, event) =>
              // The server chooses the type: `toString` is no handler.
              Object.hasOwn(given, event.type) && given[event.type]?.(payload, event),
      onError,
      folds: stage === 'fold',
      live: true,
      ready: undefined,
    }
    const release = this.#releaseOf(listener, signal)
    channel.add(listener)
    if (channel.leave) this.lingering.keep(channel.leave)
    channel.input('want')
    if (signal?.aborted) release()
    else signal?.addEventListener('abort', release)
    this.port.wake()
    return subscriptionHandle(listener, release)
  }

  /** Returns the function that releases a listener; it keeps no more than it needs. */
  #releaseOf(listener: Listener, signal: AbortSignal | undefined): () => void {
    const release = (): void => {
      if (!listener.live) return
      listener.live = false
      signal?.removeEventListener('abort', release)
      const { channel } = listener
      channel.remove(listener)
      listener.ready?.settle(released(channel.topic))
      if (channel.handlers > 0) return
      channel.leave ??= () => channel.input('release')
      this.lingering.add(channel.leave)
    }
    return release
  }

  #channel(topic: string, given: unknown): Channel {
    const { dialect } = this.port
    const params = resultOf(given)
    const name =
      params === undefined
        ? topic
        : callDialect(dialect.name, 'channelOf', () => dialect.channelOf?.(topic, params))
    if (name === undefined) throw unsupported(dialect.name, `the parameters of ${topic}`)
    let channel = this.#channels.get(name)
    if (!channel) {
      assertChannel(topic)
      this.port.checks?.restart(name)
      channel = new Channel(name, topic, this.#owner)
      this.#channels.set(name, channel)
      if (topic.endsWith(':*')) this.#patterns.add(channel)
    }
    if (params !== undefined) channel.params = name === topic ? given : params
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
        this.#flush(channels.values())
      },
      receive: (frame) => this.#receive(frame),
      disconnected: () => this.#disconnected(),
      forget: () => {
        for (const channel of channels.values()) channel.forget('identity-changed')
      },
      ended: (error) => {
        this.lingering.flush()
        this.#disconnected()
        return [...channels.values()].map((channel) => channel.settle(error)).includes(true)
      },
    }
  }

  #disconnected(): void {
    this.#up = false
    const at = this.port.clock.wall()
    for (const channel of this.#channels.values()) channel.input('disconnected', undefined, at)
  }

  #receive(frame: Frame): boolean {
    if (frame.kind === 'event') return this.#deliver(frame)
    if (frame.kind === 'pong') {
      // Finds gaps of quiet channels: without a next event, only the offsets in a pong show one.
      for (const [name, position] of frame.offsets ?? []) {
        const channel = this.#channels.get(name)
        if (channel?.differs(position)) channel.input('missing')
      }
    }
    const channel = 'channel' in frame && this.#channels.get(frame.channel)
    if (!channel) return false
    if (frame.kind === 'unsubscribed') channel.input('refused', frame.error)
    else if (frame.kind === 'ended') channel.input('ended')
    else if (channel.state.actual !== 'dropped') channel.input('dropped', this.#lost(channel))
    return true
  }

  /** Returns the time of the retry after the loss of one channel: the next loss soon after it waits longer. */
  #lost(channel: Channel): Refusal {
    const now = this.port.clock.now()
    const last = this.#losses.get(channel)
    const count = last && now < last.until ? last.count + 1 : 0
    const retryAfterMs = backoffDelay(count, backoffDefaults, this.port.random())
    this.#losses.set(channel, { count, until: now + retryAfterMs + STABLE_MS })
    return { code: 'dropped', message: '', retryable: true, retryAfterMs }
  }

  #deliver(event: EventFrame): boolean {
    const channel = this.#channels.get(event.via ?? event.channel)
    channel?.deliver(event)
    let mine = channel !== undefined
    if (this.#patterns.size > 0 && !this.port.dialect.capabilities.families) {
      for (const pattern of [...this.#patterns]) {
        if (pattern === channel || !this.#matches(event.channel, pattern.topic)) continue
        pattern.deliver(event)
        mine = true
      }
    }
    return mine
  }

  #matches(channel: string, pattern: string): boolean {
    const { dialect } = this.port
    try {
      return dialect.match(channel, pattern)
    } catch (cause) {
      this.port.report(dialectError(dialect.name, 'match', cause))
      return false
    }
  }

  /** Removes a channel that is unsubscribed, or schedules the message that is due. */
  #applyState(channel: Channel): void {
    const { wanted, actual, refusal } = channel.state
    if (refusal) this.#retryAfter(refusal)
    if (!wanted && actual === 'none') {
      this.#channels.delete(channel.name)
      this.#patterns.delete(channel)
    } else if (this.#up && due(channel.state)) {
      // In a microtask, so that changes which cancel each other cost nothing.
      if (this.#changed.size === 0) queueMicrotask(() => this.#flush(this.#changed))
      this.#changed.add(channel)
    }
  }

  /** Subscribes again to the channels of a refusal once it allows it: all in one message. */
  #retryAfter(refusal: Refusal): void {
    const { retryAfterMs } = refusal
    if (retryAfterMs === undefined || this.#retries.has(refusal)) return
    this.#retries.add(refusal)
    const retry = (): void => {
      this.#retries.delete(refusal)
      // Those of other refusals ignore it.
      for (const channel of [...this.#channels.values()]) channel.input('retry', refusal)
    }
    this.lingering.add(retry, Math.max(retryAfterMs, LEAST_RETRY_MS))
  }

  /** Sends the messages that are due for these channels. */
  #flush(channels: Iterable<Channel>): void {
    const leaving: Channel[] = []
    const joining: Channel[] = []
    if (this.#up) {
      for (const channel of channels) {
        const kind = due(channel.state)
        if (kind) (kind === 'subscribe' ? joining : leaving).push(channel)
      }
    }
    this.#changed.clear()
    this.#sendAll('unsubscribe', leaving)
    this.#sendAll('subscribe', joining)
  }

  /** Sends one message about all of these channels, or several if their names are too long for one. */
  #sendAll(kind: 'subscribe' | 'unsubscribe', channels: readonly Channel[]): void {
    let batch: Channel[] = []
    let length = 0
    for (const channel of channels) {
      // A channel with parameters has a message of its own.
      const own = channel.params === undefined ? channel.name.length : Number.POSITIVE_INFINITY
      if (batch.length > 0 && length + own > NAMES_PER_MESSAGE) {
        this.#send(kind, batch)
        batch = []
        length = 0
      }
      length += own
      batch.push(channel)
    }
    if (batch.length > 0) this.#send(kind, batch)
  }

  #send(kind: 'subscribe' | 'unsubscribe', channels: readonly Channel[]): void {
    const requestId = randomId()
    for (const channel of channels) {
      channel.requestId = requestId
      channel.input(kind === 'subscribe' ? 'sent' : 'left')
    }
    const intent = {
      timestamp: this.port.clock.wall(),
      requestId,
      channels: channels.map(({ name }) => name),
    }
    const answered: OnControlReply = (answer, covered) => {
      for (const channel of channels) {
        const covers = !covered || covered.includes(channel.name)
        if (covers && channel.requestId === requestId) channel.answered(kind, answer)
      }
    }
    if (kind === 'unsubscribe') {
      this.port.say({ kind, ...intent }, answered)
      return
    }
    const [first] = channels
    let params: unknown
    try {
      params = resultOf(first?.params)
    } catch (cause) {
      first?.input('refused', ownRefusal(handlerFailed(`params of ${first.topic}`, cause)))
      return
    }
    this.port.say({ kind, since: positions(channels), params, ...intent }, answered)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ChannelSubscriber'
  }
}

type HandlersByType = Readonly<Record<string, ChannelHandler<never> | undefined>>

/** Returns the result of a function; any other value itself. */
function resultOf(given: unknown): unknown {
  return typeof given === 'function' ? given() : given
}

/** Throws `bad-channel` if a name is not valid. */
export function assertChannel(name: string): void {
  if (isChannel(name)) return
  throw new WirefoldError(
    'bad-channel',
    `${JSON.stringify(name)} is not a valid channel. Use 1 to 256 characters, no control characters.`,
    { channel: name },
  )
}

/** The last loss of a channel. */
interface Loss {
  /** Number of losses before it, each soon after the retry of the one before. */
  readonly count: number
  /** Time until which a further loss counts as soon after its retry, by the clock's `now()`. */
  readonly until: number
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

/** Returns the positions at which channels that were live before are resumed. */
function positions(channels: readonly Channel[]): ReadonlyMap<string, Position> {
  const since = new Map<string, Position>()
  for (const channel of channels) {
    const { position } = channel
    if (position) since.set(channel.name, position)
  }
  return since
}
