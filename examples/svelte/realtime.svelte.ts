import { getContext, setContext } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import { createRealtimeRunes } from 'wirefold/svelte'
import type { list } from '../shared-list/contract.ts'

export const { provideRealtime, useConnection, useList } = createRealtimeRunes<typeof list>({
  ...{ getContext, setContext, createSubscriber },
  effect: (run) => {
    $effect(run)
  },
})
