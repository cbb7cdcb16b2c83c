import type { Readable } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import { isBefore, type SortKey, sortKeyOf } from '../../context/event-order.ts'
import { asFields, asStrings } from '../../protocol/fields.ts'
import type { PluginOptions, StreamPlugin } from './stream-plugin.ts'
import { streamPlugin } from './stream-plugin.ts'

/** Makes the client half of the plugin `presence`. */
export function presence(options: PluginOptions = {}): StreamPlugin<'presence', PresenceApi> {
  return streamPlugin('presence', options, (port) => {
    const users = port.store<readonly string[]>([])
    let newest: SortKey | undefined
    port.follow((event) => {
      if (event.type !== 'presence') return
      // A replayed list may arrive after a newer one.
      const key = sortKeyOf('id', event)
      if (key !== undefined && newest !== undefined && isBefore(key, newest)) return
      newest = key
      users.set(asStrings(asFields(event.payload).message))
    })
    return { users, status: port.status }
  })
}

/** The API of the plugin `presence`. */
export interface PresenceApi {
  /** Names of the users present, in the order in which they joined. */
  readonly users: Readable<readonly string[]>
  /** Status of the stream. */
  readonly status: Readable<ChannelStatus>
}
