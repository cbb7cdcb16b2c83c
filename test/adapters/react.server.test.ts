import { readFileSync } from 'node:fs'
import { createContext, createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { createStore, type Readable } from 'wirefold'
import {
  type ChannelSource,
  useOwned,
  useProvided,
  useReadable,
  useSubscription,
} from 'wirefold/react'

const Source = createContext<ChannelSource | undefined>(undefined)

function Title({ store }: { store: Readable<string> }) {
  return createElement('p', null, useReadable(store))
}

function CountOfOdd({ store }: { store: Readable<readonly number[]> }) {
  const { odd } = useReadable(store, (all) => ({ odd: all.filter((n) => n % 2) }))
  return createElement('p', null, odd.length)
}

function Owner({ create, release }: { create: () => ChannelSource; release: () => void }) {
  const value = useOwned(create, release)
  return createElement(Source.Provider, { value }, createElement(Follower))
}

function Follower() {
  useSubscription(useProvided(Source), 'task:1', () => {})
  return createElement('p', null, 'following')
}

describe('the React adapter on a server', () => {
  it('renders the current value, and adds no listener', () => {
    const store = createStore('a')
    const listen = vi.spyOn(store, 'listen')
    store.set('b')
    expect(renderToString(createElement(Title, { store }))).toBe('<p>b</p>')
    expect(listen).not.toHaveBeenCalled()
  })

  it('renders a selector that returns a new object each time', () => {
    const store = createStore([1, 2, 3])
    expect(renderToString(createElement(CountOfOdd, { store }))).toBe('<p>2</p>')
  })

  it('does not subscribe, and releases nothing', () => {
    const subscribe = vi.fn(() => () => {})
    const release = vi.fn()
    const owner = createElement(Owner, { create: () => ({ subscribe }), release })
    expect(renderToString(owner)).toBe('<p>following</p>')
    expect(subscribe).not.toHaveBeenCalled()
    expect(release).not.toHaveBeenCalled()
  })

  it("exports all hooks from a client module, too, with 'use client' in its first line", async () => {
    const file = new URL('../../src/entries/react.ts', import.meta.url)
    expect(readFileSync(file, 'utf8')).toMatch(/^'use client'\n/)
    const [marked, plain] = await Promise.all([
      import('../../src/entries/react.ts'),
      import('../../src/entries/react-hooks.ts'),
    ])
    expect({ ...marked }).toEqual({ ...plain })
  })
})
