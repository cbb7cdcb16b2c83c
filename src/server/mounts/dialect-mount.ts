import { checkNames } from '../../base/known-names.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { UpgradeRequest } from '../access/upgrade-request.ts'
import type { Mount, OpenSession, SessionPart } from '../session/mount.ts'
import type { ReadSnapshot } from '../session/snapshot.ts'

/**
 * Creates a mount for a server dialect.
 *
 * @param dialect the dialect of all connections; or, for a dialect with state or one that reads the
 * address, a function that returns that of one connection
 */
export function dialectMount(
  dialect: ServerDialect | ((request: UpgradeRequest) => ServerDialect),
  options: DialectMountOptions = {},
): Mount {
  const { protocols = [], token, snapshot, opened } = options
  checkNames('dialectMount()', options, { protocols, token, snapshot, opened })
  const join = typeof dialect === 'function' ? undefined : dialect.join?.bind(dialect)
  return {
    protocols,
    ...(join && { join }),
    open(socket, request, host) {
      const own = typeof dialect === 'function' ? dialect(request) : dialect
      const hello = token && { token: token(request) }
      return host.openSession(own, socket, request, { hello, snapshot, opened })
    },
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
  /**
   * Reads the state of a channel, which a new subscriber receives before the live events.
   * @default channels have no state
   */
  readonly snapshot?: ReadSnapshot | undefined
  /**
   * Called once a client is authenticated, before its first message; returns what takes its commands
   * in place of the session, and is called at its end.
   * @default the session handles all commands
   */
  readonly opened?: ((session: OpenSession) => SessionPart) | undefined
}
