import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NotifyMode } from 'wirefold'
import { createStore, storeFactory } from 'wirefold'
import { type MakeReadable, type MakeStore, readableSuite, storeSuite } from 'wirefold/testing'
import { exposeGarbageCollector } from '../adapters/garbage.ts'

beforeAll(exposeGarbageCollector)
beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** Runs the due frames, and those requested meanwhile. */
const frames: (() => void)[] = []
const runFrames = () => {
  for (let run = frames.shift(); run; run = frames.shift()) run()
}

const settling: Record<NotifyMode, { readonly settle?: () => void | Promise<void> }> = {
  sync: {},
  // A microtask that sets a store causes another one.
  microtask: {
    async settle() {
      for (let round = 0; round < 10; round++) await Promise.resolve()
    },
  },
  frame: { settle: runFrames },
}

for (const notify of ['sync', 'microtask', 'frame'] as const) {
  describe(`a built-in store with notify: ${notify}`, () => {
    const make: MakeStore = (initial) => {
      const { store, set } = storeFactory({ notify }).create(initial)
      return {
        get: () => store.get(),
        set,
        follow: (run) => store.listen(run),
        ...settling[notify],
      }
    }
    for (const { name, run } of storeSuite) it(name, () => run(make))

    const makeReadable: MakeReadable = (initial, onError) => {
      vi.spyOn(console, 'error').mockImplementation(() => {})
      return { ...storeFactory({ notify, onError }).create(initial), ...settling[notify] }
    }
    for (const { name, run } of readableSuite) it(name, () => run(makeReadable))
  })
}

describe('createStore', () => {
  it('has its initial value', () => {
    const single = createStore('a')
    single.set('b')
    const { store, set } = storeFactory().create('a')
    set('b')
    expect([single.initial?.(), store.initial?.()]).toEqual(['a', 'a'])
  })

  it('can be set and read through one object', () => {
    const store = createStore(1)
    store.set(2)
    expect(store.get()).toBe(2)
  })

  it('treats NaN as equal to NaN, and -0 as different from 0', () => {
    const store = createStore(Number.NaN)
    const received = vi.fn()
    store.listen(received)
    store.set(Number.NaN)
    expect(received).not.toHaveBeenCalled()
    store.set(0)
    store.set(-0)
    expect(received).toHaveBeenCalledTimes(2)
  })

  it('prints the exception of a listener if there is no onError', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const fault = new Error('follower')
    createStore(1).subscribe(() => {
      throw fault
    })
    expect(print.mock.calls).toEqual([[fault]])
  })

  it('prints both errors when the report of an error throws', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const store = createStore(1, {
      onError: () => {
        throw 'report'
      },
    })
    store.subscribe(() => {
      throw 'follower'
    })
    expect(print.mock.calls).toEqual([['follower'], ['report']])
  })

  it('calls listeners at once by default', () => {
    const store = createStore(1)
    const received = vi.fn()
    store.listen(received)
    store.set(2)
    expect(received.mock.calls).toEqual([[2]])
  })
})

describe('stores that share a schedule', () => {
  it('call listeners once for many changes in one task, with the last value', async () => {
    const { store, set } = storeFactory({ notify: 'microtask' }).create(0)
    const received = vi.fn()
    store.listen(received)
    for (let value = 1; value <= 100; value++) set(value)
    expect(received).not.toHaveBeenCalled()
    await Promise.resolve()
    expect(received.mock.calls).toEqual([[100]])
  })

  it('notify together, each once, in the order in which they first changed', async () => {
    const factory = storeFactory({ notify: 'microtask' })
    const a = factory.create('a')
    const b = factory.create('b')
    const received: string[] = []
    a.store.listen((value) => received.push(value))
    b.store.listen((value) => received.push(value))
    b.set('b1')
    a.set('a1')
    b.set('b2')
    await Promise.resolve()
    expect(received).toEqual(['b2', 'a1'])
  })

  it('notify of a change made during a notification in a separate round', async () => {
    const factory = storeFactory({ notify: 'microtask' })
    const a = factory.create(0)
    const b = factory.create(0)
    const received: string[] = []
    b.store.listen((value) => received.push(`b${value}`))
    a.store.listen((value) => {
      received.push(`a${value}`)
      b.set(value)
    })
    a.set(1)
    await Promise.resolve()
    expect(received).toEqual(['a1'])
    await Promise.resolve()
    expect(received).toEqual(['a1', 'b1'])
  })

  it('request one microtask for any number of changes', () => {
    const requested = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {})
    const factory = storeFactory({ notify: 'microtask' })
    const one = factory.create(0)
    const other = factory.create(0)
    one.store.listen(() => {})
    other.store.listen(() => {})
    for (let value = 1; value <= 5; value++) one.set(value)
    other.set(1)
    expect(requested).toHaveBeenCalledTimes(1)
  })

  it('request nothing while there is no listener', () => {
    const requested = vi.spyOn(globalThis, 'queueMicrotask')
    storeFactory({ notify: 'microtask' }).create(0).set(1)
    expect(requested).not.toHaveBeenCalled()
  })

  it('still notify other listeners if a listener and onError throw', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const factory = storeFactory({
      notify: 'microtask',
      onError: () => {
        throw 'report'
      },
    })
    const a = factory.create(0)
    const b = factory.create(0)
    a.store.listen(() => {
      throw 'follower'
    })
    const received = vi.fn()
    b.store.listen(received)
    a.set(1)
    b.set(1)
    await Promise.resolve()
    expect(received).toHaveBeenCalledTimes(1)
  })
})

describe('a store that notifies with `frame`', () => {
  it('waits for the next animation frame, however late', () => {
    const store = createStore(0, { notify: 'frame' })
    const received = vi.fn()
    store.listen(received)
    for (let value = 1; value <= 1000; value++) store.set(value)
    expect(frames).toHaveLength(1)
    expect(received).not.toHaveBeenCalled()
    runFrames()
    expect(received.mock.calls).toEqual([[1000]])
  })

  it('uses a timer of 16 ms if there are no frames', () => {
    vi.useFakeTimers()
    vi.stubGlobal('requestAnimationFrame', undefined)
    const store = createStore(0, { notify: 'frame' })
    const received = vi.fn()
    store.listen(received)
    store.set(1)
    vi.advanceTimersByTime(15)
    expect(received).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(received.mock.calls).toEqual([[1]])
  })
})
