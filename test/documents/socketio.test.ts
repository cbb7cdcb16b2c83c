import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Context } from 'react'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { type Server, Server as SocketIo } from 'socket.io'
import type { Socket } from 'socket.io-client'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ReadableKind, RealtimeClient } from 'wirefold'
import { ContextRegistry, webSocketTransport } from 'wirefold'
import type { Untyped } from 'wirefold/contract'
import type { SessionContexts, SessionState } from 'wirefold/dialects/socketio'
import { engineIo, sessionContexts } from 'wirefold/dialects/socketio'
import type { RealtimeHooks } from 'wirefold/react'
import type { RealtimeServer } from 'wirefold/server'
import { bridgeSocketio } from 'wirefold/server/socketio'
import { WebSocket } from 'ws'
import { connect, until } from '../support/live.ts'
import { scripted } from '../support/scripted.ts'
import { serveSessions } from '../support/session-server.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/socketio.md'
const SESSIONS = 'docs/backends/sessions.md'

describe('the page about Socket.IO', () => {
  it('shows both transports', async () => {
    const { port, url } = await serveSessions()
    const { plain, wrapped } = await run<Record<'plain' | 'wrapped', RealtimeClient>>(
      blockWith(SESSIONS, 'const plain ='),
      {
        host: `127.0.0.1:${port}`,
        modules: { 'socket.io-client': { io: (_: string, options: object) => io(url, options) } },
      },
    )
    await Promise.all([plain.connect(), wrapped.connect()])
    expect([plain.state.get().name, wrapped.state.get().name]).toEqual(['open', 'open'])
  })

  it('shows the client and the server of rooms', async () => {
    const page = 'docs/backends/socketio.md'
    let port = 0
    class Server extends SocketIo {
      constructor() {
        super()
        const http = createServer()
        this.attach(http)
        http.listen(0, '127.0.0.1', () => {
          port = (http.address() as AddressInfo).port
        })
        onTestFinished(() => this.close())
      }
    }
    await run(blockWith(page, 'new Server(3_000)'), { modules: { 'socket.io': { Server } } })
    await until(() => expect(port).not.toBe(0))
    const show = vi.fn()
    await run(blockWith(page, 'engineIoTransport(webSocketTransport())'), {
      host: `127.0.0.1:${port}`,
      given: { session: { token: () => 'secret' }, show },
    })
    await until(() => expect(show).toHaveBeenCalledWith('said', { text: 'hi' }))
  })

  it('shows the server of sessions', async () => {
    const { server } = await run<{ server: RealtimeServer }>(blockWith(SESSIONS, 'socketioMount'), {
      given: { verify: async (token: string) => (token === 'secret' ? { id: 'ada' } : undefined) },
    })
    onTestFinished(() => server.close())
    const { port } = await server.listen()
    const socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      auth: { token: 'secret' },
    })
    onTestFinished(() => void socket.close())
    const seen: unknown[] = []
    socket.on('error', ({ error }) => seen.push(error))
    const subscribed = new Promise((resolve) => socket.on('subscribed', resolve))
    socket.emit('subscribe', '42')
    await subscribed
    await server.publish('session:42', 'session:error', { error: 'The model does not answer.' })
    await until(() => expect(seen).toEqual(['The model does not answer.']))
  })

  it('shows the server of stock clients, and such a client', async () => {
    const httpServer = createServer()
    httpServer.listen(0, '127.0.0.1')
    await once(httpServer, 'listening')
    const { port } = httpServer.address() as AddressInfo
    const listen = vi.spyOn(httpServer, 'listen').mockReturnThis()
    const served = await run<{ io: Server; server: RealtimeServer }>(
      blockWith(PAGE, 'const bridge = bridgeSocketio'),
      {
        given: {
          verify: async (token: string) => (token === 'secret' ? { id: 'ada' } : undefined),
        },
        modules: {
          'node:http': { createServer: () => httpServer },
          'wirefold/server/socketio': { bridgeSocketio },
        },
      },
    )
    onTestFinished(() => served.io.close())
    expect(listen).toHaveBeenCalledWith(3_000)
    const show = vi.fn()
    const { socket, ...answers } = await run<{ socket: Socket }>(
      blockWith(PAGE, 'const doubled ='),
      {
        given: { session: { token: () => 'secret' }, show },
        modules: {
          'socket.io-client': {
            io: (_: string, options: object) => io(`http://127.0.0.1:${port}`, options),
          },
        },
      },
    )
    onTestFinished(() => void socket.close())
    expect(answers).toEqual({ doubled: 42 })
    await until(() => expect(show).toHaveBeenCalledWith('room:1', { text: 'hi' }))
    expect(show).toHaveBeenCalledWith('subscribed', { ok: true })
    expect(await socket.emitWithAck('join', '2')).toEqual({ ok: true })
    expect(served.server.connections()).toMatchObject([{ channels: ['room:1', 'room:2'] }])
  })

  it('shows the state of a session', async () => {
    const server = await serveSessions()
    const { client } = connect(server.url, engineIo(webSocketTransport(WebSocket)))
    const clarification = { sessionId: 'one', clarificationId: 'which', question: 'Which table?' }
    const event = { kind: 'session', event: 'clarification', data: clarification }
    const fetchAsEvents = vi.fn(async () => [event])
    const render = vi.fn()
    const post = vi.fn(async () => ({ ok: true, status: 200 }))
    vi.stubGlobal('fetch', post)
    try {
      await run(blockWith(SESSIONS, 'const respond ='), {
        given: { client, id: 'one', fetchAsEvents, render, clarificationId: 'which' },
      })
    } finally {
      vi.unstubAllGlobals()
    }
    const body = expect.stringContaining('The one from the table.')
    expect(post).toHaveBeenCalledWith(
      '/api/wizard/clarifications/respond',
      expect.objectContaining({ body }),
    )
    await until(() => {
      expect(render).toHaveBeenLastCalledWith(
        expect.objectContaining({ clarifications: [expect.objectContaining(clarification)] }),
      )
    })
    server.emit('one', 'progress', { status: 'PROCESSING', progress: 40 })
    const progress = expect.objectContaining({ progress: 40 })
    await until(() => {
      expect(render).toHaveBeenLastCalledWith(expect.objectContaining({ progress }))
    })
  })

  it('shows a React hook', async () => {
    const { useSessionWebSocket, RealtimeProvider, SessionsContext } = await run<SessionHooks>(
      blockWith(SESSIONS, 'function useSessionWebSocket'),
    )
    const sessions = sessionContexts(new ContextRegistry())
    const data = { sessionId: 'one', result: {}, timestamp: '2025-11-08T10:00:00Z' }
    sessions.dispatch({ kind: 'session', event: 'completed', data })
    const shown = createElement(Completed, { useSessionWebSocket })
    const { client } = scripted()
    const page = createElement(
      SessionsContext.Provider,
      { value: sessions },
      createElement(RealtimeProvider, { client }, shown),
    )
    expect(renderToStaticMarkup(page)).toBe('<b>true</b>')
  })
})

/** The hook of the page, and the providers that it needs. */
interface SessionHooks extends Pick<RealtimeHooks<Untyped>, 'RealtimeProvider'> {
  readonly SessionsContext: Context<SessionContexts<ReadableKind> | undefined>
  useSessionWebSocket(id: string | null): Pick<SessionState, 'isCompleted'>
}

function Completed({ useSessionWebSocket }: Pick<SessionHooks, 'useSessionWebSocket'>) {
  return createElement('b', undefined, String(useSessionWebSocket('one').isCompleted))
}
