import type { Readable } from '../../base/store.ts'
import { createStore } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import type { StreamStrategy } from '../../dialects/streams/dialect.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { PluginOptions, StreamPlugin } from './stream-plugin.ts'
import { streamPlugin } from './stream-plugin.ts'

const TYPES = ['connect', 'message', 'disconnect'] as const

/** What was said, or that somebody came or went. */
export interface ChatMessage {
  readonly type: (typeof TYPES)[number]
  readonly username: string
  readonly message: string
  /** Its place in the stream, `<ms>-<seq>`, under the strategy `streams`. */
  readonly id: string | undefined
}

/** A chat. */
export interface ChatApi {
  /** What was said since we came, oldest first; under the strategy `streams` also what we missed. */
  readonly messages: Readable<readonly ChatMessage[]>
  /** How the stream stands: `gap` where messages may be missing. */
  readonly status: Readable<ChannelStatus>
  readonly strategy: StreamStrategy
  /** Says something; settles once it is sent, and rejects as `RealtimeClient.publish` does. */
  send(message: string): Promise<void>
}

/** How a chat is delivered and kept. */
export interface ChatOptions extends PluginOptions {
  /**
   * How many messages are kept, the newest.
   * @default 1_000
   */
  readonly limit?: number | undefined
}

/** What holds where nothing is said. */
export const chatDefaults = { limit: 1_000 } as const

/** The client's half of the plugin `chat`. */
export function chat(options: ChatOptions = {}): StreamPlugin<'chat', ChatApi> {
  const limit = options.limit ?? chatDefaults.limit
  return streamPlugin('chat', options, (port) => {
    const messages = createStore<readonly ChatMessage[]>([], { onError: port.report })
    port.follow(({ type: name, payload, id }) => {
      const type = TYPES.find((known) => known === name)
      if (type === undefined) return
      const said = asFields(payload)
      const username = asString(said.username) ?? ''
      const message = asString(said.message) ?? ''
      messages.set([...messages.get(), { type, username, message, id }].slice(-limit))
    })
    const { status, strategy } = port
    return { messages, status, strategy, send: (message) => port.send('chat', message) }
  })
}
