import { describe, expect, it, vi } from 'vitest'
import { createStore } from 'wirefold'
import type { SuiteCase } from 'wirefold/testing'
import {
  type MakeReadable,
  type MakeStore,
  readableSuite,
  type StoreHarness,
  storeSuite,
} from 'wirefold/testing'
import { exposeGarbageCollector } from './garbage.ts'

/** Returns the names of the cases that a store fails. */
async function broken<Make>(suite: readonly SuiteCase<Make>[], make: Make): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of suite) await run(make).catch(() => names.push(name))
  return names
}

/** A correct store with one defect. */
const defective =
  (alter: <T>(store: StoreHarness<T>) => Partial<StoreHarness<T>>): MakeStore =>
  (initial) => {
    const inner = createStore(initial)
    const store = {
      get: () => inner.get(),
      set: (value: typeof initial) => inner.set(value),
      follow: (run: (value: typeof initial) => void) => inner.listen(run),
    }
    return { ...store, ...alter(store) }
  }

describe('the store suite', () => {
  const defects: Record<string, [alter: MakeStore, caught: string[]]> = {
    'calls followers that stopped': [
      defective(({ follow }) => ({
        follow(run) {
          follow(run)
          return () => {}
        },
      })),
      [
        'does not call a follower that stopped, and lets it stop twice',
        'still calls the other followers when one stops, even twice',
        'lets a follower stop while it is called',
        'forgets a follower that stopped',
      ],
    ],
    'never calls followers': [
      defective(() => ({ follow: () => () => {} })),
      [
        'calls a follower for every change, once',
        'calls no follower when it is set to the value it has',
        'still calls the other followers when one stops, even twice',
        'shows a new follower the changes made while it had none',
        'leaves every follower with the newest value when one of them sets it',
      ],
    ],
    'calls followers twice': [
      defective(({ follow }) => ({
        follow: (run) =>
          follow((value) => {
            run(value)
            run(value)
          }),
      })),
      ['calls a follower for every change, once'],
    ],
    'calls a function that is set': [
      defective(({ set }) => ({
        set: (value) => set(typeof value === 'function' ? value() : value),
      })),
      ['holds a function as a value and does not call it'],
    ],
    'copies objects': [
      defective(({ set }) => ({
        set: (value) => set(Array.isArray(value) ? value : clone(value)),
      })),
      ['holds an object as it is, and treats a new one with the same members as a change'],
    ],
    'does not take undefined': [
      defective(({ set }) => ({ set: (value) => value !== undefined && set(value) })),
      ['holds nothing as a value: undefined and null'],
    ],
    'keeps followers that stopped': [
      defective(({ follow }) => {
        const kept: unknown[] = []
        return {
          get: () => kept[0] as never,
          follow(run) {
            kept.push(run)
            return follow(run)
          },
        }
      }),
      ['forgets a follower that stopped'],
    ],
  }
  for (const [what, [make, caught]] of Object.entries(defects)) {
    it(`detects a store that ${what}`, async () => {
      exposeGarbageCollector()
      expect(await broken(storeSuite, make)).toEqual(expect.arrayContaining(caught))
    })
  }

  it('detects a store that notifies of equal values, each listener with the first value', async () => {
    const make: MakeStore = (initial) => {
      const runs = new Set<(value: typeof initial) => void>()
      let value = initial
      return {
        get: () => value,
        set(next) {
          value = next
          for (const run of [...runs]) run(next)
        },
        follow(run) {
          runs.add(run)
          return () => runs.delete(run)
        },
      }
    }
    expect(await broken(storeSuite, make)).toEqual([
      'calls no follower when it is set to the value it has',
      'leaves every follower with the newest value when one of them sets it',
    ])
  })

  it('detects stores that share a value', async () => {
    const shared = createStore<unknown>(undefined)
    const make = ((initial: unknown) => {
      shared.set(initial)
      return {
        get: () => shared.get(),
        set: (value: unknown) => shared.set(value),
        follow: (run: (value: unknown) => void) => shared.listen(run),
      }
    }) as MakeStore
    expect(await broken(storeSuite, make)).toContain('keeps two stores apart')
  })
})

describe('the readable suite', () => {
  it('detects the usual mistakes of a naive store', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const make: MakeReadable = (initial) => {
      const runs = new Set<(value: typeof initial) => void>()
      let value = initial
      const listen = (run: (value: typeof initial) => void) => {
        runs.add(run)
        return () => runs.delete(run)
      }
      return {
        store: { get: () => value, listen, subscribe: listen },
        set(next) {
          const called = [...runs]
          for (const run of called) run(next)
          value = next
        },
      }
    }
    expect(await broken(readableSuite, make)).toEqual([
      'calls a subscriber at once and after every change',
      'treats one function added twice as two followers, released one by one',
      'does not call a follower that another released during the same change',
      'reports what a follower throws, and calls the others',
      'survives an error report that throws',
      'never passes a follower an older value after a newer one',
    ])
  })
})

function clone<T>(value: T): T {
  return typeof value === 'object' && value !== null ? { ...value } : value
}
