import type { Readable } from '../../base/store.ts'
import { assertSame, type SuiteCase } from './suite-case.ts'

/** The contract of wirefold's own stores, beyond that of every store. */
export const readableSuite: readonly SuiteCase<MakeReadable>[] = [
  {
    name: 'calls a subscriber at once and after every change',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const received: number[] = []
      store.subscribe((value) => received.push(value))
      assertSame(received, [1])
      await change(harness, 2)
      assertSame(received, [1, 2])
    },
  },
  {
    name: 'calls a listener after every change only',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const received: number[] = []
      store.listen((value) => received.push(value))
      await harness.settle?.()
      assertSame(received, [])
      await change(harness, 2)
      assertSame(received, [2])
    },
  },
  {
    name: 'has its new value before any follower is called',
    async run(make) {
      const { store, set } = make(1, rethrow)
      set(2)
      assertSame(store.get(), 2)
    },
  },
  {
    name: 'calls followers in the order in which they were added',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const order: string[] = []
      for (const name of ['a', 'b', 'c']) store.listen(() => order.push(name))
      await change(harness, 2)
      assertSame(order, ['a', 'b', 'c'])
    },
  },
  {
    name: 'treats one function added twice as two followers, released one by one',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const received: number[] = []
      const run = (value: number) => received.push(value)
      const first = store.listen(run)
      const second = store.listen(run)
      await change(harness, 2)
      first()
      first()
      await change(harness, 3)
      second()
      await change(harness, 4)
      assertSame(received, [2, 2, 3])
    },
  },
  {
    name: 'does not call a follower that another released during the same change',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const received: number[] = []
      store.listen(() => release())
      const release = store.listen((value) => received.push(value))
      await change(harness, 2)
      assertSame(received, [])
    },
  },
  {
    name: 'still calls the others when a follower releases itself',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const received: number[] = []
      const release = store.listen(() => release())
      store.listen((value) => received.push(value))
      await change(harness, 2)
      assertSame(received, [2])
    },
  },
  {
    name: 'does not call a follower for the change during which it was added',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const received: number[] = []
      const release = store.listen(() => {
        release()
        store.listen((value) => received.push(value))
      })
      await change(harness, 2)
      assertSame(received, [])
      await change(harness, 3)
      assertSame(received, [3])
    },
  },
  {
    name: 'reports what a follower throws, and calls the others',
    async run(make) {
      const reported: unknown[] = []
      const { store, ...harness } = make(1, (error) => reported.push(error))
      const fault = new Error('follower')
      const received: number[] = []
      store.subscribe(() => {
        throw fault
      })
      assertSame(reported, [fault])
      store.listen((value) => received.push(value))
      await change(harness, 2)
      assertSame(reported, [fault, fault])
      assertSame(received, [2])
    },
  },
  {
    name: 'survives an error report that throws',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const received: number[] = []
      store.listen(() => {
        throw new Error('follower')
      })
      store.listen((value) => received.push(value))
      await change(harness, 2)
      assertSame(received, [2])
    },
  },
  {
    name: 'never passes a follower an older value after a newer one',
    async run(make) {
      const { store, ...harness } = make(1, rethrow)
      const before: number[] = []
      const after: number[] = []
      store.listen((value) => before.push(value))
      store.listen((value) => value < 5 && harness.set(value + 1))
      store.listen((value) => after.push(value))
      await change(harness, 2)
      for (const received of [before, after]) {
        assertSame(received, [...received].sort())
        assertSame(received.at(-1), 5)
      }
    },
  },
]

/** A store of wirefold's own kind under test. */
export interface ReadableHarness<T> {
  /** The store under test. */
  readonly store: Readable<T>
  /** Sets the value of the store. */
  set(value: T): void
  /** Waits until followers have been called, also for values they set; for deferred stores. */
  settle?(): void | Promise<void>
}

/** Creates a store of wirefold's own kind; `onError` receives the errors of its followers. */
export type MakeReadable = <T>(initial: T, onError: (error: unknown) => void) => ReadableHarness<T>

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
