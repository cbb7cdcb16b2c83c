import type { Readable } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import type { StreamStrategy } from '../../dialects/streams/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import { withItem } from './order-by-id.ts'
import type { PluginOptions, StreamPlugin } from './stream-plugin.ts'
import { streamPlugin } from './stream-plugin.ts'

const TYPES = ['connect', 'message', 'disconnect'] as const

/** Defaults of {@link ChatOptions}. */
export const chatDefaults = { limit: 1_000 } as const

/** Makes the client half of the plugin `chat`. */
export function chat(options: ChatOptions = {}): StreamPlugin<'chat', ChatApi> {
  const limit = options.limit ?? chatDefaults.limit
  return streamPlugin('chat', options, (port) => {
    const messages = port.store<readonly ChatMessage[]>([])
    port.follow(({ type: name, payload, id }) => {
      const type = TYPES.find((known) => known === name)
      if (type === undefined) return
      const fields = asFields(payload)
      const username = asString(fields.username) ?? ''
      const message = asString(fields.message) ?? ''
      const item = Object.freeze({ type, username, message, id })
      messages.set(Object.freeze(withItem(messages.get(), item).slice(-limit)))
    })
    const { status, strategy } = port
    return { messages, status, strategy, send: (message) => port.send('chat', message) }
  })
}

/** A message of a chat, or the notice that a user connected or disconnected. */
export interface ChatMessage {
  /** Whether a user wrote the message, or the server did. */
  readonly type: (typeof TYPES)[number]
  /** Name of the author. */
  readonly username: string
  /** Text of the message. */
  readonly message: string
  /** Stream id, `<ms>-<seq>`; only with the strategy `streams`. */
  readonly id: string | undefined
}

/** The API of the plugin `chat`. */
export interface ChatApi {
  /**
   * Messages since connecting, oldest first; with the strategy `streams` also the missed ones, in
   * order of their ids.
   */
  readonly messages: Readable<readonly ChatMessage[]>
  /** Status of the stream; `gap` if messages may be missing. */
  readonly status: Readable<ChannelStatus>
  /** Strategy under which the stream is followed. */
  readonly strategy: StreamStrategy
  /** Sends a message; resolves once it is sent, and rejects as `RealtimeClient.publish` does. */
  send(message: string): Promise<void>
}

/** Options of {@link chat}. */
export interface ChatOptions extends PluginOptions {
  /**
   * Maximum number of messages kept; the oldest are dropped.
   * @default 1_000
   */
  readonly limit?: number | undefined
}
