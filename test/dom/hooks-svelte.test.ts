import { cleanup, render } from '@testing-library/svelte'
import { getContext, onMount, setContext, tick } from 'svelte'
import { fromStore, type Readable, writable } from 'svelte/store'
import { afterEach } from 'vitest'
import { createRealtimeStores, type RealtimeOptions, type Rune } from 'wirefold/svelte'
import type { Component, Framework, SuiteHooks } from '../adapters/hooks-suite.ts'
import { hooksSuite } from '../adapters/hooks-suite.ts'
import HooksPage from './HooksPage.svelte'
import { runes } from './svelte-hooks.svelte.ts'

afterEach(cleanup)

interface Made {
  provideRealtime(options: RealtimeOptions): void
}

/** Components of Svelte; `keyed` ones are made anew for another name. */
const svelte = (
  { provideRealtime, ...hooks }: Made,
  value: (shown: unknown) => unknown,
  keyed: boolean,
): Framework => ({
  open(options, components, name) {
    const shown: unknown[] = []
    let actions: ReturnType<Component> | undefined
    const { rerender, unmount } = render(HooksPage, {
      ...{ options, components, name, keyed, provide: provideRealtime },
      setup: { hooks: hooks as unknown as SuiteHooks, value },
      onShow(index: number, made: ReturnType<Component>, now: unknown) {
        shown[index] = now
        if (index === 0) actions = made
      },
    })
    return {
      shown: () => shown,
      action: (action) => actions?.[action] as () => unknown,
      rename: (next) => void rerender({ name: next }),
      unmount,
    }
  },
  async during(step) {
    await step()
    await tick()
  },
})

hooksSuite(
  'Svelte 5',
  svelte(runes, (rune) => (rune as Rune<unknown>).current, false),
)

const followed = new WeakMap<object, { readonly current: unknown }>()
hooksSuite(
  'stores of Svelte',
  svelte(
    createRealtimeStores({ getContext, setContext, onMount, writable }),
    (shown) => {
      const store = shown as Readable<unknown>
      const rune = followed.get(store) ?? fromStore(store)
      followed.set(store, rune)
      return rune.current
    },
    true,
  ),
)
