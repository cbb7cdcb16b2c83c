import { createStore, isWirefoldError, systemClock } from 'wirefold'
import { client } from './client.ts'

/** Whether there is a connection, and if not, when it is tried again. */
export const connection = client.state

/** How often the connection was opened. */
export const opens = createStore(0)

/** What went wrong last, for people. */
export const lastError = createStore('')

/** When the server was last heard of, by `systemClock.now()`. */
export const heardAt = createStore(systemClock.now())

/** Takes note of an error that the page has no better use for. */
export function noteError(error: unknown): void {
  lastError.set(isWirefoldError(error) ? `${error.code}: ${error.message}` : String(error))
}

/** Begins to take notes; connects nothing. */
export function followConnection(): void {
  client.on('opened', () => {
    opens.set(opens.get() + 1)
    heardAt.set(systemClock.now())
  })
  client.on('dropped', ({ code, reason }) => lastError.set(`closed with ${code} ${reason}`.trim()))
  client.on('error', noteError)
}
