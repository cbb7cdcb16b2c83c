import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { Mount } from '../session/mount.ts'

/**
 * Serves clients that greet first, in any server dialect, at a path of its own.
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
