import { asFields } from '../../../protocol/fields.ts'
import { userChannel } from '../../access/access.ts'
import type { ServerPlugin } from './plugin.ts'
import { definePlugin } from './plugin.ts'

/**
 * Makes the server half of the plugin `notifications`. A `notification` that is published for a user
 * reaches all connections of that user, and no other one; if its payload names a `stream`, only those
 * that requested the plugin on that stream. One that is published on the stream reaches all.
 *
 * @example
 * await server.sendToUser('ada', 'notification', { message: 'You were mentioned', level: 'info' })
 */
export function notificationsPlugin(): ServerPlugin<'notifications'> {
  return definePlugin({
    name: 'notifications',
    async open({ user, stream: own, lastSeen, send, follow }) {
      if (!user) return
      await follow(
        userChannel(user.id),
        ({ type, payload, id }) => {
          const fields = asFields(payload)
          const { stream = own } = fields
          if (type === 'notification' && stream === own) send(type, fields, id)
        },
        lastSeen,
      )
    },
  })
}
