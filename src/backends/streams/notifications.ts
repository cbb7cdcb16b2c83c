import type { Readable } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import { withItem } from './order-by-id.ts'
import type { PluginOptions, StreamPlugin } from './stream-plugin.ts'
import { streamPlugin } from './stream-plugin.ts'

/** Maximum number of notifications kept. */
const KEPT = 100

/** Makes the client half of the plugin `notifications`. */
export function notifications(
  options: PluginOptions = {},
): StreamPlugin<'notifications', NotificationsApi> {
  return streamPlugin('notifications', options, (port) => {
    const messages = port.store<readonly StreamNotification[]>([])
    port.follow(({ type, payload, id }) => {
      if (type !== 'notification') return
      const { message, level } = asFields(payload)
      const news = { message: asString(message) ?? '', level: asString(level) ?? 'info', id }
      messages.set(Object.freeze(withItem(messages.get(), Object.freeze(news)).slice(-KEPT)))
    })
    return { messages, status: port.status }
  })
}

/** A notification for the user. */
export interface StreamNotification {
  /** Text of the notification. */
  readonly message: string
  /** Urgency as the server names it; `info` if it names none. */
  readonly level: string
  /** Stream id, `<ms>-<seq>`; only with the strategy `streams`. */
  readonly id: string | undefined
}

/** The API of the plugin `notifications`. */
export interface NotificationsApi {
  /** The newest 100 notifications, oldest first. */
  readonly messages: Readable<readonly StreamNotification[]>
  /** Status of the stream; `gap` if notifications may be missing. */
  readonly status: Readable<ChannelStatus>
}
