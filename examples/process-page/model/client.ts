import { RealtimeClient } from 'wirefold'
import { socketUrl } from '../../page/server-address.ts'

/** The page's one connection. It opens when something is first asked of it, and comes back by itself. */
export const client = new RealtimeClient(socketUrl('/realtime'))
