import { entityServer } from '../../../dialects/entity/server.ts'
import type { Mount } from '../../session/mount.ts'
import { dialectMount } from '../dialect-mount.ts'

/**
 * Creates a mount for clients of an entity backend, `wirefold/dialects/entity`.
 *
 * The token is taken from the query, `?token=`; a client without one is anonymous if `authenticate`
 * allows it.
 *
 * @example
 * import { entityMount } from 'wirefold/server'
 *
 * server.mount('/api/realtime', entityMount())
 */
export function entityMount(): Mount {
  return dialectMount(entityServer, { token: ({ query }) => query.get('token') || undefined })
}
