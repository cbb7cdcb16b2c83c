import { createStore } from 'wirefold'
import { askForTrouble } from '../../page/server-address.ts'
import { client } from './client.ts'
import { note } from './notice.ts'

/** Whether there is a connection. */
export const connection = client.state

/** How often the connection was opened. */
export const opens = createStore(0)

/** Begins to take notes; connects nothing. */
export function followConnection(): void {
  client.on('opened', () => opens.set(opens.get() + 1))
  client.on('error', (error) => note('Something went wrong', error))
}

/** Has this window's connection cut. */
export async function cut(): Promise<void> {
  try {
    await askForTrouble('cut')
  } catch (error) {
    note('The connection was not cut', error)
  }
}
