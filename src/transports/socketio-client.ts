import type { CloseInfo, TransportFactory } from '../ports/transport.ts'
import { attach, detach } from '../protocol/attachments.ts'
import { asFields } from '../protocol/fields.ts'

/**
 * Creates a transport over an instance of socket.io-client that the application made: with its
 * options, its credentials, and its polling where there is no WebSocket.
 *
 * From then on the client controls the instance. The client decides when to reconnect, as with
 * every transport: an instance that lost its connection is disconnected, even if its own options
 * say otherwise. The instance keeps its own address; the address of the client is ignored. Channels that are
 * namespaces share its connection.
 *
 * @example
 * import { io } from 'socket.io-client'
 * import { RealtimeClient } from 'wirefold'
 * import { socketio } from 'wirefold/dialects/socketio'
 * import { socketioClient } from 'wirefold/socketio-client'
 *
 * const client = new RealtimeClient('https://api.example.com', {
 *   dialect: socketio({ join: 'join' }),
 *   transport: socketioClient(io('https://api.example.com', { autoConnect: false })),
 * })
 */
export function socketioClient(socket: SocketIoLike): TransportFactory {
  /** Detaches the transport that uses the instance now: there is never more than one. */
  let release = (): void => {}
  /** Namespaces with a session that the server can recover. */
  const recoverable = new Set<string>()
  /** Namespaces whose last connection was ended on purpose: the server may recover a session older than that. */
  const stale = new Set<string>()
  /** Number of acknowledgements that the server has asked for. */
  let asked = 0
  return {
    name: 'socket.io-client',
    open(_url, _protocols, handlers) {
      release()
      let live = true
      /** The data of the CONNECT that the server has accepted. */
      let session: object = {}
      /** Functions that send the acknowledgements that the server awaits, by number. */
      const answers = new Map<string, (...values: readonly unknown[]) => void>()
      /** The other namespaces, by name. */
      const spaces = new Map<string, Space>()
      /** A packet to be sent, with the attachments that have come. */
      let held: { readonly packet: readonly unknown[]; readonly bytes: Uint8Array[] } | undefined

      const message = (head: Head, data: readonly unknown[]): void => {
        if (!live) return
        const bytes: Uint8Array[] = []
        const plain = data.map((one) => detach(one, bytes))
        const [type, space, number] = head
        if (type === 2 && !space && !number && !bytes.length) handlers.message(textOf(plain))
        else if (type === 3 && !bytes.length) handlers.message(textOf([Number(number), ...plain]))
        else handlers.message(textOf([[type, bytes.length, space, number], ...plain]))
        for (const one of bytes) handlers.message(one.slice().buffer)
      }
      /** Later, as every answer: the client awaits it only after it has sent the packet. */
      const answer = (number: string, ...reply: readonly unknown[]): void => {
        queueMicrotask(() => message([3, '', number], reply))
      }
      const received = (space: string, packet: readonly unknown[]): void => {
        const last = packet.at(-1)
        if (typeof last === 'function') {
          const number = `${asked++}`
          answers.set(number, (...values) => last(...values))
          const [oldest = ''] = answers.keys()
          if (answers.size > MOST_ANSWERS) answers.delete(oldest)
          message([2, space, number], packet.slice(0, -1))
        } else {
          const isOffset = typeof last === 'string' && packet.length > 1 && OFFSET.test(last)
          const hasOffset = isOffset && recoverable.has(space)
          message([2, space, ''], hasOffset ? packet.slice(0, -1) : packet)
        }
      }
      const accepted = (space: string, instance: SocketIoLike): object => {
        // The instance has no public member for the id of its session.
        const pid: unknown = Reflect.get(instance, '_pid')
        if (typeof pid === 'string') recoverable.add(space)
        else recoverable.delete(space)
        const isOlder = stale.delete(space) && instance.recovered
        return { sid: instance.id, pid: isOlder ? undefined : pid }
      }
      const opened = (): void => {
        session = accepted('', socket)
        handlers.opened()
      }
      const refused = (cause: Error): void => {
        if (socket.active) end({ ...LOST, cause })
        else end({ code: NOT_AUTHENTICATED, reason: cause.message, cause })
      }
      const lost = (reason: string): void => {
        // `io client disconnect` is the application's own `disconnect()`, which the server may not see.
        const byServer = reason === BY_SERVER
        if (byServer) stale.add('')
        end(byServer ? { code: DISCONNECTED_BY_SERVER, reason } : { ...LOST, cause: reason })
      }
      const leave = listen(socket, {
        opened,
        refused,
        lost,
        event: (packet) => received('', packet),
      })
      const detachAll = (): void => {
        if (!live) return
        live = false
        for (const space of spaces.values()) space.leave()
        leave()
      }
      const end = (info: CloseInfo): void => {
        detachAll()
        handlers.closed(info)
      }
      /** Connects to another namespace. */
      const enter = (space: string, auth: object): void => {
        const former = spaces.get(space)
        if (former?.socket.active) return
        former?.leave()
        const other = socket.io?.socket(space, { auth })
        if (!other) {
          message([4, space, ''], [{ message: NO_OTHERS.error }])
          return
        }
        const asked = new Set<string>()
        const due: string[] = []
        /** Answers what the namespace does not: each acknowledgement that is awaited, by an error. */
        const refuse = (error: object): void => {
          for (const number of [...asked, ...due.splice(0)]) answer(number, error)
          asked.clear()
        }
        // An instance that exists already has the credentials of its last connection.
        other.auth = auth
        const leave = listen(other, {
          opened() {
            message([0, space, ''], [accepted(space, other)])
            for (const number of due.splice(0)) answer(number)
          },
          refused(cause) {
            // While it is active, the connection itself has failed.
            if (other.active) return
            const data: unknown = Reflect.get(cause, 'data')
            message([4, space, ''], [{ message: cause.message, data }])
            refuse({ message: cause.message, data, ...asFields(data), error: cause.message })
          },
          lost(reason) {
            if (reason !== BY_SERVER) return
            stale.add(space)
            message([1, space, ''], [])
            refuse({ error: 'server-disconnect' })
          },
          event: (packet) => received(space, packet),
        })
        spaces.set(space, { socket: other, leave, asked, due })
        // With `autoConnect` it is connecting already; a second `connect()` would connect twice.
        if (!other.active) other.connect()
      }
      const emit = (packet: readonly unknown[], bytes: readonly Uint8Array[]): void => {
        const [head, ...rest] = packet
        if (head === 'connect') {
          // Asynchronous, as the reply of a server is.
          queueMicrotask(() => message([2, '', ''], ['connect', session]))
          return
        }
        const isShort = !Array.isArray(head)
        const short = typeof head === 'number' ? [2, 0, '', `${head}`] : [2, 0, '', '']
        const [type, , space, number]: readonly unknown[] = isShort ? short : head
        // What looks like a placeholder in a packet without attachments is data.
        const data = bytes.length ? rest.map((one) => attach(one, bytes)) : rest
        const [name, ...args] = typeof head === 'string' ? [head, ...data] : data
        const other = spaces.get(String(space))
        const target = space ? other?.socket : socket
        if (space && !other && (type === 2 || type === 5) && number !== '') {
          answer(String(number), NO_OTHERS)
        } else if (type === 5) {
          if (other && !other.socket.connected) other.due.push(String(number))
          else answer(String(number))
        } else if (type === 0) enter(String(space), Object(name))
        else if (type === 1) {
          other?.leave()
          spaces.delete(String(space))
        } else if (type === 3) {
          // A server ends the connection for an answer from a namespace that was left.
          if (!space || other?.socket.connected) answers.get(String(number))?.(...data)
          answers.delete(String(number))
        } else if (number === '') target?.emit(String(name), ...args)
        else {
          other?.asked.add(String(number))
          const answered = (...reply: unknown[]) => {
            other?.asked.delete(String(number))
            message([3, '', String(number)], reply)
          }
          target?.emit(String(name), ...args, answered)
        }
      }
      release = detachAll
      // Asynchronous: no handler is called before `open` returns, nor while `closed` is being
      // handled.
      queueMicrotask(() => {
        if (!live) return
        if (socket.connected) opened()
        // With `autoConnect` it may be connecting already; a second `connect()` would connect
        // twice.
        else if (!socket.active) socket.connect()
      })
      return {
        // socket.io-client does not expose it.
        bufferedAmount: 0,
        send(data) {
          // While disconnected, the instance would buffer it and send it on the next connection.
          if (!live || !socket.connected) return
          if (typeof data === 'string') {
            const packet: unknown = JSON.parse(data)
            held = Array.isArray(packet) ? { packet, bytes: [] } : undefined
          } else held?.bytes.push(new Uint8Array(data))
          if (!held || held.bytes.length < attachmentsOf(held.packet)) return
          const { packet, bytes } = held
          held = undefined
          emit(packet, bytes)
        },
        close(code) {
          if (code === LEFT) for (const space of ['', ...spaces.keys()]) stale.add(space)
          detachAll()
        },
      }
    },
  }
}

/** The part of an instance of socket.io-client 4 that wirefold uses. */
export interface SocketIoLike {
  /** The id of its connection, once the namespace has accepted it. */
  readonly id?: string | undefined
  /** Whether the namespace has accepted the connection. */
  readonly connected: boolean
  /** Whether the instance is connecting, or would reconnect by itself; false after a refusal. */
  readonly active: boolean
  /** Whether the server has recovered the session of before. */
  readonly recovered?: boolean
  /** Credentials of the instance; the client sets those of the instances that it makes for other namespaces. */
  auth?: object
  /** Makes instances of other namespaces, which share its connection; without it there are none. */
  readonly io?: {
    socket(namespace: string, options: { readonly auth: object }): SocketIoLike
  }
  /** Connects; does nothing if connected. */
  connect(): unknown
  /** Disconnects; the instance does not reconnect before the next `connect()`. */
  disconnect(): unknown
  /** Sends an event; a function after its arguments receives the acknowledgement. */
  emit(event: string, ...args: unknown[]): unknown
  /** Adds a listener for the acceptance by the namespace. */
  on(event: 'connect', listener: () => void): unknown
  /** Adds a listener for a refusal, or a failed attempt. */
  on(event: 'connect_error', listener: (error: Error) => void): unknown
  /** Adds a listener for the end of the connection. */
  on(event: 'disconnect', listener: (reason: string) => void): unknown
  /** Removes a listener. */
  off(
    event: 'connect' | 'connect_error' | 'disconnect',
    listener: (...args: never[]) => void,
  ): unknown
  /** Adds a listener for every event of the server. */
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown
  /** Removes a listener for every event. */
  offAny(listener: (event: string, ...args: unknown[]) => void): unknown
}

/** Close code if the server disconnected the client on purpose; fatal in the dialect. */
const DISCONNECTED_BY_SERVER = 1008

/** Close code if the server refused the connection: the client fetches new credentials once. */
const NOT_AUTHENTICATED = 4401

/** Close code of a client that does not want to return to its session. */
const LEFT = 1000

/** The end of a connection that was lost. */
const LOST = { code: 1006, reason: '' }

/** The reason of socket.io-client for a disconnect by the server. */
const BY_SERVER = 'io server disconnect'

/** The most acknowledgements that are kept until they are sent; the oldest is dropped. */
const MOST_ANSWERS = 1_000

/** Matches the last argument that a server with `connectionStateRecovery` adds to an event: an offset. */
const OFFSET = /^[\w-]{7,}(?:\.[\w-]+)?$/

/** Type, namespace and acknowledgement of a packet. */
type Head = readonly [type: number, space: string, number: string]

/** Another namespace: its instance, and a function that leaves it. */
interface Space {
  readonly socket: SocketIoLike
  readonly leave: () => void
  /** Numbers of the acknowledgements that are awaited of the server. */
  readonly asked: Set<string>
  /** Numbers of those that are due once it is connected. */
  readonly due: string[]
}

/** The refusal of a namespace by an instance that cannot make others. */
const NO_OTHERS = { error: 'The instance has no `io` that makes others.' }

/** Listeners of one namespace. */
interface Listeners {
  opened(): void
  refused(cause: Error): void
  lost(reason: string): void
  event(packet: readonly unknown[]): void
}

/** Adds the listeners to an instance; the returned function removes them and disconnects it. */
function listen(socket: SocketIoLike, { opened, refused, lost, event }: Listeners): () => void {
  const received = (...packet: readonly unknown[]): void => event(packet)
  socket.on('connect', opened)
  socket.on('connect_error', refused)
  socket.on('disconnect', lost)
  socket.onAny(received)
  return () => {
    socket.off('connect', opened)
    socket.off('connect_error', refused)
    socket.off('disconnect', lost)
    socket.offAny(received)
    socket.disconnect()
  }
}

/** Returns the number of binary messages that follow a packet of the dialect. */
function attachmentsOf([head]: readonly unknown[]): number {
  return Array.isArray(head) ? Number(head[1]) : 0
}

/**
 * Returns the JSON text of a packet; a packet that is not JSON, as of a custom parser, is returned
 * as it is, for the codec to refuse.
 */
function textOf(packet: readonly unknown[]): unknown {
  try {
    return JSON.stringify(packet)
  } catch {
    return packet
  }
}
