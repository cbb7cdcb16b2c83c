import { presenceChannel } from '../../../protocol/channel-name.ts'
import { asFields, asString } from '../../../protocol/fields.ts'
import type { FollowedEvent, ServerPlugin } from './plugin.ts'
import { definePlugin, usernameOf } from './plugin.ts'

/**
 * Makes the server half of the plugin `presence`: the user of a connection is present at the resource
 * named as the stream, for clients of every dialect, and each change is sent as the list of all names,
 * in the order in which the users joined. A user with several connections is listed once.
 */
export function presencePlugin(): ServerPlugin<'presence'> {
  return definePlugin({
    name: 'presence',
    async open({ stream, send, enter, follow }) {
      const names = new Map<string, string>()
      enter()
      await follow(presenceChannel(stream), (event) => {
        if (apply(event, names)) send('presence', { message: [...names.values()] })
      })
    },
  })
}

/** Applies a presence event to the names of the users, by their ids; returns whether it may change. */
function apply({ type, payload }: FollowedEvent, names: Map<string, string>): boolean {
  const { user, users } = asFields(payload)
  switch (type) {
    case 'presence:sync':
      names.clear()
      for (const one of Array.isArray(users) ? users : []) add(one, names)
      return true
    case 'presence:join':
      add(user, names)
      return true
    case 'presence:leave':
      return names.delete(asString(asFields(user).id) ?? '')
    default:
      return false
  }
}

function add(user: unknown, names: Map<string, string>): void {
  const { id, name } = asFields(user)
  if (typeof id === 'string') names.set(id, usernameOf({ id, name: asString(name) }))
}
