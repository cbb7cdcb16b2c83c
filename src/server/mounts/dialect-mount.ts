import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { UpgradeRequest } from '../access/upgrade-request.ts'
import type { Mount } from '../session/mount.ts'

/** Creates a mount for a server dialect. */
export function dialectMount(dialect: ServerDialect, options: DialectMountOptions = {}): Mount {
  const { protocols = [], token } = options
  return {
    protocols,
    ...(dialect.join && { join: dialect.join.bind(dialect) }),
    open: (socket, request, host) =>
      host.openSession(dialect, socket, request, token && { token: token(request) }),
  }
}

/** Options of {@link dialectMount}. */
export interface DialectMountOptions {
  /**
   * The WebSocket subprotocols of the dialect.
   * @default none
   */
  readonly protocols?: readonly string[] | undefined
  /**
   * Reads the token of a client from its upgrade request: the only place where this mount takes it
   * from. The server authenticates the client as soon as the socket is open, and expects no hello;
   * messages that arrive meanwhile wait. For credentials in a cookie, which `authenticate` reads,
   * return `undefined`.
   * @default none: the client sends a hello first, with its token
   */
  readonly token?: ((request: UpgradeRequest) => string | undefined) | undefined
}
