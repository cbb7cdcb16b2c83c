import { NATIVE_PROTOCOL } from '../../../dialects/native/client.ts'
import { nativeServer } from '../../../dialects/native/server.ts'
import type { Mount } from '../../session/mount.ts'
import { dialectMount } from '../dialect-mount.ts'

/** Creates a mount for the native protocol, `wirefold.v1`. */
export function nativeMount(): Mount {
  return dialectMount(nativeServer, { protocols: [NATIVE_PROTOCOL] })
}
