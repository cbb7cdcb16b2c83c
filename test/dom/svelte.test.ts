import { cleanup, render, screen } from '@testing-library/svelte'
import { flushSync, tick } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import { writable } from 'svelte/store'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createStore } from 'wirefold'
import { fromReadable, svelteStores } from 'wirefold/svelte'
import { type MakeStore, storeSuite } from 'wirefold/testing'
import { exposeGarbageCollector } from '../adapters/garbage.ts'
import Followers from './Followers.svelte'
import { followRune } from './follow-rune.svelte.ts'

beforeAll(exposeGarbageCollector)
afterEach(cleanup)

const shown = (id: string) => screen.getByTestId(id).textContent

/** A store, and the number of its listeners. */
function countedStore<T>(initial: T) {
  const store = createStore(initial)
  const listeners = new Set<symbol>()
  const { listen } = store
  const spy = vi.spyOn(store, 'listen').mockImplementation((run) => {
    const id = Symbol()
    listeners.add(id)
    const off = listen.call(store, run)
    return () => {
      listeners.delete(id)
      off()
    }
  })
  return { store, listen: spy, live: () => listeners.size }
}

function renderFollowers(initial: string) {
  const { store, ...counted } = countedStore(initial)
  const stored = svelteStores(writable).create(initial)
  const onRun = vi.fn()
  const component = render(Followers, { store, stored: stored.store, onRun })
  return { ...component, ...counted, store, stored, onRun }
}

describe('a Svelte component', () => {
  it('shows a store by $, by a rune, and by a value derived from it', async () => {
    const { store, stored } = renderFollowers('a')
    expect(['dollar', 'rune', 'derived', 'stored'].map(shown)).toEqual(['a', 'a', 'A', 'a'])
    store.set('b')
    stored.set('c')
    await tick()
    expect(['dollar', 'rune', 'derived', 'stored'].map(shown)).toEqual(['b', 'b', 'B', 'c'])
  })

  it('follows with one listener for all readers of a rune, and removes it', async () => {
    const { store, listen, live, unmount, onRun } = renderFollowers('a')
    // The second one is `$store`.
    expect(listen).toHaveBeenCalledTimes(2)
    store.set('b')
    await tick()
    expect(listen).toHaveBeenCalledTimes(2)
    expect(live()).toBe(2)
    expect(onRun.mock.calls).toEqual([['a'], ['b']])
    unmount()
    await tick()
    store.set('c')
    await tick()
    expect(onRun).toHaveBeenCalledTimes(2)
    expect(live()).toBe(0)
  })

  it('follows another store when it receives one', async () => {
    const { rerender, store, live, onRun } = renderFollowers('a')
    const other = createStore('other')
    await rerender({ store: other })
    expect(['dollar', 'rune', 'derived'].map(shown)).toEqual(['other', 'other', 'OTHER'])
    await tick()
    store.set('b')
    await tick()
    expect(onRun.mock.calls).toEqual([['a'], ['other']])
    expect(live()).toBe(0)
  })
})

describe('fromReadable', () => {
  const make: MakeStore = (initial) => {
    const store = createStore(initial)
    const rune = fromReadable(store, createSubscriber)
    return {
      get: () => rune.current,
      set: (value) => store.set(value),
      follow: (run) => followRune(rune, run),
      async settle() {
        flushSync()
        await tick()
      },
    }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))

  it('reads the current value without listeners', () => {
    const store = createStore(1)
    const listen = vi.spyOn(store, 'listen')
    const rune = fromReadable(store, createSubscriber)
    store.set(2)
    expect(rune.current).toBe(2)
    expect(listen).not.toHaveBeenCalled()
  })
})
