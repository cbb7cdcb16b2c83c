import { RealtimeClient } from 'wirefold'
import { socketUrl } from '../../page/server-address.ts'
import { BOARD_PATH } from '../shared.ts'
import { person } from './person.ts'

/** The page's only connection, authenticated as its person. */
export const client = new RealtimeClient(socketUrl(BOARD_PATH), { auth: () => person })
