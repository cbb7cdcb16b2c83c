import { createStore } from 'wirefold'
import type { Trouble } from '../../page/server-address.ts'
import { askForTrouble } from '../../page/server-address.ts'
import { FREEZE_MS } from '../shared.ts'
import { noteError } from './connection.ts'

/** Whether the network of this page is frozen. */
export const frozen = createStore(false)

let thaw: ReturnType<typeof setTimeout> | undefined

/** Asks for trouble, and shows that it is there. */
export async function cause(trouble: Trouble): Promise<void> {
  try {
    await askForTrouble(trouble)
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
