import { badOption } from '../../../base/errors.ts'
import type { StreamStrategy } from '../../../dialects/streams/dialect.ts'
import type { Fields } from '../../../protocol/fields.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { User } from '../../access/hooks.ts'
import type { Broker } from '../../broker/broker.ts'
import type { ChannelManager, PublishOptions } from '../../channels/channel-manager.ts'

/**
 * A plugin of a {@link streamsMount}, which runs for each connection that requests it. Its functions
 * may be asynchronous. For one connection they are called one after the other, with the same context;
 * an error in one of them is reported, and stops neither the connection nor another plugin.
 */
export interface ServerPlugin<Name extends string = string> {
  /** Name by which clients request it. */
  readonly name: Name
  /**
   * Whether the plugin runs on a stream that a client requests. What the plugin publishes there is
   * the server's own, so a client must not choose any channel. Only `true` counts; an exception or a
   * promise is reported.
   * @default those that end in `:` and the name of the plugin
   */
  serves?(stream: string): boolean
  /** Called first; if it throws, the plugin does not run for this connection. */
  init?(context: PluginContext<Name>): unknown
  /** Called after `init`, before the first message; the connection follows the stream by then. */
  open?(context: PluginContext<Name>): unknown
  /** Called with each message of the client on the stream. */
  message?(context: PluginContext<Name>, message: PluginMessage): unknown
  /**
   * Called at the end of a connection, or when the stream is revoked, if `init` has succeeded. The
   * server waits for it before it closes.
   *
   * @param reason that of the server; `forbidden` for a revoked stream, `the connection was lost` for an end by the peer or the network
   */
  close?(context: PluginContext<Name>, reason: string): unknown
}

/**
 * Returns a plugin, with its types.
 *
 * @example
 * import { definePlugin, streamsMount } from 'wirefold/server'
 *
 * const votes = definePlugin({
 *   name: 'votes',
 *   message: ({ publish, user }, { message }) => publish('voted', { by: user?.id, for: message }),
 * })
 * server.mount('/websocket', streamsMount({ plugins: [votes] }))
 */
export function definePlugin<const Name extends string>(
  plugin: ServerPlugin<Name>,
): ServerPlugin<Name> {
  assertPlugin(plugin)
  return plugin
}

/** Throws `bad-option` if a value is no plugin, or one of its functions is none. */
export function assertPlugin(plugin: ServerPlugin): void {
  if (typeof plugin !== 'object' || typeof plugin?.name !== 'string') {
    throw badOption(
      'plugin',
      'A plugin is an object with a name. Pass the result of chatPlugin() or definePlugin({ name: … }).',
    )
  }
  const { serves, init, open, message, close } = plugin
  for (const [name, step] of Object.entries({ serves, init, open, message, close })) {
    if (step === undefined || typeof step === 'function') continue
    throw badOption(name, `${name} of the plugin ${plugin.name} is not a function.`)
  }
}

/** A message of a client to a plugin. */
export interface PluginMessage {
  /** Type of the message. */
  readonly type: string
  /** Any JSON; not checked. */
  readonly message: unknown
}

/** The context of one plugin on one connection. The object is the same in all calls: the key of a `WeakMap`, say. */
export interface PluginContext<Name extends string = string> {
  /** The server that runs the plugin. */
  readonly server: PluginServer
  /** The connection. */
  readonly socket: PluginSocket
  /** Name of the plugin. */
  readonly name: Name
  /** The stream that the client requested; its channel has the same name. */
  readonly stream: string
  /** Strategy under which the client follows the stream. */
  readonly strategy: StreamStrategy
  /** Id of the last message that the client has seen, under the strategy `streams`. */
  readonly lastSeen: string | undefined
  /** `null` if anonymous. */
  readonly user: User | null
  /** The broker of the server. */
  readonly broker: Broker
  /**
   * Sends a message on the stream to this connection only.
   *
   * @param fields the fields of the message, beside `type` and `stream`
   * @param id left out under the strategy `pub-sub`
   */
  send(type: string, fields?: Fields, id?: string): void
  /**
   * Publishes an event on the stream, for clients of every dialect; an object as payload is the fields
   * of the message. Rejects as `RealtimeServer.publish` does; with `forbidden` once the stream was
   * revoked, which is not reported.
   */
  publish(type: string, payload?: unknown): Promise<Position>
  /**
   * Calls `listener` with every event of another channel until the connection ends, after the steps of
   * the plugin that are under way. A presence channel begins with a `presence:sync`.
   *
   * @param after id of the last event seen: missed events come first, as far as the history reaches
   * @returns false if the user may not subscribe to the channel
   */
  follow(
    channel: string,
    listener: (event: FollowedEvent) => unknown,
    after?: string,
  ): Promise<boolean>
  /**
   * Makes the user present at the resource that is named as the stream, until the connection ends;
   * does nothing for an anonymous user.
   */
  enter(meta?: unknown): void
}

/** An event of a followed channel. */
export interface FollowedEvent {
  /** Channel of the event. */
  readonly channel: string
  /** Type of the event. */
  readonly type: string
  /** Payload of the event; not checked. */
  readonly payload: unknown
  /**
   * `<ms>-<seq>`; `undefined` if the event has no position. Unlike that of any event of the stream, or
   * of another channel that the plugin follows.
   */
  readonly id: string | undefined
}

/** The server of a plugin; every `RealtimeServer` is one. */
export interface PluginServer {
  /** The channels of the server. */
  readonly channels: ChannelManager
  /** Publishes an event on any channel. */
  publish(
    channel: string,
    type: string,
    payload?: unknown,
    options?: PublishOptions,
  ): Promise<Position>
  /** Publishes an event on the channel of a user. */
  sendToUser(
    userId: string,
    type: string,
    payload?: unknown,
    options?: PublishOptions,
  ): Promise<Position>
}

/** The connection of a plugin. */
export interface PluginSocket {
  /** Id of the connection. */
  readonly id: string
  /** Ends the connection with a close code and a reason. */
  close(code: number, reason: string): void
}

/** Returns the name of a user for other users. */
export function usernameOf(user: User | null): string {
  return user?.name ?? user?.id ?? 'anonymous'
}
