import type { Readable, Writable } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import type { StreamStrategy } from '../../dialects/streams/dialect.ts'
import type { EventFrame } from '../../protocol/frame.ts'

/**
 * The client half of a server plugin: its name, the delivery of its stream, and its API for the
 * application.
 */
export interface StreamPlugin<Name extends string = string, Api = unknown> {
  /** Name of the plugin at the server, and of its API in the stream client. */
  readonly name: Name
  /** Strategy under which the stream is followed. */
  readonly strategy: StreamStrategy
  /** Stream of the plugin; `undefined` for `<stream of the client>:<name>`. */
  readonly stream: string | undefined
  /** Follows the plugin's stream, and returns the plugin's API. */
  attach(port: StreamPort): Api
}

/** The port through which a plugin uses its stream client. */
export interface StreamPort {
  /** The plugin's stream. */
  readonly stream: string
  /** Strategy under which the stream is followed. */
  readonly strategy: StreamStrategy
  /** Status of the stream; `gap` if messages may be missing after a reconnect. */
  readonly status: Readable<ChannelStatus>
  /**
   * Calls `run` with every message of the stream, in order of arrival; with the strategy `streams`
   * each once, even if the server repeats it. A replayed message may arrive after newer ones: order
   * by `id`.
   */
  follow(run: (event: EventFrame) => void): void
  /** Sends a message on the stream; rejects as `RealtimeClient.publish` does. */
  send(type: string, message: unknown): Promise<void>
  /** Makes a store for the plugin's API; the client connects once it is followed. */
  store<T>(initial: T): Writable<T>
  /** Reports an error that a subscriber of the plugin's stores threw. */
  report(error: unknown): void
}

/** Options of a plugin. */
export interface PluginOptions {
  /**
   * Delivery of the stream: `pub-sub` at most once, `streams` resumed after the last message seen.
   * @default 'pub-sub'
   */
  readonly strategy?: StreamStrategy | undefined
  /**
   * Stream that the plugin's messages come from.
   * @default the client's stream and the plugin's name: `stream:123:chat`
   */
  readonly stream?: string | undefined
}

/** Makes a plugin from its name, its options, and a function that builds its API. */
export function streamPlugin<const Name extends string, Api>(
  name: Name,
  { strategy = 'pub-sub', stream }: PluginOptions,
  attach: (port: StreamPort) => Api,
): StreamPlugin<Name, Api> {
  return { name, strategy, stream, attach }
}
