import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { Mount } from '../session/mount.ts'

/**
 * Creates a mount for a server dialect in which the client sends the first frame.
 *
 * @param protocols the WebSocket subprotocols of the dialect
 */
export function dialectMount(dialect: ServerDialect, protocols: readonly string[] = []): Mount {
  return {
    protocols,
    ...(dialect.join && { join: dialect.join.bind(dialect) }),
    open: (socket, request, host) => host.openSession(dialect, socket, request),
  }
}
