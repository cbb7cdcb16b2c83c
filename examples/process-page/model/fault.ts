import { createStore } from 'wirefold'
import type { Fault } from '../../page/faults.ts'
import { FREEZE_MS } from '../../page/faults.ts'
import { requestFault } from '../../page/server-address.ts'
import { noteError } from './connection.ts'

/** Whether the network of this page is frozen. */
export const frozen = createStore(false)

let thaw: ReturnType<typeof setTimeout> | undefined

/** Requests a fault, and shows its state. */
export async function cause(fault: Fault): Promise<void> {
  try {
    await requestFault(fault)
  } catch (error) {
    noteError(error)
    return
  }
  if (fault !== 'freeze' && fault !== 'thaw') return
  clearTimeout(thaw)
  frozen.set(fault === 'freeze')
  // The server thaws by itself after this time.
  if (fault === 'freeze') thaw = setTimeout(() => frozen.set(false), FREEZE_MS)
}
