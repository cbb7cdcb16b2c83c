import { getContext, setContext } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import { createRealtimeRunes } from 'wirefold/svelte'

const effect = (run: () => (() => void) | undefined): void => {
  $effect(run)
}

/** The composables of an application of Svelte 5. */
export const runes = createRealtimeRunes({ getContext, setContext, createSubscriber, effect })
