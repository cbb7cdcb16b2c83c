import { createStore } from 'wirefold'
import { EDITS_PATH } from '../shared.ts'

/** Time between two requests, in milliseconds. */
const EVERY_MS = 500

/** Number of edits that the server has made since the page was opened. */
export const edits = createStore(0)

/** Starts to ask for it, over plain HTTP: the sockets have no part in this number. */
export async function followEdits(): Promise<void> {
  const before = await fetchEdits()
  setInterval(async () => {
    try {
      edits.set((await fetchEdits()) - before)
    } catch {
      // The demo has ended: the last number stays.
    }
  }, EVERY_MS)
}

async function fetchEdits(): Promise<number> {
  const response = await fetch(EDITS_PATH)
  const { edits } = (await response.json()) as { readonly edits: number }
  return edits
}
