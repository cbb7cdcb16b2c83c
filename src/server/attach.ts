import type { Unsubscribe } from '../base/emitter.ts'
import { badOption } from '../base/errors.ts'
import type { Untyped } from '../contract/contract-types.ts'
import { RealtimeServer } from './realtime-server.ts'
import type { ConnectionInfo } from './session/mount.ts'

/**
 * Calls a handler for each connection of a server, once it is authenticated. A handler of the same
 * name takes the place of the former one: a module that is loaded again, as by a development server,
 * leaves one handler, and connections stay open. A function without a name is compared by identity.
 *
 * @returns a function that removes the handler; safe to call twice
 * @example
 * import { attach } from 'wirefold/server'
 *
 * attach(server, function greet({ user, id }) {
 *   console.log(`${user?.name} has connected as ${id}`)
 * })
 */
export function attach<C extends Untyped>(
  server: RealtimeServer<C>,
  handler: (connection: ConnectionInfo) => void,
): Unsubscribe {
  if (!(server instanceof RealtimeServer) || typeof handler !== 'function') {
    throw badOption(
      'server',
      'attach() takes a RealtimeServer and a function. HTTP servers: server.attach().',
    )
  }
  const { attached } = server
  const key = handler.name || handler
  attached.get(key)?.()
  const off = server.on('connected', handler)
  const release = (): void => {
    off()
    if (attached.get(key) === release) attached.delete(key)
  }
  attached.set(key, release)
  return release
}
