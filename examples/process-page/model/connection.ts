import { createStore, isWirefoldError, systemClock } from 'wirefold'
import { client } from './client.ts'

/** The state of the connection, with the time of the next attempt. */
export const connection = client.state

/** Number of times the connection was opened. */
export const opens = createStore(0)

/** The last error, as text. */
export const lastError = createStore('')

/** Time of the last event from the server, by `systemClock.now()`. */
export const receivedAt = createStore(systemClock.now())

/** Stores an error for display. */
export function noteError(error: unknown): void {
  lastError.set(isWirefoldError(error) ? `${error.code}: ${error.message}` : String(error))
}

/** Starts to record the client's events; does not connect. */
export function followConnection(): void {
  client.on('opened', () => {
    opens.set(opens.get() + 1)
    receivedAt.set(systemClock.now())
  })
  client.on('dropped', ({ code, reason }) => lastError.set(`closed with ${code} ${reason}`.trim()))
  client.on('error', noteError)
}
