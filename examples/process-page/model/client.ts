import { RealtimeClient } from 'wirefold'
import { socketUrl } from '../../page/server-address.ts'

/** The page's only connection. It opens on first use, and reconnects by itself. */
export const client = new RealtimeClient(socketUrl('/realtime'))
