import type { Readable } from '../../base/store.ts'
import { createStore } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import { asFields, asStrings } from '../../protocol/fields.ts'
import type { PluginOptions, StreamPlugin } from './stream-plugin.ts'
import { streamPlugin } from './stream-plugin.ts'

/** The API of the plugin `presence`. */
export interface PresenceApi {
  /** Names of the users present, in the order in which they joined. */
  readonly users: Readable<readonly string[]>
  /** Status of the stream. */
  readonly status: Readable<ChannelStatus>
}

/** Makes the client half of the plugin `presence`. */
export function presence(options: PluginOptions = {}): StreamPlugin<'presence', PresenceApi> {
  return streamPlugin('presence', options, (port) => {
    const users = createStore<readonly string[]>([], { onError: port.report })
    port.follow(({ type, payload }) => {
      if (type === 'presence') users.set(asStrings(asFields(payload).message))
    })
    return { users, status: port.status }
  })
}
