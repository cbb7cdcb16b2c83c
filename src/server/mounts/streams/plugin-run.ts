import { isWirefoldError, WirefoldError } from '../../../base/errors.ts'
import { SerialQueue } from '../../../base/serial-queue.ts'
import type { StreamsServer } from '../../../dialects/streams/server.ts'
import { streamIdOf, streamMessage } from '../../../dialects/streams/server.ts'
import { presenceChannel } from '../../../protocol/channel-name.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { EventEncoder } from '../../../protocol/server-dialect.ts'
import { userChannel } from '../../access/access.ts'
import { refusal } from '../../access/refusals.ts'
import type { ChannelReceiver } from '../../channels/channel-receiver.ts'
import type { MountHost, OpenSession } from '../../session/mount.ts'
import type {
  FollowedEvent,
  PluginContext,
  PluginMessage,
  PluginServer,
  ServerPlugin,
} from './plugin.ts'
import { positionAfter } from './position-after.ts'
import type { RequestedPlugin } from './requested-plugins.ts'
import type { SharedStreams } from './shared-streams.ts'

/** Maximum number of messages of the client that wait for the steps before them. */
const MOST_MESSAGES = 1_000
/** Maximum number of live events of followed channels that wait: more than a burst of publishes. */
const MOST_EVENTS = 10_000

/** One plugin on one connection: calls its functions one after the other. */
export class PluginRun {
  readonly stream: string
  readonly name: string
  readonly #channels: Set<string>
  readonly #plugin: ServerPlugin
  readonly #deps: PluginRunDeps
  readonly #queue: SerialQueue
  readonly #context: PluginContext
  readonly #messages: Backlog = { most: MOST_MESSAGES, waiting: 0 }
  readonly #events: Backlog = { most: MOST_EVENTS, waiting: 0 }
  /** Whether `init` has succeeded, so that `close` is called. */
  #inited = false
  #end: PluginEnd | undefined
  /** Whether the plugin has made the user present. */
  #entered = false

  constructor({ plugin, stream, strategy, lastSeen }: RequestedPlugin, deps: PluginRunDeps) {
    const { host, session } = deps
    this.stream = stream
    this.name = plugin.name
    this.#channels = new Set([stream])
    this.#plugin = plugin
    this.#deps = deps
    this.#queue = new SerialQueue(host.report)
    this.#context = {
      server: serverOf(host),
      socket: { id: session.id, close: (code, reason) => session.end(code, reason) },
      name: plugin.name,
      stream,
      strategy,
      lastSeen,
      user: session.user,
      broker: host.broker,
      send: (type, fields = {}, id) => {
        if (this.#end) return
        const own = strategy === 'streams' ? id : undefined
        session.send(streamMessage(stream, type, fields, own))
      },
      publish: (type, payload) => this.#publish(type, payload),
      follow: (channel, listener, after) => this.#follow(channel, listener, after),
      enter: (meta) => {
        if (this.#end) return
        this.#entered = true
        this.#present('join', meta)
      },
    }
  }

  /** How the plugin ended; `undefined` until then. */
  get end(): PluginEnd | undefined {
    return this.#end
  }

  /** The channels that the plugin has asked for: its stream, and those that it follows. */
  get channels(): ReadonlySet<string> {
    return this.#channels
  }

  /** Follows the stream, then initializes and opens the plugin. Never rejects. */
  start(): Promise<void> {
    return this.#queue.add(async () => {
      const { stream } = this
      const joined = this.#deps.streams.join(stream, (after) => this.#subscribe(stream, after))
      if (!(await joined) && !(await this.#mayFinish())) {
        this.#end ??= 'refused'
        return
      }
      this.#inited = await this.#call('init', (plugin, context) => plugin.init?.(context))
      if (!this.#inited) this.#end ??= 'failed'
      if (!this.#end || this.#hasLeftMessages)
        await this.#call('open', (plugin, context) => plugin.open?.(context))
    })
  }

  /** Passes a message of the client on. */
  message(message: PluginMessage): void {
    this.#add(this.#messages, async () => {
      if (!this.#inited) return
      await this.#call('message', (plugin, context) => plugin.message?.(context, message))
    })
  }

  /** Ends the plugin after the step under way: its stream was revoked. Never rejects. */
  revoke(): Promise<void> {
    if (this.#entered) this.#present('leave')
    return this.#close('forbidden', 'revoked')
  }

  /** Ends the plugin after the steps under way. Never rejects. */
  close(reason: string): Promise<void> {
    return this.#close(reason, 'closed')
  }

  #close(reason: string, end: PluginEnd): Promise<void> {
    if (this.#end) return this.#queue.done ?? Promise.resolve()
    this.#end = end
    return this.#queue.add(async () => {
      if (!this.#inited) return
      await this.#call('close', (plugin, context) => plugin.close?.(context, reason))
    })
  }

  async #publish(type: string, payload: unknown): Promise<Position> {
    const { stream } = this
    if (this.#end === 'revoked') {
      const message = `The stream ${stream} was revoked, so the plugin ${this.name} may not publish on it.`
      throw new WirefoldError('forbidden', message, { ...refusal('forbidden', stream), message })
    }
    return this.#deps.host.channels.publish(stream, type, payload)
  }

  #present(action: 'join' | 'leave', meta?: unknown): void {
    const channel = presenceChannel(this.stream)
    this.#deps.session.run({ kind: 'presence', requestId: undefined, action, channel, meta })
  }

  async #follow(
    channel: string,
    listener: (event: FollowedEvent) => unknown,
    after: string | undefined,
  ): Promise<boolean> {
    const { dialect, session } = this.#deps
    const { encoders } = dialect
    const former = encoders.get(channel)
    let replaying = true
    this.#channels.add(channel)
    const source = this.#sourceOf(channel)
    const encoder: EventEncoder = {
      encodeEvent: (event) => {
        const { channel, type, json } = event
        const payload: unknown = json === undefined ? undefined : JSON.parse(json)
        const followed = { channel, type, payload, id: streamIdOf(event, source) }
        // The history limits a replay, which comes all at once.
        this.#add(replaying ? undefined : this.#events, async () => {
          await this.#call(`follow ${channel}`, () => listener(followed))
          await session.drained?.()
        })
        // The channel may be a stream, too, or be followed by another plugin.
        return former?.encodeEvent(event)
      },
    }
    encoders.set(channel, encoder)
    const following = await this.#subscribe(channel, after)
    replaying = false
    if (following) return true
    if (encoders.get(channel) === encoder) {
      if (former) encoders.set(channel, former)
      else encoders.delete(channel)
    }
    return false
  }

  /** Subscribes the connection to a channel; returns false if that is refused. */
  async #subscribe(channel: string, after: string | undefined): Promise<boolean> {
    const { host, session } = this.#deps
    const { channels } = host
    if (this.#end) return false
    let position: Position | undefined
    if (after !== undefined) {
      // Before the history is read.
      if (await channels.refusalOf(session, channel)) return false
      position = await positionAfter(channels, channel, after, this.#sourceOf(channel))
      if (this.#end) return false
    }
    const since = new Map(position && [[channel, position]])
    await channels.subscribe(session, { requestId: undefined, channels: [channel], since })
    return this.#isSubscribed(channel)
  }

  /** The number of a channel in the ids of its events: 0 for the stream, then in the order of `follow`. */
  #sourceOf(channel: string): number {
    return [...this.#channels].indexOf(channel)
  }

  #isSubscribed(channel: string): boolean {
    const { host, session } = this.#deps
    return host.channels.channelsOf(session).includes(channel)
  }

  /** Whether the client has closed the connection after messages that the plugin has not had yet. */
  get #hasLeftMessages(): boolean {
    return this.#end === 'closed' && this.#messages.waiting > 0
  }

  /** Whether a connection that closed before it was subscribed has left messages that are allowed. */
  async #mayFinish(): Promise<boolean> {
    if (!this.#hasLeftMessages) return false
    const { host, dialect } = this.#deps
    // The session has no user any more.
    const sender: ChannelReceiver = { dialect, user: this.#context.user, send() {} }
    const refused = await host.channels.refusalOf(sender, this.stream)
    host.channels.leave(sender)
    return !refused
  }

  /** Adds a step; ends the connection if too many of its backlog wait. */
  #add(backlog: Backlog | undefined, step: () => unknown): void {
    if (this.#end) return
    if (backlog && backlog.waiting >= backlog.most) {
      this.#deps.session.end(1013, `too many messages wait for ${this.name}`)
      return
    }
    if (backlog) backlog.waiting += 1
    void this.#queue.add(async () => {
      if (backlog) backlog.waiting -= 1
      if (this.#end !== 'revoked') await step()
    })
  }

  /** Calls a function of the plugin; returns false, and reports the error, if it throws. */
  async #call(
    step: string,
    call: (plugin: ServerPlugin, context: PluginContext) => unknown,
  ): Promise<boolean> {
    try {
      await call(this.#plugin, this.#context)
      return true
    } catch (cause) {
      if (this.#end === 'revoked' && isWirefoldError(cause, 'forbidden')) return false
      const where = `plugin ${this.name}, ${step}`
      const message = `The ${where} failed; see the cause. The connection and its other plugins go on.`
      this.#deps.host.report(new WirefoldError('handler-failed', message, { where }, { cause }))
      return false
    }
  }
}

/**
 * How a plugin ended: its stream was refused or revoked, `init` failed, or the connection was closed.
 */
export type PluginEnd = 'refused' | 'revoked' | 'failed' | 'closed'

/** The dependencies of the plugins of one connection. */
export interface PluginRunDeps {
  readonly host: MountHost
  readonly session: OpenSession
  readonly dialect: StreamsServer
  readonly streams: SharedStreams
}

/** The steps of one kind that wait. */
interface Backlog {
  readonly most: number
  waiting: number
}

function serverOf({ channels }: MountHost): PluginServer {
  return {
    channels,
    publish: (channel, type, payload, options) => channels.publish(channel, type, payload, options),
    sendToUser: (userId, type, payload, options) =>
      channels.publish(userChannel(userId), type, payload, options),
  }
}
