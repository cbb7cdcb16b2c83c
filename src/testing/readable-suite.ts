import type { Readable } from '../base/store.ts'
import { assertSame, type SuiteCase } from './suite-case.ts'

/** A store of wirefold's own kind under test. */
export interface ReadableHarness<T> {
  readonly store: Readable<T>
  set(value: T): void
  /** Waits until all is told, also what followers set meanwhile; for stores that tell later. */
  settle?(): void | Promise<void>
}

/** Makes a store of wirefold's own kind; `onError` receives what its followers throw. */
export type MakeReadable = <T>(initial: T, onError: (error: unknown) => void) => ReadableHarness<T>

/** What wirefold's own stores keep besides what every kind of store keeps. */
export const readableSuite: readonly SuiteCase<MakeReadable>[] = [
  {
    name: 'calls a subscriber at once and after every change',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const heard: number[] = []
      store.subscribe((value) => heard.push(value))
      assertSame(heard, [1])
      await change(harness, 2)
      assertSame(heard, [1, 2])
    },
  },
  {
    name: 'calls a listener after every change only',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const heard: number[] = []
      store.listen((value) => heard.push(value))
      await harness.settle?.()
      assertSame(heard, [])
      await change(harness, 2)
      assertSame(heard, [2])
    },
  },
  {
    name: 'has its new value before anybody hears of it',
    async run(make) {
      const { store, set } = make(1, rethrow)
      set(2)
      assertSame(store.get(), 2)
    },
  },
  {
    name: 'tells followers in the order they came',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const order: string[] = []
      for (const name of ['a', 'b', 'c']) store.listen(() => order.push(name))
      await change(harness, 2)
      assertSame(order, ['a', 'b', 'c'])
    },
  },
  {
    name: 'takes one function twice as two followers, released one by one',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const heard: number[] = []
      const run = (value: number) => heard.push(value)
      const first = store.listen(run)
      const second = store.listen(run)
      await change(harness, 2)
      first()
      first()
      await change(harness, 3)
      second()
      await change(harness, 4)
      assertSame(heard, [2, 2, 3])
    },
  },
  {
    name: 'does not call a follower that another released during the same change',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const heard: number[] = []
      store.listen(() => release())
      const release = store.listen((value) => heard.push(value))
      await change(harness, 2)
      assertSame(heard, [])
    },
  },
  {
    name: 'still calls the others when a follower releases itself',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const heard: number[] = []
      const release = store.listen(() => release())
      store.listen((value) => heard.push(value))
      await change(harness, 2)
      assertSame(heard, [2])
    },
  },
  {
    name: 'does not tell a follower the change it was added during',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const heard: number[] = []
      const release = store.listen(() => {
        release()
        store.listen((value) => heard.push(value))
      })
      await change(harness, 2)
      assertSame(heard, [])
      await change(harness, 3)
      assertSame(heard, [3])
    },
  },
  {
    name: 'reports what a follower throws, and tells the others',
    async run(make) {
      const reported: unknown[] = []
      const { store, ...harness } = make(1, (error) => reported.push(error))
      const fault = new Error('follower')
      const heard: number[] = []
      store.subscribe(() => {
        throw fault
      })
      assertSame(reported, [fault])
      store.listen((value) => heard.push(value))
      await change(harness, 2)
      assertSame(reported, [fault, fault])
      assertSame(heard, [2])
    },
  },
  {
    name: 'survives an error report that throws',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const heard: number[] = []
      store.listen(() => {
        throw new Error('follower')
      })
      store.listen((value) => heard.push(value))
      await change(harness, 2)
      assertSame(heard, [2])
    },
  },
  {
    name: 'never goes back: nobody hears an older value after a newer one',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const before: number[] = []
      const after: number[] = []
      store.listen((value) => before.push(value))
      store.listen((value) => value < 5 && harness.set(value + 1))
      store.listen((value) => after.push(value))
      await change(harness, 2)
      for (const heard of [before, after]) {
        assertSame(heard, [...heard].sort())
        assertSame(heard.at(-1), 5)
      }
    },
  },
]

async function change<T>(
  store: Pick<ReadableHarness<T>, 'set' | 'settle'>,
  value: T,
): Promise<void> {
  store.set(value)
  await store.settle?.()
}

function rethrow(error: unknown): void {
  throw error
}
