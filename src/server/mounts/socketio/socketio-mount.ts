import { sessionEvents, socketioServer } from '../../../dialects/socketio/server.ts'
import type { Mount } from '../../session/mount.ts'
import { dialectMount } from '../dialect-mount.ts'

/**
 * Creates a mount for clients of sessions over Socket.IO, `wirefold/dialects/socketio`, and for stock
 * clients of Socket.IO 4 that use the transport `websocket` only.
 *
 * The token is taken from the credentials of the client's CONNECT, `auth: { token }`.
 *
 * @example
 * import { socketioMount } from 'wirefold/server'
 *
 * server.mount('/socket.io/', socketioMount())
 * await server.publish('session:42', 'progress', { status: 'PROCESSING', progress: 40 })
 */
export function socketioMount({ namespace = '/' }: SocketioMountOptions = {}): Mount {
  const events = sessionEvents(namespace)
  return {
    ...dialectMount(() => socketioServer(namespace, events)),
    refuse({ query }) {
      if (query.get('EIO') === '4' && query.get('transport') === 'websocket') return undefined
      const reason = 'This server speaks Engine.IO 4 over WebSockets: EIO=4&transport=websocket.'
      return { status: 400, code: 'bad-protocol', reason }
    },
  }
}

/** Options of {@link socketioMount}. */
export interface SocketioMountOptions {
  /**
   * The namespace of the sessions.
   * @default '/'
   */
  readonly namespace?: string | undefined
}
