import type { Cancel } from '../../../base/clock.ts'
import { systemClock } from '../../../base/clock.ts'
import { ackKey } from '../../../dialects/socketio/server-packets.ts'
import { isFields } from '../../../protocol/fields.ts'
import type { HttpRefusal } from '../../access/upgrade-request.ts'
import type { OpenSession, SessionPart } from '../../session/mount.ts'
import type { PlainSocket, SocketHandlers } from '../../socket/socket.ts'
import { runLast } from './run-last.ts'
import type { EnginePacket, SocketioSocket } from './socketio-socket.ts'

/** Close codes after which the client must not connect again by itself. */
const FINAL_CODES = [1008, 4403]
/** HTTP statuses of refusals that are temporary. */
const TEMPORARY = [429, 500, 503]

/** Above this many bytes that Engine.IO buffers, the network has to take them within {@link SLOW_MS}. */
const HIGH_WATER_BYTES = 1024 * 1024
/** Time after which a client whose network takes nothing is disconnected, in milliseconds. */
const SLOW_MS = 10_000
/** Disconnect a client for which Engine.IO buffers more bytes than this. */
const MAX_BYTES = 16 * 1024 * 1024

/** Maximum number of further CONNECTs that are ignored while the first one has no answer. */
const MOST_REPEATS = 4

/** A socket of Socket.IO as the socket of a session, whose texts are packets of Socket.IO 5. */
export class BridgedSocket implements PlainSocket {
  readonly #socket: SocketioSocket
  readonly #accept: (error?: Error) => void
  readonly #values: SharedValues
  /** The handlers of the session, once it is open. */
  #handlers: SocketHandlers | undefined
  /** Answered once, by acceptance or a refusal; Socket.IO connects the client some time later. */
  #answered = false
  /** The packets sent, and the end, until Socket.IO has connected the client. */
  #held: (() => void)[] | undefined = []
  #ended = false
  #session: OpenSession | undefined
  #repeats = 0
  #buffered = 0
  #nextAck = 0
  readonly #acks = new Map<number, Acknowledge>()
  /** Set while more than {@link HIGH_WATER_BYTES} are buffered. */
  #cancelSlow: Cancel | undefined
  #isSlow = false
  readonly #onDrain = (): void => {
    // Engine.IO hands all that it buffers to the transport at once.
    this.#buffered = 0
    this.#cancelSlow?.()
    this.#cancelSlow = undefined
  }
  readonly #onClose = (): void => this.#end()
  /** Ends the session if a middleware after that of the bridge refuses the client. */
  readonly #onPacket = ({ data }: EnginePacket): void => {
    if (isConnectError(data, this.#socket.nsp.name)) this.#end()
  }

  /** @param accept called once: without an error to connect the client, with one to refuse it */
  constructor(
    socket: SocketioSocket,
    accept: (error?: Error) => void,
    values: SharedValues = new SharedValues(),
  ) {
    this.#socket = socket
    this.#accept = accept
    this.#values = values
    // Socket.IO goes on with a client whose connection has ended, and reports no end of it then.
    if (socket.conn.readyState !== 'open') {
      this.#end()
      return
    }
    socket.conn.on('drain', this.#onDrain)
    socket.conn.on('close', this.#onClose)
    socket.conn.on('packetCreate', this.#onPacket)
    socket.on('disconnect', (reason) => this.#end(reason === 'client namespace disconnect'))
    runLast(socket, ([name, ...args]) => this.#received(name, args))
  }

  /** Whether the connection, or its session, has ended. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Called when the client sends CONNECT again, as it does where the application calls `connect()`
   * twice. Ignores that until this one is answered; ends the session after that, since a later
   * middleware has refused the client then.
   *
   * @param accept answers the other CONNECT
   * @returns whether that is ignored
   */
  repeated(accept: (error?: Error) => void): boolean {
    if (this.#answered) {
      this.#end()
      return false
    }
    const { conn } = this.#socket
    this.#repeats += 1
    if (this.#repeats > MOST_REPEATS) conn.close()
    // The client would take an answer for that to its first CONNECT.
    const forget = (): void => accept(new Error(CLOSED.error))
    if (conn.readyState === 'open') conn.on('close', forget)
    else forget()
    return true
  }

  /** Begins the session: its hello is the CONNECT of the client. */
  start(handlers: SocketHandlers): void {
    this.#handlers = handlers
    if (this.#ended) handlers.closed()
    else this.#pass('40', this.#socket.handshake.auth)
  }

  /** Refuses the client. */
  refuse({ status, code, reason, retryAfterMs }: HttpRefusal): void {
    if (TEMPORARY.includes(status)) this.#socket.conn.close()
    else this.#answer(connectError(reason, { code, retryAfterMs }))
    this.#end()
  }

  /** Takes the session once it is open; its commands stay with it. */
  opened(session: OpenSession): SessionPart {
    this.#session = session
    return { take: () => false, closed() {} }
  }

  /** The id of the connection; `undefined` until the session is open. */
  get connectionId(): string | undefined {
    return this.#session?.id
  }

  /**
   * Subscribes the client, or unsubscribes it, for the application: without the limits for messages
   * of the client. Resolves with the value for an acknowledgement.
   */
  run(kind: 'subscribe' | 'unsubscribe', channel: string): Promise<unknown> {
    const session = this.#session
    if (this.#ended || !session) return Promise.resolve(CLOSED)
    const number = this.#nextAck++
    const command = { requestId: ackKey(number), channels: [channel] }
    return new Promise((resolve) => {
      this.#acks.set(number, resolve)
      if (kind === 'subscribe') session.run({ kind, ...command, since: new Map() })
      else session.run({ kind, ...command })
    })
  }

  /** Sends what was held; called when Socket.IO has connected the client. */
  connected(): void {
    this.#socket.conn.off('packetCreate', this.#onPacket)
    const held = this.#held ?? []
    this.#held = undefined
    for (const step of held) step()
  }

  /** Passes an event to the session, as if the client had sent it. */
  emit(name: string, args: readonly unknown[], acknowledge?: Acknowledge): void {
    if (this.#ended) acknowledge?.(CLOSED)
    else if (!acknowledge) this.#pass('42', [name, ...args])
    else {
      const number = this.#nextAck++
      this.#acks.set(number, acknowledge)
      this.#pass(`42${number}`, [name, ...args])
    }
  }

  get bufferedAmount(): number {
    return this.#buffered
  }

  send(text: string): void {
    const number = /^43(\d+)/.exec(text)?.[1]
    if (number !== undefined) this.#acknowledge(Number(number), text.slice(2 + number.length))
    else if (text.startsWith('42')) this.#whenConnected(() => this.#event(text))
    else if (text.startsWith('41')) this.#whenConnected(() => this.#socket.disconnect())
    else if (text.startsWith('40')) this.#answer()
    else if (text.startsWith('44')) {
      const value = this.#values.of(text)
      if (isFields(value)) this.#answer(connectError(value.message, value.data))
    }
    // Others are packets of Engine.IO, which Socket.IO sends itself.
  }

  /** Counts as a sign of life: Engine.IO pings by itself, and closes a silent connection. */
  ping(): void {
    this.#handlers?.alive?.()
  }

  close(code: number, reason: string): void {
    if (this.#ended) return
    if (this.#answered) this.#whenConnected(() => this.#disconnect(code))
    else if (FINAL_CODES.includes(code)) this.#answer(connectError(reason, { code: CLOSED.code }))
    // Stock clients stay away after a `connect_error`, and return after the end of their connection.
    else this.#socket.conn.close()
    this.#end()
  }

  #disconnect(code: number): void {
    // After a DISCONNECT, stock clients stay away; after the end of their connection, they return.
    if (FINAL_CODES.includes(code)) this.#socket.disconnect()
    else this.#socket.conn.close()
  }

  #answer(error?: Error): void {
    if (this.#answered) return
    this.#answered = true
    this.#accept(error)
  }

  /** Runs a step once Socket.IO has connected the client, which drops packets before that. */
  #whenConnected(step: () => void): void {
    if (this.#held) this.#held.push(step)
    else step()
  }

  #event(text: string): void {
    const values = this.#values.of(text)
    if (!Array.isArray(values)) return
    const [name, ...args]: readonly unknown[] = values
    this.#write(text.length, () => this.#socket.emit(String(name), ...args))
  }

  #acknowledge(number: number, json: string): void {
    const acknowledge = this.#acks.get(number)
    this.#acks.delete(number)
    const values: unknown = JSON.parse(json)
    if (Array.isArray(values)) this.#write(json.length, () => acknowledge?.(...values))
  }

  #write(size: number, write: () => void): void {
    // Counted before: Socket.IO reports within `write` that the network has taken everything.
    this.#buffered += size
    write()
    if (this.#buffered > MAX_BYTES) this.#slow()
    // Not at once: what is written in one step cannot leave the process before the end of that.
    else if (this.#buffered > HIGH_WATER_BYTES && !this.#isSlow) {
      this.#cancelSlow ??= systemClock.after(SLOW_MS, () => this.#slow(), 'background')
    }
  }

  #slow(): void {
    if (this.#isSlow) return
    this.#isSlow = true
    this.#handlers?.slow?.()
    this.close(1013, 'too slow')
  }

  /** Passes a packet to the session; bytes, and values nested too deeply for JSON, are refused. */
  #pass(prefix: string, value: unknown): void {
    const json = jsonOf(value)
    if (json === undefined) this.#handlers?.binary()
    else this.#handlers?.text(prefix + json, Buffer.byteLength(json) + prefix.length)
  }

  #received(name: string, args: readonly unknown[]): void {
    // Socket.IO itself listens to `error`; what the application listens to is not for the server.
    const most = name === 'error' ? 1 : 0
    if (this.#socket.listenerCount(name) > most) return
    const last = args.at(-1)
    if (isAcknowledge(last)) this.emit(name, args.slice(0, -1), last)
    else this.emit(name, args)
  }

  /** @param byPeer whether the client has said that it disconnects */
  #end(byPeer = false): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelSlow?.()
    this.#socket.conn.off('drain', this.#onDrain)
    this.#socket.conn.off('close', this.#onClose)
    this.#socket.conn.off('packetCreate', this.#onPacket)
    for (const acknowledge of this.#acks.values()) acknowledge(CLOSED)
    this.#acks.clear()
    // Socket.IO keeps a client until its middleware has an answer.
    this.#answer(connectError(CLOSED.error, { code: CLOSED.code }))
    // Not at once: a session that closes its socket is not done with that yet.
    queueMicrotask(() => this.#handlers?.closed(byPeer))
  }
}

/** The function that acknowledges an event. */
export type Acknowledge = (...values: readonly unknown[]) => void

/** The JSON of packets; the last value is kept, which one event has for many receivers. */
export class SharedValues {
  #text = ''
  #value: unknown

  /** Returns the value after the two digits of a packet; do not modify it. */
  of(text: string): unknown {
    if (text !== this.#text) {
      this.#value = JSON.parse(text.slice(2))
      this.#text = text
    }
    return this.#value
  }
}

/** The acknowledgement of an event whose connection has ended. */
const CLOSED = { error: 'The connection has ended.', code: 'closed' }

/** Returns the error from which Socket.IO makes the `connect_error` of the client. */
function connectError(message: unknown, data: unknown): Error {
  return Object.assign(new Error(String(message)), { data })
}

/** Whether the text of a message of Engine.IO is a packet of Socket.IO that refuses a client. */
function isConnectError(data: unknown, namespace: string): boolean {
  if (typeof data !== 'string') return false
  return namespace === '/' ? /^4(?!\/)/.test(data) : data.startsWith(`4${namespace},`)
}

function isAcknowledge(value: unknown): value is Acknowledge {
  return typeof value === 'function'
}

function jsonOf(value: unknown): string | undefined {
  try {
    return hasBytes(value) ? undefined : JSON.stringify(value)
  } catch {
    // A stack overflow, which a peer can cause with brackets.
    return undefined
  }
}

function hasBytes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ArrayBuffer.isView(value) || Object.values(value).some(hasBytes)
}
