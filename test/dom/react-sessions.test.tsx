import { act, cleanup, render, screen } from '@testing-library/react'
import { createContext, type ReactNode, StrictMode, useEffect } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ChannelSubscriber,
  ContextRegistry,
  feed,
  type ReadableKind,
  RealtimeClient,
} from 'wirefold'
import {
  engineIo,
  type SessionContexts,
  type SessionState,
  sessionChannel,
  sessionContexts,
  sessionSink,
} from 'wirefold/dialects/socketio'
import { useOwned, useProvided, useReadable } from 'wirefold/react'
import { ManualClock } from 'wirefold/testing'
import { EngineServer } from '../support/engine-server.ts'

afterEach(cleanup)

interface Connected {
  readonly channels: ChannelSubscriber
  readonly sessions: SessionContexts<ReadableKind>
}
const ConnectedContext = createContext<Connected | undefined>(undefined)

/** As in docs/socketio.md. */
function useSession(sessionId: string | null): SessionState | undefined {
  const { channels, sessions } = useProvided(ConnectedContext)
  useEffect(() => {
    if (sessionId === null) return
    return feed(channels, sessionChannel(sessionId), sessionSink(sessions))
  }, [channels, sessions, sessionId])
  return useReadable(sessions.entity('session', sessionId ?? ''))
}

function App(props: { clock: ManualClock; server: EngineServer; children: ReactNode }) {
  const { clock, server, children } = props
  const connected = useOwned(
    () => {
      const client = new RealtimeClient('ws://test', { ...engineIo(server.pair), clock })
      const channels = new ChannelSubscriber(client)
      return { client, channels, sessions: sessionContexts(new ContextRegistry()) }
    },
    ({ client }) => client.close(),
  )
  return <ConnectedContext.Provider value={connected}>{children}</ConnectedContext.Provider>
}

function Session({ id }: { id: string | null }) {
  const session = useSession(id)
  if (!session) return <p>nothing</p>
  const { progress, modelResults, clarifications, isCompleted } = session
  const models = modelResults.map(({ modelName }) => modelName).join()
  return (
    <p>{`${progress?.progress} % ${models} ${clarifications.length} questions ${isCompleted}`}</p>
  )
}

/** The page of an application, on a clock that `pass` advances. */
function open(content: ReactNode) {
  const clock = new ManualClock()
  const server = new EngineServer(clock)
  const page = (shown: ReactNode) => (
    <StrictMode>
      <App clock={clock} server={server}>
        {shown}
      </App>
    </StrictMode>
  )
  const view = render(page(content))
  return {
    server,
    clock,
    unmount: view.unmount,
    show: (shown: ReactNode) => view.rerender(page(shown)),
    pass: (ms: number) => act(() => clock.advance(ms)),
  }
}
const shown = () => screen.queryAllByText(/./).map(({ textContent }) => textContent)
const timestamp = '2025-11-08T10:00:00.000Z'

describe('a session in a React application under StrictMode', () => {
  it('is undefined without an id, and opens no connection', async () => {
    const { server, pass } = open(<Session id={null} />)
    await pass(1_000)
    expect(shown()).toEqual(['nothing'])
    expect(server.pair.ends).toHaveLength(0)
  })

  it('is subscribed to once, on one connection, and shows events', async () => {
    const { server, pass } = open(<Session id="a" />)
    await pass(1_000)
    server.emit('a', 'progress', { timestamp, progress: 40 })
    server.emit('a', 'model_result', { timestamp, modelName: 'm' })
    server.emit('a', 'model_result', { timestamp, modelName: 'm' })
    server.emit('a', 'clarification', { timestamp, clarificationId: '1' })
    server.emit('a', 'completed', { timestamp, result: {} })
    await pass(1)
    expect(shown()).toEqual(['40 % m 1 questions true'])
    expect(server.events).toEqual(['subscribe a'])
    expect(server.pair.ends).toHaveLength(1)
  })

  it('changes with the session id', async () => {
    const { server, pass, show } = open(<Session id="a" />)
    await pass(1_000)
    server.emit('a', 'progress', { timestamp, progress: 1 })
    await pass(1)
    show(<Session id="b" />)
    await pass(1_000)
    server.emit('a', 'progress', { timestamp, progress: 2 })
    server.emit('b', 'progress', { timestamp, progress: 3 })
    await pass(1)
    expect(shown()).toEqual(['3 %  0 questions false'])
    show(<Session id={null} />)
    await pass(1_000)
    expect(shown()).toEqual(['nothing'])
    expect(server.events).toEqual(['subscribe a', 'subscribe b', 'unsubscribe a', 'unsubscribe b'])
    expect(server.pair.ends).toHaveLength(1)
  })

  it('is shared: several components cause one connection, and one subscribe per session', async () => {
    const { server, pass, show } = open(
      <>
        <Session id="a" />
        <Session id="a" />
        <Session id="b" />
      </>,
    )
    await pass(1_000)
    server.emit('a', 'progress', { timestamp, progress: 5 })
    await pass(1)
    expect(shown()).toEqual(['5 %  0 questions false', '5 %  0 questions false', 'nothing'])
    expect(server.events).toEqual(['subscribe a', 'subscribe b'])
    expect(server.pair.ends).toHaveLength(1)
    show(<Session id="a" />)
    await pass(1_000)
    expect(server.events).toEqual(['subscribe a', 'subscribe b', 'unsubscribe b'])
  })

  it('leaves no connection or timer when the application is unmounted', async () => {
    const { server, pass, unmount, clock } = open(<Session id="a" />)
    await pass(1_000)
    unmount()
    await pass(1_000)
    expect(server.pair.last.closed).toMatchObject({ code: 1000 })
    expect(clock.timers).toBe(0)
  })
})
