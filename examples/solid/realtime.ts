import { createContext, createEffect, createSignal, onCleanup, useContext } from 'solid-js'
import {
  type AccessorKind,
  accessorSignals,
  createRealtimeSignals,
  type RealtimeParts,
} from 'wirefold/signals'
import type { list } from '../shared-list/contract.ts'

/** The context of the parts of the client. */
export const Realtime = createContext<RealtimeParts>()

export const { useConnection, useList } = createRealtimeSignals<typeof list, AccessorKind>({
  signals: accessorSignals(createSignal),
  read: (get) => get(),
  effect: (run) =>
    createEffect(() => {
      const end = run()
      if (end) onCleanup(end)
    }),
  inject: () => useContext(Realtime),
})
