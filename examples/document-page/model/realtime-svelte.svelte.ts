import { getContext, setContext } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import { createRealtimeRunes } from 'wirefold/svelte'

const effect = (run: () => (() => void) | undefined): void => {
  $effect(run)
}

/** The composables of this page. */
export const { provideRealtime, useList, usePresence } = createRealtimeRunes({
  ...{ getContext, setContext, createSubscriber, effect },
})
