import { createSubscriber } from 'svelte/reactivity'
import { derived, get, readable, writable } from 'svelte/store'
import { beforeAll, describe, expect, it } from 'vitest'
import { createStore } from 'wirefold'
import { fromReadable, svelteStores } from 'wirefold/svelte'
import { type MakeStore, storeSuite } from 'wirefold/testing'
import { exposeGarbageCollector } from './garbage.ts'

beforeAll(exposeGarbageCollector)

describe("Svelte's writable, as a registry's store", () => {
  const make: MakeStore = (initial) => {
    const { store, set } = svelteStores(writable).create(initial)
    return { get: () => get(store), set, follow: (run) => store.subscribe(run) }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))

  it('is the object that writable returned', () => {
    const made: unknown[] = []
    const factory = svelteStores((initial) => {
      const store = writable(initial)
      made.push(store)
      return store
    })
    expect(made).not.toContain(undefined)
    expect(factory.create(1).store).toBe(made[0])
  })
})

describe("a built-in store, by Svelte's contract", () => {
  const make: MakeStore = (initial) => {
    const store = createStore(initial)
    return {
      get: () => get(store),
      set: (value) => store.set(value),
      follow: (run) => store.subscribe(run),
    }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))

  it('can be combined with a store of Svelte in a derived store', () => {
    const count = createStore(2)
    const product = derived([count, readable(10)], ([a, b]) => a * b)
    const received: number[] = []
    const stop = product.subscribe((value) => received.push(value))
    count.set(3)
    stop()
    count.set(4)
    expect(received).toEqual([20, 30])
  })
})

describe('fromReadable on a server', () => {
  it('reads the current value, and adds no listener', () => {
    const store = createStore('a')
    const rune = fromReadable(store, createSubscriber)
    store.set('b')
    expect(rune.current).toBe('b')
  })
})
