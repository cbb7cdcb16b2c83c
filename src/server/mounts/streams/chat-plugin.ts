import type { ServerPlugin } from './plugin.ts'
import { definePlugin, usernameOf } from './plugin.ts'

/**
 * Makes the server half of the plugin `chat`: publishes `connect` and `disconnect` for each connection,
 * and `message` for each `{type: 'chat', message: '…'}` of a client.
 */
export function chatPlugin(): ServerPlugin<'chat'> {
  return definePlugin({
    name: 'chat',
    open({ user, publish }) {
      const username = usernameOf(user)
      return publish('connect', { username, message: `${username} joined` })
    },
    message({ user, publish }, { type, message }) {
      if (type !== 'chat' || typeof message !== 'string') return undefined
      return publish('message', { username: usernameOf(user), message })
    },
    close({ user, publish }) {
      const username = usernameOf(user)
      return publish('disconnect', { username, message: `${username} left` })
    },
  })
}
