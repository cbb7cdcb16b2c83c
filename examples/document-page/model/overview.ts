import { createStore } from 'wirefold'
import type { Overview } from '../shared.ts'
import { OVERVIEW_PATH } from '../shared.ts'
import type { Person } from './person.ts'

/** Time between two requests, in milliseconds. */
const EVERY_MS = 500

/** Edits that the server has made since the page was opened, or since its process was started anew. */
export const made = createStore({ edits: 0, isAnew: false })

/**
 * Starts to ask the server for its own count and for the positions of the switches. Both come over
 * plain HTTP: the sockets have no part in them.
 */
export function followOverview(people: readonly Person[]): void {
  const address = `${OVERVIEW_PATH}?${new URLSearchParams(people.map(({ id }) => ['page', id]))}`
  let first: Overview | undefined
  const look = async (): Promise<void> => {
    const response = await fetch(address)
    const now: Overview = await response.json()
    first ??= now
    const isAnew = now.run !== first.run
    made.set({ edits: now.edits - (isAnew ? 0 : first.edits), isAnew })
    for (const { id, network } of people) {
      const positions = now.positions[id]
      if (positions) network.show(positions)
    }
  }
  // Where the demo has ended, the last numbers stay.
  const lookIfServed = () => look().catch(() => {})
  void lookIfServed()
  setInterval(lookIfServed, EVERY_MS)
}
