/* WebSockets without a network, and the servers behind them, in the process of the client. */
import { importBundled } from './bundled.js'

/**
 * Returns a WebSocket class. Its sockets open in a microtask, unless `opens` was set to false; then
 * `opened(socket)` is called, and `answer(socket, text)` with every text that a client sends.
 */
export function fakeSocketClass(answer = () => {}, opened = () => {}) {
  return class FakeSocket {
    static CONNECTING = 0
    static OPEN = 1
    static CLOSING = 2
    static CLOSED = 3
    /** The socket that was made last. */
    static last
    /** Whether sockets open by themselves. */
    static opens = true
    readyState = 0
    bufferedAmount = 0
    binaryType = 'blob'
    onopen = null
    onmessage = null
    onerror = null
    onclose = null

    constructor(url, protocols = []) {
      this.url = url
      this.protocol = [protocols].flat()[0] ?? ''
      FakeSocket.last = this
      if (FakeSocket.opens) queueMicrotask(() => this.open())
    }

    /** Opens it. */
    open() {
      if (this.readyState !== 0) return
      this.readyState = 1
      this.onopen?.({ type: 'open' })
      opened(this)
    }

    send(data) {
      answer(this, data)
    }

    /** Delivers a message to the client. */
    receive(data) {
      this.onmessage?.({ data })
    }

    close(code = 1000, reason = '') {
      if (this.readyState === 3) return
      this.readyState = 3
      queueMicrotask(() => this.onclose?.({ code, reason, wasClean: true }))
    }

    /** Cuts the connection. */
    drop(code = 1006) {
      this.readyState = 3
      this.onclose?.({ code, reason: '', wasClean: false })
    }
  }
}

/**
 * Returns the answers of a server of the native protocol that accepts everything: new channels at the
 * offset 0, and resumed ones that have missed nothing, which it does not name.
 */
export function nativeAnswers(text) {
  return [JSON.parse(text)].flat().flatMap(({ type, requestId, payload }) => {
    if (type === 'hello') return [nativeWelcome]
    if (type === 'ping') return [{ type: 'pong' }]
    if (type !== 'subscribe') return []
    const at = Object.fromEntries(payload.channels.map((name) => [name, ['e', 0]]))
    return [{ type: 'subscribed', requestId, payload: { at } }]
  })
}

/** The welcome of a server of the native protocol. */
export const nativeWelcome = {
  type: 'welcome',
  payload: {
    connectionId: 'c-1',
    userId: null,
    serverTime: Date.now(),
    heartbeatMs: 25_000,
    limits: { subscriptions: 100_000, frameBytes: 65_536, dedupeMs: 600_000 },
  },
}

/** Returns a WebSocket class whose server is {@link nativeAnswers}. */
export function nativeSocketClass() {
  return fakeSocketClass((socket, text) => {
    const answers = nativeAnswers(text)
    if (answers.length) queueMicrotask(() => socket.receive(JSON.stringify(answers)))
  })
}

/** Returns a WebSocket class whose server accepts every channel of Phoenix. */
export function phoenixSocketClass() {
  return fakeSocketClass((socket, text) => {
    const [joinRef, ref, topic] = JSON.parse(text)
    const reply = [joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} }]
    queueMicrotask(() => socket.receive(JSON.stringify(reply)))
  })
}

/** Returns a WebSocket class whose server accepts every channel of Action Cable. */
export function cableSocketClass() {
  return fakeSocketClass(
    (socket, text) => {
      const { command, identifier } = JSON.parse(text)
      if (command !== 'subscribe') return
      const reply = { identifier, type: 'confirm_subscription' }
      queueMicrotask(() => socket.receive(JSON.stringify(reply)))
    },
    (socket) => socket.receive('{"type":"welcome"}'),
  )
}

/** Returns a WebSocket class whose server speaks Engine.IO, and accepts every namespace. */
export function socketioSocketClass(answer = () => {}) {
  const open = {
    sid: 's',
    upgrades: [],
    pingInterval: 25_000,
    pingTimeout: 20_000,
    maxPayload: 1e6,
  }
  return fakeSocketClass(
    (socket, text) => {
      if (text === '40') queueMicrotask(() => socket.receive('40{"sid":"n"}'))
      else answer(socket, text)
    },
    (socket) => socket.receive(`0${JSON.stringify(open)}`),
  )
}

/**
 * Returns `io` of the build for browsers, which takes the WebSocket class of the platform: the given
 * one from now on.
 */
export async function socketioOver(WebSocketClass) {
  globalThis.WebSocket = WebSocketClass
  const { io } = await importBundled(`export { io } from 'socket.io-client'`)
  return io
}
