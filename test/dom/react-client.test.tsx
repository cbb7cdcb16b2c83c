import { act, cleanup, render, screen } from '@testing-library/react'
import { createContext, type ReactNode, StrictMode, useState } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { useOwned, useProvided, useReadable, useSubscription } from 'wirefold/react'
import { ManualClock, ScriptedServer } from 'wirefold/testing'

afterEach(cleanup)

interface Connected {
  readonly client: RealtimeClient
  readonly channels: ChannelSubscriber
}
const ConnectedContext = createContext<Connected | undefined>(undefined)

function App(props: { clock: ManualClock; server: ScriptedServer; children: ReactNode }) {
  const { clock, server, children } = props
  const connected = useOwned(
    (): Connected => {
      const client = new RealtimeClient('ws://test/', { clock, transport: server.transport })
      return { client, channels: new ChannelSubscriber(client) }
    },
    ({ client }) => client.close(),
  )
  return <ConnectedContext.Provider value={connected}>{children}</ConnectedContext.Provider>
}

function News() {
  const { client, channels } = useProvided(ConnectedContext)
  const [latest, setLatest] = useState('nothing')
  useSubscription(channels, 'news', (payload) => setLatest(String(payload)))
  const state = useReadable(client.state, ({ name }) => name)
  return <p data-testid="news">{`${state}: ${latest}`}</p>
}

/** The page of an application, on a clock that `pass` advances. */
function open() {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock })
  const page = (news: ReactNode) => (
    <StrictMode>
      <App clock={clock} server={server}>
        {news}
      </App>
    </StrictMode>
  )
  const view = render(page(<News />))
  return {
    server,
    unmount: view.unmount,
    show: (news: ReactNode) => view.rerender(page(news)),
    pass: (ms: number) => act(() => clock.advance(ms)),
  }
}

describe('a client in a React application under StrictMode', () => {
  it('opens one connection, sends one subscribe, and shows events', async () => {
    const { server, pass } = open()
    await pass(1_000)
    server.publish('news', 'note', 'hello')
    await pass(1)
    expect(screen.getByTestId('news').textContent).toBe('open: hello')
    expect(server.transport.ends).toHaveLength(1)
    expect([server.count('subscribe'), server.count('unsubscribe')]).toEqual([1, 0])
  })

  it('keeps the subscription if a view is mounted again soon, and ends it otherwise', async () => {
    const { server, pass, show } = open()
    await pass(1_000)
    show(null)
    await pass(100)
    show(<News />)
    await pass(1_000)
    expect([server.count('subscribe'), server.count('unsubscribe')]).toEqual([1, 0])
    show(null)
    await pass(1_000)
    expect(server.count('unsubscribe')).toBe(1)
  })

  it('closes the connection when the application is unmounted', async () => {
    const { server, pass, unmount } = open()
    await pass(1_000)
    expect(server.transport.last.closed).toBeUndefined()
    unmount()
    await pass(1)
    expect(server.transport.last.closed).toMatchObject({ code: 1000 })
    expect(server.transport.ends).toHaveLength(1)
  })
})
