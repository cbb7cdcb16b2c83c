import { act, cleanup, render, screen } from '@testing-library/react'
import { Activity, type ReactNode, StrictMode, Suspense, use, useEffect, useState } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber, type RealtimeClient } from 'wirefold'
import { createRealtimeHooks } from 'wirefold/react'
import { scripted } from '../support/scripted.ts'

afterEach(cleanup)

const { RealtimeProvider, useChannel, useClient, useConnection, useEvent, useList, ...others } =
  createRealtimeHooks()
const { usePresence, useRequest } = others
const room = 'workspace/tasks'
const load = async () => ({ state: [{ id: '1', title: 'Write' }] })
type Answer = (type: string) => unknown

/** A client and its server, on a clock that `pass` advances. */
function open(answer: Answer = () => undefined) {
  const parts = scripted({ answer })
  onTestFinished(() => parts.client.close())
  return { ...parts, pass: (ms: number) => act(() => parts.clock.advance(ms)) }
}

function Rows() {
  const { rows, status } = useList('entity:Task', { load })
  return <p data-testid="rows">{`${status}: ${rows.map(({ title }) => title)}`}</p>
}

function Everything({ onSend }: { onSend?: (send: () => Promise<unknown>) => void }) {
  const { send } = useRequest('task:get')
  usePresence(room, { typing: false })
  useChannel('news', () => {})
  onSend?.(send)
  return <Rows />
}

function Title({ text, onRender }: { text: Promise<string>; onRender: () => void }) {
  onRender()
  useEvent('news')
  const { rows } = useList('entity:Task', { load })
  usePresence(room)
  return <p data-testid="title">{use(text) + rows.length}</p>
}

/** The hooks of a module that was loaded again. */
const reloaded = createRealtimeHooks()
function Reloaded() {
  reloaded.usePresence(room)
  const { rows } = reloaded.useList('entity:Task', { load })
  return <p data-testid="reloaded">{rows.length}</p>
}

type Create = (data: object) => unknown

function Changes({ index, creates }: { index: number; creates: Create[] }) {
  const { create } = useList('entity:Task', { load })
  useEffect(() => {
    creates[index] = create
  }, [creates, index, create])
  const { me } = usePresence(room, index === 0 ? 'typing' : undefined)
  return <p data-testid={`p${index}`}>{`${me}: ${others.usePending().length}`}</p>
}

function Creates({ version }: { version: number }) {
  const { create } = useList('entity:Task', { load })
  useEffect(() => void create({ title: `${version}` }), [version, create])
  return null
}

function Same({ other }: { other: RealtimeClient }) {
  const client = useClient()
  const { state } = useConnection()
  useChannel('news', () => {})
  return <p data-testid="same">{`${client === other}: ${state}`}</p>
}

interface CounterProps {
  readonly received: unknown[]
  readonly onRender: (grow: () => void) => void
}
function Counter({ received, onRender }: CounterProps) {
  const [count, setCount] = useState(0)
  onRender(() => setCount((now) => now + 1))
  useChannel('news', { note: (payload) => received.push([count, payload]) })
  return <p>{count}</p>
}

function State() {
  return <p data-testid="state">{useConnection().state}</p>
}

const shown = (id: string) => screen.getByTestId(id).textContent

describe('a component in <Activity>', () => {
  it('is released while it is hidden, and follows again with its rows once it is shown', async () => {
    const { client, server, pass } = open()
    let send: (() => Promise<unknown>) | undefined
    const page = (mode: 'visible' | 'hidden') => (
      <StrictMode>
        <RealtimeProvider client={client}>
          <Activity mode={mode}>
            <Everything
              onSend={(given) => {
                send = given
              }}
            />
          </Activity>
        </RealtimeProvider>
      </StrictMode>
    )
    const { rerender, unmount } = render(page('visible'))
    await pass(1_000)
    expect(shown('rows')).toBe('live: Write')
    const outcome = vi.fn()
    act(() => void send?.().catch(({ code }) => outcome(code)))
    rerender(page('hidden'))
    await pass(1_000)
    expect(outcome).toHaveBeenCalledWith('aborted')
    expect([...server.subscribed]).toEqual([])
    expect(['join', 'leave'].map((name) => server.count(`presence:${name}`))).toEqual([1, 1])
    rerender(page('visible'))
    expect(shown('rows')).toMatch(/: Write$/)
    await pass(1_000)
    expect(shown('rows')).toBe('live: Write')
    expect([...server.subscribed].sort()).toEqual(['entity:Task', 'news', `presence:${room}`])
    expect(server.count('presence:join')).toBe(2)
    expect(server.transport.ends).toHaveLength(1)
    unmount()
    await pass(1_000)
    expect([[...server.subscribed], client.stats().handlers]).toEqual([[], 0])
  })
})

describe('a component that suspends', () => {
  it('opens one connection, and subscribes once, however often React renders it anew', async () => {
    const { client, server, pass } = open()
    let resolve = (_: string) => {}
    const text = new Promise<string>((resolved) => {
      resolve = resolved
    })
    const onRender = vi.fn()
    await act(async () =>
      render(
        <StrictMode>
          <Suspense fallback={<p>waiting</p>}>
            <RealtimeProvider client={client}>
              <Title text={text} onRender={onRender} />
            </RealtimeProvider>
          </Suspense>
        </StrictMode>,
      ),
    )
    await pass(1_000)
    expect(server.transport.ends).toHaveLength(0)
    await act(async () => resolve('Tasks: '))
    await pass(1_000)
    expect(shown('title')).toBe('Tasks: 1')
    expect(onRender.mock.calls.length).toBeGreaterThan(2)
    expect(server.transport.ends).toHaveLength(1)
    const names = server.messages.flatMap(({ type, payload }) =>
      type === 'subscribe' ? payload : [],
    )
    expect(names).toHaveLength(1)
  })
})

describe('the provider', () => {
  it('shares the subscriber of its client with other providers, and with a module that was loaded again', async () => {
    const { client, server, pass, errors } = open()
    const page = (component: ReactNode) => (
      <StrictMode>
        <RealtimeProvider client={client}>
          <Everything />
        </RealtimeProvider>
        {component}
      </StrictMode>
    )
    const { rerender } = render(page(<p />))
    await pass(1_000)
    rerender(
      page(
        <reloaded.RealtimeProvider client={client}>
          <Reloaded />
        </reloaded.RealtimeProvider>,
      ),
    )
    await pass(1_000)
    expect([shown('rows'), shown('reloaded')]).toEqual(['live: Write', '1'])
    expect([server.transport.ends.length, errors]).toEqual([1, []])
    expect([...server.subscribed].sort()).toEqual(['entity:Task', 'news', `presence:${room}`])
    expect(server.count('unsubscribe')).toBe(0)
  })

  it('takes the subscriber of the application', async () => {
    const { client, server, pass } = open()
    const channels = new ChannelSubscriber(client)
    channels.subscribe('news', () => {})
    render(
      <RealtimeProvider client={client} channels={channels}>
        <Everything />
      </RealtimeProvider>,
    )
    await pass(1_000)
    expect(shown('rows')).toBe('live: Write')
    expect(channels.size).toBe(server.subscribed.size)
  })

  it('shows another client where it gets one', async () => {
    const [one, other] = [open(), open()]
    const page = (client: typeof one.client) => (
      <RealtimeProvider client={client}>
        <Same other={other.client} />
      </RealtimeProvider>
    )
    const { rerender } = render(page(one.client))
    await one.pass(10)
    expect(shown('same')).toBe('false: open')
    rerender(page(other.client))
    await other.pass(10)
    await one.pass(1_000)
    expect(shown('same')).toBe('true: open')
    expect([[...one.server.subscribed], [...other.server.subscribed]]).toEqual([[], ['news']])
  })

  it('is required: the error says what to render', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(() => render(<Rows />)).toThrow(
      'Nothing provides the RealtimeClient here: render its provider above this component.',
    )
    error.mockRestore()
  })
})

describe('a handler that is written inline', () => {
  it('is the newest one, without another subscribe', async () => {
    const { client, server, pass } = open()
    const received: unknown[] = []
    let grow = () => {}
    const onRender = (run: () => void) => {
      grow = run
    }
    render(
      <RealtimeProvider client={client}>
        <Counter received={received} onRender={onRender} />
      </RealtimeProvider>,
    )
    await pass(1_000)
    server.publish('news', 'note', 'a')
    await pass(1)
    act(() => grow())
    server.publish('news', 'note', 'b')
    await pass(1)
    expect(received).toEqual([
      [0, 'a'],
      [1, 'b'],
    ])
    expect(server.count('subscribe')).toBe(1)
  })
})

describe('a page that a server has rendered', () => {
  it('is taken over with what was rendered, then shows the present state', async () => {
    const onServer = open()
    const content = (client: typeof onServer.client) => (
      <RealtimeProvider client={client}>
        <State />
        <Everything />
      </RealtimeProvider>
    )
    const container = document.createElement('div')
    document.body.append(container)
    container.innerHTML = renderToString(content(onServer.client))
    const { client, pass, server } = open()
    await pass(0)
    client.connect()
    await pass(1_000)
    const mismatches: unknown[] = []
    await act(async () => {
      const root = hydrateRoot(container, content(client), {
        onRecoverableError: (error) => mismatches.push(error),
      })
      onTestFinished(() => root.unmount())
    })
    await pass(1_000)
    expect(mismatches).toEqual([])
    expect([shown('state'), shown('rows')]).toEqual(['open', 'live: Write'])
    expect(server.transport.ends).toHaveLength(1)
    container.remove()
  })
})

describe('two providers of one client', () => {
  it('show the same presence and pending changes, each with its api', async () => {
    const { client, pass } = open((type) => (type.startsWith('presence') ? 'ok' : undefined))
    const called: string[] = []
    const api = (name: string) => {
      const call = () => {
        called.push(name)
        return new Promise<never>(() => {})
      }
      return { create: call, update: call, delete: call }
    }
    const creates: Create[] = []
    render(
      ['a', 'b'].map((name, index) => (
        <RealtimeProvider key={name} client={client} api={api(name)}>
          <Changes index={index} creates={creates} />
        </RealtimeProvider>
      )),
    )
    await pass(10)
    await act(async () => {
      for (const index of [0, 1, 0]) void creates[index]?.({ title: 'Walk' })
    })
    const shown = [0, 1].map((index) => screen.getByTestId(`p${index}`).textContent)
    expect([shown, called]).toEqual([
      ['typing: 3', 'typing: 3'],
      ['a', 'b', 'a'],
    ])
  })
})

describe('the api of a provider', () => {
  it('is the newest one also in the effects of the components below', async () => {
    const { client, pass } = open()
    const called: number[] = []
    const page = (version: number) => {
      const call = () => {
        called.push(version)
        return new Promise<never>(() => {})
      }
      return (
        <RealtimeProvider client={client} api={{ create: call, update: call, delete: call }}>
          <Creates version={version} />
        </RealtimeProvider>
      )
    }
    const { rerender } = render(page(1))
    await pass(10)
    const before = called.length
    rerender(page(2))
    await pass(10)
    expect(called.slice(before)).not.toContain(1)
  })
})

describe('a provider', () => {
  it('names the property that it lacks', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const wrong = {} as { client: RealtimeClient }
    expect(() => render(<RealtimeProvider {...wrong} />)).toThrow(/Pass `client` to the provider/)
    const { client } = open()
    new ChannelSubscriber(client)
    const page = (
      <RealtimeProvider client={client}>
        <Rows />
      </RealtimeProvider>
    )
    expect(() => render(page)).toThrow(/to the provider, as `channels`/)
  })
})
