import { assertSame, type SuiteCase } from './suite-case.ts'

/**
 * The contract of every store that a registry sets, and of every adapter that shows one.
 *
 * The case about garbage collection runs only if there is a `globalThis.gc` (`node --expose-gc`).
 *
 * @example
 * import { type MakeStore, storeSuite } from 'wirefold/testing'
 *
 * function holdToTheSuite(make: MakeStore) {
 *   for (const { name, run } of storeSuite) it(name, () => run(make))
 * }
 */
export const storeSuite: readonly SuiteCase<MakeStore>[] = [
  {
    name: 'holds the value it is made with',
    run: async (make) => assertSame(make('first').get(), 'first'),
  },
  {
    name: 'holds the value it is set to, with and without followers',
    async run(make) {
      const store = make(1)
      store.set(2)
      await store.settle?.()
      assertSame(store.get(), 2)
      await follow(store)
      store.set(3)
      await store.settle?.()
      assertSame(store.get(), 3)
    },
  },
  {
    name: 'calls a follower for every change, once',
    async run(make) {
      const store = make(1)
      const { received } = await follow(store)
      await change(store, 2)
      await change(store, 3)
      assertSame(received, [2, 3])
    },
  },
  {
    name: 'calls no follower when it is set to the value it has',
    async run(make) {
      const store = make<string | undefined>(undefined)
      const { received } = await follow(store)
      await change(store, undefined)
      await change(store, 'a')
      await change(store, 'a')
      assertSame(received, ['a'])
    },
  },
  {
    name: 'does not call a follower that stopped, and lets it stop twice',
    async run(make) {
      const store = make(1)
      const { received, stop } = await follow(store)
      stop()
      stop()
      await change(store, 2)
      assertSame(received, [])
    },
  },
  {
    name: 'still calls the other followers when one stops, even twice',
    async run(make) {
      const store = make(1)
      const one = await follow(store)
      const other = await follow(store)
      await change(store, 2)
      one.stop()
      one.stop()
      await change(store, 3)
      assertSame(one.received, [2])
      assertSame(other.received, [2, 3])
    },
  },
  {
    name: 'lets a follower stop while it is called',
    async run(make) {
      const store = make(1)
      const received: number[] = []
      const stop = store.follow((value) => {
        received.push(value)
        if (value === 2) stop()
      })
      await store.settle?.()
      await change(store, 2)
      await change(store, 3)
      assertSame(received.at(-1), 2)
    },
  },
  {
    name: 'shows a new follower the changes made while it had none',
    async run(make) {
      const store = make(1)
      const gone = await follow(store)
      gone.stop()
      await change(store, 2)
      const { received } = await follow(store)
      assertSame(store.get(), 2)
      await change(store, 3)
      assertSame(received, [3])
    },
  },
  {
    name: 'holds nothing as a value: undefined and null',
    async run(make) {
      const store = make<number | undefined | null>(1)
      const { received } = await follow(store)
      await change(store, undefined)
      await change(store, null)
      assertSame(received, [undefined, null])
      assertSame(store.get(), null)
    },
  },
  {
    name: 'holds a function as a value and does not call it',
    async run(make) {
      let calls = 0
      const first = () => calls++
      const second = () => calls++
      const store = make(first)
      const { received } = await follow(store)
      assertSame(store.get(), first)
      await change(store, second)
      assertSame(received, [second])
      assertSame(calls, 0)
    },
  },
  {
    name: 'holds an object as it is, and treats a new one with the same members as a change',
    async run(make) {
      const before = Object.freeze({ list: Object.freeze([1]) })
      const after = Object.freeze({ list: before.list })
      const store = make(before)
      const { received } = await follow(store)
      assertSame(store.get(), before)
      await change(store, after)
      assertSame(received.length, 1)
      assertSame(received[0], after)
      assertSame(store.get(), after)
    },
  },
  {
    name: 'keeps two stores apart',
    async run(make) {
      const one = make(1)
      const other = make(10)
      const { received } = await follow(other)
      await change(one, 2)
      assertSame(other.get(), 10)
      assertSame(received, [])
    },
  },
  {
    name: 'leaves every follower with the newest value when one of them sets it',
    async run(make) {
      const store = make(1)
      const before = await follow(store)
      store.follow((value) => {
        if (value === 2) store.set(3)
      })
      const after = await follow(store)
      await change(store, 2)
      assertSame(store.get(), 3)
      assertSame(before.received.at(-1), 3)
      assertSame(after.received.at(-1), 3)
    },
  },
  {
    name: 'forgets a follower that stopped',
    async run(make) {
      if (!garbageCollector()) return
      const store = make(1)
      const gone = await followAndStop(store)
      await change(store, 2)
      await collected(gone)
      assertSame(gone.deref(), undefined)
      // The store is still in use, so that it was not the store that was collected.
      assertSame(store.get(), 2)
    },
  },
]

/** A store under test, of any library: functions to read, set and follow it. */
export interface StoreHarness<T> {
  /** Returns the current value, read in the way of the library. */
  get(): T
  /** Sets the value, as the factory's `set` does. */
  set(value: T): void
  /** Calls `run` after every change, and at once where the library does, until stopped. */
  follow(run: (value: T) => void): () => void
  /** Waits until followers have been called, also for values they set; for deferred libraries. */
  settle?(): void | Promise<void>
}

/** Creates a store under test. */
export type MakeStore = <T>(initial: T) => StoreHarness<T>

/** Follows a store and records its values from now on. */
async function follow<T>(store: StoreHarness<T>) {
  const received: T[] = []
  const stop = store.follow((value) => received.push(value))
  await store.settle?.()
  received.length = 0
  return { received, stop }
}

/**
 * Follows a store and stops. A function of its own, so that no follower stays on the caller's
 * stack.
 */
async function followAndStop(store: StoreHarness<number>): Promise<WeakRef<object>> {
  const follower = (value: number) => void value
  const stop = store.follow(follower)
  await store.settle?.()
  stop()
  await store.settle?.()
  return new WeakRef(follower)
}

/** Returns the garbage collector, available under `node --expose-gc`. */
function garbageCollector(): (() => void) | undefined {
  return (globalThis as { readonly gc?: () => void }).gc
}

async function collected(ref: WeakRef<object>): Promise<void> {
  for (let round = 0; round < 10 && ref.deref(); round++) {
    // A WeakRef that was read keeps its target until the running task ends.
    await new Promise((resolve) => setTimeout(resolve, 0))
    garbageCollector()?.()
  }
}

async function change<T>(store: StoreHarness<T>, value: T): Promise<void> {
  store.set(value)
  await store.settle?.()
}
