import { createServer } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { onTestFinished } from 'vitest'

/** Options of {@link serveRooms}. */
export interface RoomServerOptions {
  readonly port?: number
  /** Whether the server recovers sessions after a lost connection. */
  readonly recovery?: boolean
  /** Adds listeners of a test to each socket of the namespace `/`. */
  readonly connected?: (socket: Socket) => void
}

/**
 * A stock Socket.IO server as applications write them, until the end of the test: rooms by `join` and
 * `leave`, messages by `say`, and the namespaces `/staff` and `/closed`, which refuses everyone.
 */
export async function serveRooms(options: RoomServerOptions = {}) {
  const { port = 0, recovery = true, connected } = options
  const http = createServer()
  const tcp = new Set<TcpSocket>()
  http.on('connection', (socket) => {
    tcp.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => tcp.delete(socket))
  })
  let isAway = false
  const io = new Server(http, {
    allowRequest: (_, done) => done(null, !isAway),
    ...(recovery && { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } }),
  })
  /** What clients did, in order. */
  const log: string[] = []
  const answers: unknown[] = []
  const authenticate = (socket: Socket, next: (error?: Error) => void): void => {
    const { token } = socket.handshake.auth
    if (token !== 'wrong') next()
    else next(Object.assign(new Error('not authorized'), { data: { code: 'BAD_TOKEN' } }))
  }
  const serve = (socket: Socket): void => {
    const { name } = socket.nsp
    log.push(`${socket.recovered ? 'recovered' : 'connected'} ${name}`)
    socket.on('join', (room: string, ...rest: unknown[]) => {
      const ack = rest.pop()
      log.push(`join ${room}${rest.length ? ` ${JSON.stringify(rest)}` : ''}`)
      const refused = room.startsWith('secret')
      if (!refused) socket.join(room)
      if (typeof ack === 'function') ack(refused ? { ok: false, error: 'forbidden' } : { ok: true })
    })
    socket.on('leave', (room: string, ack?: (reply: unknown) => void) => {
      log.push(`leave ${room}`)
      socket.leave(room)
      ack?.({ ok: true })
    })
    socket.on('say', (room: string, text: unknown, ack?: (reply: unknown) => void) => {
      if (socket.rooms.has(room)) socket.nsp.to(room).emit('said', room, { text })
      ack?.(socket.rooms.has(room) ? { ok: true } : { ok: false, error: 'not a member' })
    })
    socket.on('sum', (a: number, b: number, ack: (sum: number) => void) => ack(a + b))
    socket.on('divide', (a: number, b: number, ack: (error: unknown, result?: number) => void) => {
      if (b === 0) ack({ code: 'DIVISION', message: 'division by zero' })
      else ack(null, a / b)
    })
    socket.on('file', (name: string, data: Uint8Array, ack: (reply: unknown) => void) => {
      ack({ name, bytes: data.length, back: Buffer.from(data).reverse() })
    })
    socket.on('ask me', async (question: unknown) => {
      answers.push(await socket.timeout(20_000).emitWithAck('question', question))
    })
    connected?.(socket)
  }
  io.use(authenticate)
  io.of('/staff').use(authenticate)
  io.of('/closed').use((_socket, next) => next(new Error('closed today')))
  io.on('connection', serve)
  io.of('/staff').on('connection', serve)
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const address = http.address() as AddressInfo
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    for (const socket of tcp) socket.destroy()
    await io.close()
  }
  onTestFinished(close)
  return {
    ...{ io, log, answers, close, port: address.port, url: `http://127.0.0.1:${address.port}` },
    /** Cuts every connection without a close, and refuses new ones while `run` runs. */
    async cutDuring(run: () => Promise<void>): Promise<void> {
      isAway = true
      for (const socket of tcp) socket.destroy()
      // A poll that is between two requests is noticed only when its ping times out.
      for (const { conn } of io.of('/').sockets.values()) conn.close(true)
      await run()
      isAway = false
    },
  }
}
