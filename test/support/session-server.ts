import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { onTestFinished } from 'vitest'

/** Options of a session server that differ from the defaults. */
export interface SessionServerOptions {
  readonly port?: number
  readonly transports?: ('polling' | 'websocket')[]
  /** Returns the reason to refuse a client, from its auth fields. */
  readonly refuse?: (auth: Readonly<Record<string, unknown>>) => string | undefined
  readonly pingInterval?: number
  readonly pingTimeout?: number
}

/** A stock Socket.IO server with sessions to subscribe to, until the end of the test. */
export async function serveSessions(options: SessionServerOptions = {}) {
  const { port = 0, refuse, ...engine } = options
  const http = createServer()
  const io = new Server(http, engine)
  /** Connects, disconnects and commands of the clients, in order. */
  const log: string[] = []
  io.use((socket, next) => {
    const reason = refuse?.(socket.handshake.auth)
    next(reason === undefined ? undefined : new Error(reason))
  })
  const now = () => new Date().toISOString()
  io.on('connection', (socket) => {
    log.push(`connected by ${socket.conn.transport.name}`)
    socket.emit('connected', { socketId: socket.id, timestamp: now() })
    socket.on('subscribe', (sessionId: string) => {
      log.push(`subscribe ${sessionId}`)
      if (sessionId === 'no session') {
        socket.emit('error', { sessionId, error: 'There is no such session.', timestamp: now() })
        return
      }
      socket.join(`session:${sessionId}`)
      socket.emit('subscribed', { sessionId, timestamp: now() })
    })
    socket.on('unsubscribe', (sessionId: string) => {
      log.push(`unsubscribe ${sessionId}`)
      socket.leave(`session:${sessionId}`)
      socket.emit('unsubscribed', { sessionId, timestamp: now() })
    })
    socket.on('double', (number: number, answer: (doubled: number) => void) => answer(2 * number))
    socket.on('disconnect', (reason) => log.push(`gone: ${reason}`))
  })
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const address = http.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= io.close()
    return closing
  }
  onTestFinished(close)
  return {
    io,
    log,
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    close,
    /** Emits an event to every socket in a session. */
    emit(sessionId: string, event: string, data: object = {}) {
      io.to(`session:${sessionId}`).emit(event, { sessionId, timestamp: now(), ...data })
    },
  }
}
