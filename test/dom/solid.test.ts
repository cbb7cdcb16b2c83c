import { createMemo, createRenderEffect, createRoot, createSignal, onCleanup } from 'solid-js'
import { render } from 'solid-js/web'
import { beforeAll, describe, expect, it } from 'vitest'
import { createStore } from 'wirefold'
import { accessorSignals, toSignal } from 'wirefold/signals'
import { type MakeStore, storeSuite } from 'wirefold/testing'
import { exposeGarbageCollector } from '../adapters/garbage.ts'

beforeAll(exposeGarbageCollector)

const solid = accessorSignals(createSignal)

/** Follows a signal like a component: under an owner that is disposed of with it. */
function followSignal<T>(accessor: () => T, run: (value: T) => void): () => void {
  return createRoot((dispose) => {
    createRenderEffect(() => run(accessor()))
    return dispose
  })
}

describe("Solid's signal, as a registry's store", () => {
  const make: MakeStore = (initial) => {
    const { store, set } = solid.create(initial)
    return { get: () => store(), set, follow: (run) => followSignal(store, run) }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))

  it('updates values computed from it, and the page', () => {
    const { store, set } = solid.create(2)
    const container = document.createElement('div')
    const dispose = render(() => {
      const double = createMemo(() => store() * 2)
      const text = document.createTextNode('')
      createRenderEffect(() => {
        text.data = String(double())
      })
      return text
    }, container)
    expect(container.textContent).toBe('4')
    set(3)
    expect(container.textContent).toBe('6')
    dispose()
  })
})

describe("Solid's signal, following a store", () => {
  const make: MakeStore = (initial) => {
    const store = createStore(initial)
    return {
      get: () => toSignal(store, solid).signal(),
      set: (value) => store.set(value),
      follow: (run) =>
        createRoot((dispose) => {
          const { signal, stop } = toSignal(store, solid)
          onCleanup(stop)
          createRenderEffect(() => run(signal()))
          return dispose
        }),
    }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))
})
