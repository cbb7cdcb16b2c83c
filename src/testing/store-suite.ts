import { assertSame, type SuiteCase } from './suite-case.ts'

/** A store under test, of any library: how to set it, read it and follow it. */
export interface StoreHarness<T> {
  /** The value of this moment, read the library's way. */
  get(): T
  /** What the factory's `set` does. */
  set(value: T): void
  /** Calls `run` after every change, and at once where the library does, until stopped. */
  follow(run: (value: T) => void): () => void
  /** Waits until all is told, also what followers set meanwhile; for libraries that tell later. */
  settle?(): void | Promise<void>
}

/** Makes a store under test. */
export type MakeStore = <T>(initial: T) => StoreHarness<T>

/**
 * What every kind of store that a registry feeds has to keep, and every adapter that shows one.
 *
 * The case about forgetting looks only where `globalThis.gc` is there (`node --expose-gc`).
 *
 * @example
 * for (const { name, run } of storeSuite) it(name, () => run(make))
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
    name: 'tells a follower every change, once',
    async run(make) {
      const store = make(1)
      const { heard } = await follow(store)
      await change(store, 2)
      await change(store, 3)
      assertSame(heard, [2, 3])
    },
  },
  {
    name: 'tells nobody when it is set to the value it has',
    async run(make) {
      const store = make<string | undefined>(undefined)
      const { heard } = await follow(store)
      await change(store, undefined)
      await change(store, 'a')
      await change(store, 'a')
      assertSame(heard, ['a'])
    },
  },
  {
    name: 'tells a follower that stopped nothing more, and lets it stop twice',
    async run(make) {
      const store = make(1)
      const { heard, stop } = await follow(store)
      stop()
      stop()
      await change(store, 2)
      assertSame(heard, [])
    },
  },
  {
    name: 'tells the other followers when one stops, even twice',
    async run(make) {
      const store = make(1)
      const one = await follow(store)
      const other = await follow(store)
      await change(store, 2)
      one.stop()
      one.stop()
      await change(store, 3)
      assertSame(one.heard, [2])
      assertSame(other.heard, [2, 3])
    },
  },
  {
    name: 'lets a follower stop while it is told',
    async run(make) {
      const store = make(1)
      const heard: number[] = []
      const stop = store.follow((value) => {
        heard.push(value)
        if (value === 2) stop()
      })
      await store.settle?.()
      await change(store, 2)
      await change(store, 3)
      assertSame(heard.at(-1), 2)
    },
  },
  {
    name: 'shows a newcomer what changed while nobody followed',
    async run(make) {
      const store = make(1)
      const gone = await follow(store)
      gone.stop()
      await change(store, 2)
      const { heard } = await follow(store)
      assertSame(store.get(), 2)
      await change(store, 3)
      assertSame(heard, [3])
    },
  },
  {
    name: 'holds nothing as a value: undefined and null',
    async run(make) {
      const store = make<number | undefined | null>(1)
      const { heard } = await follow(store)
      await change(store, undefined)
      await change(store, null)
      assertSame(heard, [undefined, null])
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
      const { heard } = await follow(store)
      assertSame(store.get(), first)
      await change(store, second)
      assertSame(heard, [second])
      assertSame(calls, 0)
    },
  },
  {
    name: 'holds an object as it is, and tells a new one with the same members',
    async run(make) {
      const before = Object.freeze({ list: Object.freeze([1]) })
      const after = Object.freeze({ list: before.list })
      const store = make(before)
      const { heard } = await follow(store)
      assertSame(store.get(), before)
      await change(store, after)
      assertSame(heard.length, 1)
      assertSame(heard[0], after)
      assertSame(store.get(), after)
    },
  },
  {
    name: 'keeps two stores apart',
    async run(make) {
      const one = make(1)
      const other = make(10)
      const { heard } = await follow(other)
      await change(one, 2)
      assertSame(other.get(), 10)
      assertSame(heard, [])
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
      assertSame(before.heard.at(-1), 3)
      assertSame(after.heard.at(-1), 3)
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
      // Still in use here, so that it was not the store that went away.
      assertSame(store.get(), 2)
    },
  },
]

/** Follows a store and notes what it tells from now on. */
async function follow<T>(store: StoreHarness<T>) {
  const heard: T[] = []
  const stop = store.follow((value) => heard.push(value))
  await store.settle?.()
  heard.length = 0
  return { heard, stop }
}

/** A function of its own, so that nothing of the follower stays on the caller's stack. */
async function followAndStop(store: StoreHarness<number>): Promise<WeakRef<object>> {
  const follower = (value: number) => void value
  const stop = store.follow(follower)
  await store.settle?.()
  stop()
  await store.settle?.()
  return new WeakRef(follower)
}

/** Only there under `node --expose-gc`. */
function garbageCollector(): (() => void) | undefined {
  return (globalThis as { readonly gc?: () => void }).gc
}

async function collected(ref: WeakRef<object>): Promise<void> {
  for (let round = 0; round < 10 && ref.deref(); round++) {
    // A WeakRef holds on to what it was asked for until the running task ends.
    await new Promise((resolve) => setTimeout(resolve, 0))
    garbageCollector()?.()
  }
}

async function change<T>(store: StoreHarness<T>, value: T): Promise<void> {
  store.set(value)
  await store.settle?.()
}
