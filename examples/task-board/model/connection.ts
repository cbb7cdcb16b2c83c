import { createStore } from 'wirefold'
import { requestFault } from '../../page/server-address.ts'
import { client } from './client.ts'
import { note } from './notice.ts'

/** The state of the connection. */
export const connection = client.state

/** Number of times the connection was opened. */
export const opens = createStore(0)

/** Starts to record the client's events; does not connect. */
export function followConnection(): void {
  client.on('opened', () => opens.set(opens.get() + 1))
  client.on('error', (error) => note('Something went wrong', error))
}

/** Disconnects this window. */
export async function disconnect(): Promise<void> {
  try {
    await requestFault('disconnect')
  } catch (error) {
    note('The connection was not disconnected', error)
  }
}
