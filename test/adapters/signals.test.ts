import { effect, type Signal, signal } from '@preact/signals-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { computed, effectScope, type ShallowRef, shallowRef, watch } from 'vue'
import type { StoreKind } from 'wirefold'
import { createStore, storeFactory } from 'wirefold'
import { toSignal, valueSignals } from 'wirefold/signals'
import { type MakeStore, storeSuite } from 'wirefold/testing'
import { exposeGarbageCollector } from './garbage.ts'

interface PreactKind extends StoreKind {
  readonly store: Signal<this['value']>
}
interface VueKind extends StoreKind {
  readonly store: ShallowRef<this['value']>
}

const preact = valueSignals<PreactKind>(signal)
const vue = valueSignals<VueKind>(shallowRef)

/** Follows a ref like a component: in a scope that is stopped with the component. */
function followRef<T>(ref: ShallowRef<T>, run: (value: T) => void): () => void {
  const scope = effectScope(true)
  scope.run(() => watch(ref, (value) => run(value), { flush: 'sync' }))
  return () => scope.stop()
}

beforeAll(exposeGarbageCollector)

describe("Preact's signal, as a registry's store", () => {
  const make: MakeStore = (initial) => {
    const { store, set } = preact.create(initial)
    return { get: () => store.peek(), set, follow: (run) => effect(() => run(store.value)) }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))
})

describe("Preact's signal, following a store", () => {
  const make: MakeStore = (initial) => {
    const store = createStore(initial)
    return {
      get: () => toSignal(store, preact).signal.value,
      set: (value) => store.set(value),
      follow(run) {
        const following = toSignal(store, preact)
        const dispose = effect(() => run(following.signal.value))
        return () => {
          dispose()
          following.stop()
        }
      },
    }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))
})

describe("Vue's shallowRef, as a registry's store", () => {
  const make: MakeStore = (initial) => {
    const { store, set } = vue.create(initial)
    return { get: () => store.value, set, follow: (run) => followRef(store, run) }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))

  it('updates values computed from it', () => {
    const { store, set } = vue.create(2)
    const double = computed(() => store.value * 2)
    expect(double.value).toBe(4)
    set(3)
    expect(double.value).toBe(6)
  })
})

describe("Vue's shallowRef, following a store", () => {
  const make: MakeStore = (initial) => {
    const store = createStore(initial)
    return {
      get: () => toSignal(store, vue).signal.value,
      set: (value) => store.set(value),
      follow(run) {
        const following = toSignal(store, vue)
        const stop = followRef(following.signal, run)
        return () => {
          stop()
          following.stop()
        }
      },
    }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))
})

describe('toSignal', () => {
  it('starts with the current value, and keeps the last one after stop', () => {
    const store = createStore('a')
    const { signal: following, stop } = toSignal(store, preact)
    expect(following.value).toBe('a')
    store.set('b')
    expect(following.value).toBe('b')
    stop()
    stop()
    store.set('c')
    expect(following.value).toBe('b')
  })

  it('copies a store into a store of any factory, including the built-in one', () => {
    const store = createStore(1)
    const { signal: copy } = toSignal(store, storeFactory())
    store.set(2)
    expect(copy.get()).toBe(2)
  })
})
