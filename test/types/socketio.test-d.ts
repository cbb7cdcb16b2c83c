import { Server } from 'socket.io'
import type { Socket } from 'socket.io-client'
import { describe, expectTypeOf, it } from 'vitest'
import { ContextRegistry, type Readable, type StoreFactory, type StoreKind } from 'wirefold'
import type { SessionContext, SessionProgress, SessionState } from 'wirefold/dialects/socketio'
import { responder, sessionContexts, sessionSink } from 'wirefold/dialects/socketio'
import type { RealtimeServer } from 'wirefold/server'
import type { SocketioAnswer } from 'wirefold/server/socketio'
import { bridgeSocketio } from 'wirefold/server/socketio'
import type { SocketIoLike } from 'wirefold/socketio-client'

describe('the transport over an instance', () => {
  it('accepts every instance of socket.io-client, typed or not', () => {
    interface ToUs {
      progress(value: { sessionId: string }): void
    }
    interface FromUs {
      subscribe(sessionId: string): void
    }
    expectTypeOf<Socket>().toExtend<SocketIoLike>()
    expectTypeOf<Socket<ToUs, FromUs>>().toExtend<SocketIoLike>()
  })
})

describe('sessions', () => {
  it('are entities of the registry', () => {
    const sessions = sessionContexts(new ContextRegistry())
    expectTypeOf(sessions.entity('session', 'id')).toEqualTypeOf<
      Readable<SessionState | undefined>
    >()
    responder(sessions, 'id', { url: '/respond', fetch })
    responder(sessions, 'id', { url: '/respond' })
  })

  it("use stores of the registry's kind", () => {
    interface Box<T> {
      readonly boxed: T
    }
    interface BoxKind extends StoreKind {
      readonly store: Box<this['value']>
    }
    const boxes = {} as StoreFactory<BoxKind>
    const sessions = sessionContexts(new ContextRegistry<SessionContext>().storedIn(boxes))
    expectTypeOf(sessions.entity('session', 'id')).toEqualTypeOf<Box<SessionState | undefined>>()
    sessionSink(sessions)
  })

  it('accept the events of their state', () => {
    const sessions = sessionContexts(new ContextRegistry())
    const data = {} as SessionProgress
    sessions.dispatch({ kind: 'session', event: 'progress', data })
    // @ts-expect-error no event of a session
    sessions.dispatch({ kind: 'session', event: 'connected', data })
    // @ts-expect-error the data of another event
    sessions.dispatch({ kind: 'session', event: 'completed', data: { ...data, result: 1, x: 2 } })
  })

  it('have states that later versions may extend', () => {
    const status: SessionProgress['status'] = 'SUSPENDED'
    expectTypeOf(status).toExtend<string>()
  })
})

describe('the bridge', () => {
  it('accepts servers of socket.io and their namespaces, typed or not', () => {
    interface FromThem {
      join(room: string, acknowledge: (answer: SocketioAnswer) => void): void
    }
    interface ToThem {
      said(payload: { text: string }): void
    }
    const server = {} as RealtimeServer
    bridgeSocketio(server, new Server())
    bridgeSocketio(server, new Server().of('/live'))
    const io = new Server<FromThem, ToThem>()
    const bridge = bridgeSocketio(server, io)
    io.on('connection', (socket) => {
      socket.on('join', async (room, acknowledge) =>
        acknowledge(await bridge.subscribe(socket, room)),
      )
    })
  })
})
