import { createStore } from 'wirefold'
import { FREEZE_MS } from '../shared.ts'
import { pageId } from './client.ts'
import { noteError } from './connection.ts'

/** What the demo's server can do to this page's connection. */
export type Trouble = 'cut' | 'freeze' | 'thaw' | 'restart'

/** Whether the network of this page is frozen. */
export const frozen = createStore(false)

let thaw: ReturnType<typeof setTimeout> | undefined

/** Asks for trouble, by plain HTTP: the connection is what is about to break. */
export async function cause(trouble: Trouble): Promise<void> {
  try {
    await fetch(`/trouble/${trouble}?page=${pageId}`, { method: 'POST' })
  } catch (error) {
    noteError(error)
    return
  }
  if (trouble !== 'freeze' && trouble !== 'thaw') return
  clearTimeout(thaw)
  frozen.set(trouble === 'freeze')
  // The server thaws by itself after a while.
  if (trouble === 'freeze') thaw = setTimeout(() => frozen.set(false), FREEZE_MS)
}
