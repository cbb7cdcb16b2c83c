import { effect, type Signal, signal } from '@preact/signals-core'
import type { StoreKind } from 'wirefold'
import { createRealtimeSignals, realtime, valueSignals } from 'wirefold/signals'
import { api, client, load } from '../shared-list/client.ts'
import type { list } from '../shared-list/contract.ts'

interface PreactKind extends StoreKind {
  readonly store: Signal<this['value']>
}

const parts = realtime({ client, api })

/** What the page shows, as signals. */
const { useConnection, useList } = createRealtimeSignals<typeof list, PreactKind>({
  signals: valueSignals<PreactKind>(signal),
  read: ({ value }) => value,
  effect: (run) => effect(run),
  inject: () => parts,
})
export const { state } = useConnection()
export const { rows, create } = useList('entity:Item', { load })
