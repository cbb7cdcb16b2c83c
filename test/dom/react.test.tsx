import { act, cleanup, render, screen } from '@testing-library/react'
import {
  Activity,
  createContext,
  type ReactNode,
  StrictMode,
  startTransition,
  useEffect,
  useLayoutEffect,
} from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStore, type Readable } from 'wirefold'
import {
  type ChannelSource,
  type IsEqual,
  useOwned,
  useProvided,
  useReadable,
  useSubscription,
} from 'wirefold/react'
import { type MakeStore, storeSuite } from 'wirefold/testing'
import { exposeGarbageCollector } from '../adapters/garbage.ts'

beforeAll(exposeGarbageCollector)
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

interface Task {
  readonly title: string
  readonly done: boolean
  readonly tags: readonly string[]
}
const task: Task = { title: 'a', done: false, tags: ['x'] }

interface FollowProps<T, S> {
  readonly store: Readable<T>
  readonly selector: (value: T) => S
  readonly isEqual?: IsEqual<S>
  readonly onRender: (selected: S) => void
}

/** Calls `onRender` with the selected value, at every render. */
function Select<T, S>({ store, selector, isEqual, onRender }: FollowProps<T, S>) {
  // Inline, so that every render passes a new function.
  onRender(useReadable(store, (value) => selector(value), isEqual))
  return null
}

/** Calls `run` with every value that React has rendered. */
function Follow<T>({ store, run }: { store: Readable<T>; run: (value: T) => void }) {
  const value = useReadable(store)
  useEffect(() => {
    run(value)
  }, [run, value])
  return null
}

describe('useReadable, as a listener of a store', () => {
  beforeEach(() => {
    // Unmounting a root from its own effect, as one case does, works with a warning of React.
    vi.spyOn(console, 'error').mockImplementation(() => {})
  })

  const make: MakeStore = (initial) => {
    const store = createStore(initial)
    return {
      get: () => store.get(),
      set: (value) => act(() => store.set(value)),
      follow(run) {
        // Not `render`, which keeps every root until the end of the test.
        const root = createRoot(document.createElement('div'))
        act(() => root.render(<Follow store={store} run={run} />))
        return () => act(() => root.unmount())
      },
      // A value that a listener sets is rendered by a separate `act`.
      settle: () => act(async () => {}),
    }
  }
  for (const { name, run } of storeSuite) it(name, () => run(make))
})

describe('useReadable', () => {
  it('renders once for the first value and once for each change', () => {
    const store = createStore(1)
    const onRender = vi.fn()
    render(<Select store={store} selector={(value) => value} onRender={onRender} />)
    act(() => store.set(2))
    act(() => store.set(2))
    expect(onRender.mock.calls).toEqual([[1], [2]])
  })

  it('returns the value of the store itself without a selector', () => {
    const store = createStore({ n: 1 })
    const onValue = vi.fn()
    render(<Follow store={store} run={onValue} />)
    const sameMembers = { n: 1 }
    act(() => store.set(sameMembers))
    expect(onValue).toHaveBeenCalledTimes(2)
    expect(onValue.mock.lastCall?.[0]).toBe(sameMembers)
  })

  it('does not render for a change that it does not select', () => {
    const store = createStore(task)
    const onRender = vi.fn()
    render(<Select store={store} selector={(value) => value.title} onRender={onRender} />)
    act(() => store.set({ ...task, done: true }))
    expect(onRender.mock.calls).toEqual([['a']])
    act(() => store.set({ ...task, title: 'b' }))
    expect(onRender.mock.calls).toEqual([['a'], ['b']])
  })

  it.each([
    ['object', (value: Task) => ({ title: value.title, tags: value.tags })],
    ['array', (value: Task) => [value.title, ...value.tags]],
    ['object without a prototype', (value: Task) => Object.assign(Object.create(null), value.tags)],
  ])(
    'neither loops nor renders an unrelated change for a selector that returns a new %s',
    (_, selector) => {
      const print = vi.spyOn(console, 'error')
      const store = createStore(task)
      const onRender = vi.fn()
      render(
        <StrictMode>
          <Select store={store} selector={selector} onRender={onRender} />
        </StrictMode>,
      )
      const first = onRender.mock.calls.length
      act(() => store.set({ ...task, done: true }))
      expect(onRender).toHaveBeenCalledTimes(first)
      act(() => store.set({ title: 'b', done: true, tags: ['y'] }))
      expect(onRender.mock.calls.length).toBeGreaterThan(first)
      // React would warn if a snapshot were never equal.
      expect(print).not.toHaveBeenCalled()
    },
  )

  it('does not loop for a selection that is never equal, and renders it once per change', () => {
    const print = vi.spyOn(console, 'error')
    const store = createStore(task)
    const onRender = vi.fn()
    const selector = (value: Task) => [{ title: value.title }]
    render(<Select store={store} selector={selector} onRender={onRender} />)
    act(() => store.set({ ...task, done: true }))
    expect(onRender).toHaveBeenCalledTimes(2)
    expect(print).not.toHaveBeenCalled()
  })

  it('keeps an equal selection over renders with other causes', () => {
    const store = createStore(task)
    const selected: unknown[] = []
    const shown = () => (
      <Select
        store={store}
        selector={(value) => ({ tags: value.tags })}
        onRender={(value) => selected.push(value)}
      />
    )
    const { rerender } = render(shown())
    act(() => store.set({ ...task, done: true }))
    rerender(shown())
    rerender(shown())
    expect(selected).toHaveLength(3)
    expect(new Set(selected).size).toBe(1)
  })

  it.each([
    ['dates', new Date(1), new Date(2)],
    ['maps', new Map([[1, 1]]), new Map([[1, 2]])],
    ['sets', new Set([1]), new Set([2])],
    ['an array and an object', ['a'], { 0: 'a' }],
    ['objects with other keys', { a: undefined }, { b: undefined }],
    ['objects with fewer keys', { a: 1, b: 2 }, { a: 1 }],
    ['undefined and an object', undefined, {}],
    ['an object and null', {}, null],
    ['nested objects', { a: { b: 1 } }, { a: { b: 1 } }],
  ])('renders a change between %s', (_, before: unknown, after: unknown) => {
    const store = createStore(before)
    const onRender = vi.fn()
    render(<Select store={store} selector={(value) => value} onRender={onRender} />)
    act(() => store.set(after))
    expect(onRender).toHaveBeenCalledTimes(2)
    expect(onRender.mock.lastCall?.[0]).toBe(after)
  })

  it('uses the given isEqual, and keeps the previous selection', () => {
    const store = createStore(task)
    const onRender = vi.fn()
    render(
      <Select
        store={store}
        selector={(value) => ({ nested: { ...value } })}
        isEqual={(before, after) => before.nested.title === after.nested.title}
        onRender={onRender}
      />,
    )
    act(() => store.set({ ...task, done: true }))
    expect(onRender).toHaveBeenCalledTimes(1)
    act(() => store.set({ ...task, title: 'b' }))
    expect(onRender).toHaveBeenCalledTimes(2)
  })

  it('selects again when the selector depends on a changed prop', () => {
    const store = createStore<Record<string, string>>({ a: 'of a', b: 'of b' })
    const onRender = vi.fn()
    const shown = (key: string) => (
      <Select store={store} selector={(value) => value[key]} onRender={onRender} />
    )
    const { rerender } = render(shown('a'))
    rerender(shown('b'))
    expect(onRender.mock.lastCall).toEqual(['of b'])
  })

  it('follows another store when it receives one, and removes its listener from the first', () => {
    const one = createStore('one')
    const other = createStore('other')
    const onRender = vi.fn()
    const shown = (store: Readable<string>) => (
      <Select store={store} selector={(value) => value} onRender={onRender} />
    )
    const { rerender } = render(shown(one))
    rerender(shown(other))
    expect(onRender.mock.lastCall).toEqual(['other'])
    const renders = onRender.mock.calls.length
    act(() => one.set('changed'))
    expect(onRender).toHaveBeenCalledTimes(renders)
    act(() => other.set('changed too'))
    expect(onRender.mock.lastCall).toEqual(['changed too'])
  })

  it('receives a change made between its first render and its mounting', () => {
    const store = createStore(1)
    const onRender = vi.fn()
    render(
      <>
        <BeforeOthersListen run={() => store.set(2)} />
        <Select store={store} selector={(value) => value} onRender={onRender} />
      </>,
    )
    expect(onRender.mock.calls[0]).toEqual([1])
    expect(onRender.mock.lastCall).toEqual([2])
  })

  it('throws the exception of a selector during the render, where React handles it', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const store = createStore<{ title: string } | undefined>({ title: 'a' })
    const selector = (value: { title: string } | undefined) => {
      if (!value) throw new Error('no value')
      return value.title
    }
    render(<Select store={store} selector={selector} onRender={() => {}} />)
    expect(() => act(() => store.set(undefined))).toThrow('no value')
  })

  describe('in a transition that React renders in steps', () => {
    /** Returns the values that were shown together while the store changed during the render. */
    async function showWhileChanging(Column: typeof Tearing): Promise<string[]> {
      vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false)
      const store = createStore(0)
      const container = document.createElement('div')
      const root = createRoot(container)
      const seen: string[] = []
      const observer = new MutationObserver(() => {
        const texts = [...container.children].map((column) => column.textContent)
        seen.push([...new Set(texts)].join())
      })
      observer.observe(container, { childList: true, subtree: true, characterData: true })
      startTransition(() =>
        root.render(
          Array.from({ length: 10 }, (_, at) => <Column key={String(at)} store={store} />),
        ),
      )
      while (seen.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 0))
        store.set(store.get() + 1)
      }
      observer.disconnect()
      root.unmount()
      return seen
    }

    it('shows one value at a time', async () => {
      for (const together of await showWhileChanging(Sound)) expect(together).toMatch(/^\d+$/)
    })

    it('would show several values at once without the hook', async () => {
      expect(await showWhileChanging(Tearing)).toContainEqual(expect.stringContaining(','))
    })
  })

  it('hydrates the HTML of the server without warnings, and follows the store from then on', async () => {
    const print = vi.spyOn(console, 'error')
    const store = createStore('a')
    const container = document.createElement('div')
    document.body.append(container)
    container.innerHTML = renderToString(<Text store={store} />)
    const paragraph = container.firstChild
    const root = await act(async () => hydrateRoot(container, <Text store={store} />))
    act(() => store.set('b'))
    expect(container.textContent).toBe('b')
    expect(container.firstChild).toBe(paragraph)
    expect(print).not.toHaveBeenCalled()
    act(() => root.unmount())
    container.remove()
  })
})

describe('useSubscription', () => {
  it('is subscribed once while mounted under StrictMode, and not afterwards', () => {
    const { source, live } = scriptedSource()
    const { unmount } = render(
      <StrictMode>
        <Handle source={source} channel="task:1" handler={() => {}} />
      </StrictMode>,
    )
    expect(live()).toEqual(['task:1'])
    unmount()
    expect(live()).toEqual([])
  })

  it('calls the newest handler without subscribing again', () => {
    const { source, emit } = scriptedSource()
    const subscribe = vi.spyOn(source, 'subscribe')
    const received: string[] = []
    const shown = (name: string) => (
      <Handle
        source={source}
        channel="task:1"
        handler={(payload) => received.push(name + payload)}
      />
    )
    const { rerender } = render(shown('first '))
    emit('task:1', 1)
    rerender(shown('second '))
    emit('task:1', 2)
    expect(received).toEqual(['first 1', 'second 2'])
    expect(subscribe).toHaveBeenCalledTimes(1)
  })

  it('changes its subscription with the channel', () => {
    const { source, live } = scriptedSource()
    const shown = (channel: string) => (
      <Handle source={source} channel={channel} handler={() => {}} />
    )
    const { rerender } = render(shown('task:1'))
    rerender(shown('task:2'))
    expect(live()).toEqual(['task:2'])
  })
})

describe('useOwned', () => {
  it('keeps one object for the life of the component, even under StrictMode', async () => {
    const release = vi.fn()
    const onRender = vi.fn()
    const shown = (
      <StrictMode>
        <Own create={() => ({})} release={release} onRender={onRender} />
      </StrictMode>
    )
    const { rerender, unmount } = render(shown)
    const owned = onRender.mock.lastCall?.[0]
    await Promise.resolve()
    rerender(shown)
    await Promise.resolve()
    expect(onRender.mock.lastCall?.[0]).toBe(owned)
    expect(release).not.toHaveBeenCalled()
    unmount()
    await Promise.resolve()
    expect(release.mock.calls).toEqual([[owned]])
  })

  it('creates a new object when it is shown again after it was hidden', async () => {
    let made = 0
    const release = vi.fn()
    const onRender = vi.fn()
    const shown = (mode: 'visible' | 'hidden') => (
      <Activity mode={mode}>
        <Own create={() => ++made} release={release} onRender={onRender} />
      </Activity>
    )
    const { rerender } = render(shown('visible'))
    await act(async () => rerender(shown('hidden')))
    expect(release.mock.calls).toEqual([[1]])
    await act(async () => rerender(shown('visible')))
    expect(onRender.mock.lastCall).toEqual([2])
    cleanup()
    await Promise.resolve()
    expect(release.mock.calls).toEqual([[1], [2]])
  })

  it('releases with the newest function', async () => {
    const [first, second] = [vi.fn(), vi.fn()]
    const { rerender, unmount } = render(
      <Own create={() => 1} release={first} onRender={() => {}} />,
    )
    rerender(<Own create={() => 1} release={second} onRender={() => {}} />)
    unmount()
    await Promise.resolve()
    expect(first).not.toHaveBeenCalled()
    expect(second.mock.calls).toEqual([[1]])
  })
})

describe('useProvided', () => {
  it('returns the value of the nearest provider', () => {
    render(
      <>
        <Name.Provider value="one">
          <ShowName />
        </Name.Provider>
        <Name.Provider value="">
          <ShowName />
        </Name.Provider>
      </>,
    )
    expect(screen.getAllByTestId('name').map((name) => name.textContent)).toEqual(['one', ''])
  })

  it('throws without a provider, with the name of the context', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(() => render(<ShowName />)).toThrow('Nothing provides the NameContext here')
  })
})

const Name = createContext<string | undefined>(undefined)
Name.displayName = 'NameContext'

function ShowName() {
  return <p data-testid="name">{useProvided(Name)}</p>
}

function Text({ store }: { store: Readable<string> }) {
  return <p>{useReadable(store)}</p>
}

function BeforeOthersListen({ run }: { run: () => void }): ReactNode {
  useLayoutEffect(run, [run])
  return null
}

/** Blocks for longer than React renders before it yields to other tasks. */
function beSlow(): void {
  const end = performance.now() + 6
  while (performance.now() < end);
}

function Sound({ store }: { store: Readable<number> }) {
  const value = useReadable(store)
  beSlow()
  return <p>{value}</p>
}

function Tearing({ store }: { store: Readable<number> }) {
  beSlow()
  return <p>{store.get()}</p>
}

function Handle(props: {
  source: ChannelSource
  channel: string
  handler: (payload: unknown) => void
}) {
  const { handler } = props
  useSubscription(props.source, props.channel, (payload) => handler(payload))
  return null
}

function Own<T>(props: {
  create: () => T
  release: (owned: T) => void
  onRender: (owned: T) => void
}) {
  props.onRender(useOwned(props.create, props.release))
  return null
}

/** A channel source that records subscriptions, and emits events for the test. */
function scriptedSource() {
  const live = new Set<{ channel: string; handler: Parameters<ChannelSource['subscribe']>[1] }>()
  const source: ChannelSource = {
    subscribe(channel, handler) {
      const subscription = { channel, handler }
      live.add(subscription)
      return () => live.delete(subscription)
    },
  }
  const emit = (channel: string, payload: unknown) => {
    const event = {
      kind: 'event',
      channel,
      type: 'test',
      payload,
      id: undefined,
      offset: undefined,
      prev: undefined,
      via: undefined,
      timestamp: undefined,
    } as const
    for (const subscription of live) {
      if (subscription.channel === channel) subscription.handler(payload, event)
    }
  }
  return { source, emit, live: () => [...live].map(({ channel }) => channel) }
}
