import { act, cleanup, render, screen } from '@testing-library/react'
import { type Context, type ReactNode, StrictMode } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { ContextRegistry, type ReadableKind, RealtimeClient } from 'wirefold'
import type { Untyped } from 'wirefold/contract'
import {
  engineIo,
  type SessionContexts,
  type SessionState,
  sessionContexts,
} from 'wirefold/dialects/socketio'
import { type RealtimeHooks, useOwned } from 'wirefold/react'
import { ManualClock } from 'wirefold/testing'
import { blockWith } from '../documents/blocks.ts'
import { run } from '../documents/run.ts'
import { EngineServer } from '../support/engine-server.ts'

afterEach(cleanup)

type Session = Pick<SessionState, 'progress' | 'modelResults' | 'clarifications' | 'isCompleted'>

/** The hook of the page about Socket.IO, and the providers that it needs. */
interface SessionHooks extends Pick<RealtimeHooks<Untyped>, 'RealtimeProvider'> {
  readonly SessionsContext: Context<SessionContexts<ReadableKind> | undefined>
  useSessionWebSocket(id: string | null): Session & { readonly socket: RealtimeClient }
}
const { RealtimeProvider, SessionsContext, useSessionWebSocket } = await run<SessionHooks>(
  blockWith('docs/backends/sessions.md', 'function useSessionWebSocket'),
)

function App(props: { clock: ManualClock; server: EngineServer; children: ReactNode }) {
  const { clock, server, children } = props
  const { client, sessions } = useOwned(
    () => ({
      client: new RealtimeClient('ws://test', { ...engineIo(server.pair), clock }),
      sessions: sessionContexts(new ContextRegistry()),
    }),
    ({ client }) => client.close(),
  )
  return (
    <SessionsContext.Provider value={sessions}>
      <RealtimeProvider client={client}>{children}</RealtimeProvider>
    </SessionsContext.Provider>
  )
}

function Shown({ id }: { id: string | null }) {
  const { progress, modelResults, clarifications, isCompleted, socket } = useSessionWebSocket(id)
  if (!(socket instanceof RealtimeClient)) return <p>no socket</p>
  if (!progress) return <p>nothing</p>
  const models = modelResults.map(({ modelName }) => modelName).join()
  return (
    <p>{`${progress.progress} % ${models} ${clarifications.length} questions ${isCompleted}`}</p>
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
    const { server, pass } = open(<Shown id={null} />)
    await pass(1_000)
    expect(shown()).toEqual(['nothing'])
    expect(server.pair.ends).toHaveLength(0)
  })

  it('is subscribed to once, on one connection, and shows events', async () => {
    const { server, pass } = open(<Shown id="a" />)
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
    const { server, pass, show } = open(<Shown id="a" />)
    await pass(1_000)
    server.emit('a', 'progress', { timestamp, progress: 1 })
    await pass(1)
    show(<Shown id="b" />)
    await pass(1_000)
    server.emit('a', 'progress', { timestamp, progress: 2 })
    server.emit('b', 'progress', { timestamp, progress: 3 })
    await pass(1)
    expect(shown()).toEqual(['3 %  0 questions false'])
    show(<Shown id={null} />)
    await pass(1_000)
    expect(shown()).toEqual(['nothing'])
    expect(server.events).toEqual(['subscribe a', 'subscribe b', 'unsubscribe a', 'unsubscribe b'])
    expect(server.pair.ends).toHaveLength(1)
  })

  it('is shared: several components cause one connection, and one subscribe per session', async () => {
    const { server, pass, show } = open(
      <>
        <Shown id="a" />
        <Shown id="a" />
        <Shown id="b" />
      </>,
    )
    await pass(1_000)
    server.emit('a', 'progress', { timestamp, progress: 5 })
    await pass(1)
    expect(shown()).toEqual(['5 %  0 questions false', '5 %  0 questions false', 'nothing'])
    expect(server.events).toEqual(['subscribe a', 'subscribe b'])
    expect(server.pair.ends).toHaveLength(1)
    show(<Shown id="a" />)
    await pass(1_000)
    expect(server.events).toEqual(['subscribe a', 'subscribe b', 'unsubscribe b'])
  })

  it('leaves no connection or timer when the application is unmounted', async () => {
    const { server, pass, unmount, clock } = open(<Shown id="a" />)
    await pass(1_000)
    unmount()
    await pass(1_000)
    expect(server.pair.last.closed).toMatchObject({ code: 1000 })
    expect(clock.timers).toBe(0)
  })
})
