import type { Readable } from '../../base/store.ts'
import { createStore } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { PluginOptions, StreamPlugin } from './stream-plugin.ts'
import { streamPlugin } from './stream-plugin.ts'

/** Something the user is to know. */
export interface StreamNotification {
  readonly message: string
  /** How urgent it is, in the server's words; `info` where it does not say. */
  readonly level: string
  /** Its place in the stream, `<ms>-<seq>`, under the strategy `streams`. */
  readonly id: string | undefined
}

/** What the user is to know. */
export interface NotificationsApi {
  /** The newest hundred, oldest first. */
  readonly messages: Readable<readonly StreamNotification[]>
  /** How the stream stands: `gap` where notifications may be missing. */
  readonly status: Readable<ChannelStatus>
}

/** How many are kept. */
const KEPT = 100

/** The client's half of the plugin `notifications`. */
export function notifications(
  options: PluginOptions = {},
): StreamPlugin<'notifications', NotificationsApi> {
  return streamPlugin('notifications', options, (port) => {
    const messages = createStore<readonly StreamNotification[]>([], { onError: port.report })
    port.follow(({ type, payload, id }) => {
      if (type !== 'notification') return
      const { message, level } = asFields(payload)
      const news = { message: asString(message) ?? '', level: asString(level) ?? 'info', id }
      messages.set([...messages.get(), news].slice(-KEPT))
    })
    return { messages, status: port.status }
  })
}
