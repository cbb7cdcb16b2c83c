import type { Readable } from '../../base/store.ts'
import { createStore } from '../../base/store.ts'
import type { ChannelStatus } from '../../channels/subscription.ts'
import { asFields, asStrings } from '../../protocol/fields.ts'
import type { PluginOptions, StreamPlugin } from './stream-plugin.ts'
import { streamPlugin } from './stream-plugin.ts'

/** Who is there. */
export interface PresenceApi {
  /** The names of those who are there, who came first being first. */
  readonly users: Readable<readonly string[]>
  /** How the stream stands. */
  readonly status: Readable<ChannelStatus>
}

/** The client's half of the plugin `presence`. */
export function presence(options: PluginOptions = {}): StreamPlugin<'presence', PresenceApi> {
  return streamPlugin('presence', options, (port) => {
    const users = createStore<readonly string[]>([], { onError: port.report })
    port.follow(({ type, payload }) => {
      if (type === 'presence') users.set(asStrings(asFields(payload).message))
    })
    return { users, status: port.status }
  })
}
