import { NATIVE_PROTOCOL } from '../../../dialects/native/client.ts'
import { nativeServer } from '../../../dialects/native/server.ts'
import { DialectSession } from '../../session/dialect-session.ts'
import type { Mount } from '../../session/mount.ts'

/** The native protocol, `wirefold.v1`, for a path of its own. */
export function nativeMount(): Mount {
  return {
    protocols: [NATIVE_PROTOCOL],
    join: nativeServer.join,
    open: (socket, request, core) => new DialectSession(core, socket, nativeServer, request),
  }
}
