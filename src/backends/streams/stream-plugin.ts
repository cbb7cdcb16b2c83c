import type { Readable } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import type { StreamStrategy } from '../../dialects/streams/dialect.ts'
import type { EventFrame } from '../../protocol/frame.ts'

/** What a plugin sees of its client. */
export interface StreamPort {
  /** The stream that its messages come from. */
  readonly stream: string
  readonly strategy: StreamStrategy
  /** How the stream stands: after a break it is `gap` where messages may be missing. */
  readonly status: Readable<ChannelStatus>
  /**
   * Has `run` called with every message of the stream, in the order they came; under the strategy
   * `streams` each once, whatever the server tells again.
   */
  follow(run: (event: EventFrame) => void): void
  /** Sends a message on the stream; rejects as `RealtimeClient.publish` does. */
  send(type: string, message: unknown): Promise<void>
  /** Receives what a follower of the plugin's stores threw. */
  report(error: unknown): void
}

/**
 * The client's half of a server plugin: its name, how its stream is delivered, and what it gives the
 * application.
 */
export interface StreamPlugin<Name extends string = string, Api = unknown> {
  /** What the server calls it; its API is found under this name. */
  readonly name: Name
  readonly strategy: StreamStrategy
  /** Its stream, where that is not the client's stream and the plugin's name. */
  readonly stream: string | undefined
  /** Begins to follow its stream. */
  attach(port: StreamPort): Api
}

/** How a plugin is delivered. */
export interface PluginOptions {
  /**
   * `pub-sub` delivers at most once, `streams` from where one left off.
   * @default 'pub-sub'
   */
  readonly strategy?: StreamStrategy | undefined
  /**
   * The stream its messages come from.
   * @default the client's stream and the plugin's name: `stream:123:chat`
   */
  readonly stream?: string | undefined
}

/** Makes a plugin of a name, its options, and what it does. */
export function streamPlugin<const Name extends string, Api>(
  name: Name,
  { strategy = 'pub-sub', stream }: PluginOptions,
  attach: (port: StreamPort) => Api,
): StreamPlugin<Name, Api> {
  return { name, strategy, stream, attach }
}
