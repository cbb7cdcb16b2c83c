import { once } from 'node:events'
import { onTestFinished, vi } from 'vitest'
import { createRealtimeServer, type RealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'

/** The time that stands for every time on the page. */
const TIME = 1_790_000_000_000

/** A message as it went over the wire. */
export interface WireMessage {
  readonly by: 'client' | 'server'
  readonly message: unknown
}

/** The server of the exchanges: Ada may do everything but read secrets. */
function makeServer(): RealtimeServer {
  const server = createRealtimeServer({
    authenticate: ({ token }) => {
      if (token === "ada's") return { id: 'ada', name: 'Ada' }
      const soon = { user: { id: 'ada', name: 'Ada' }, expiresAt: Date.now() + 2_000 }
      return token?.startsWith("ada's") ? soon : undefined
    },
    authorize: (_user, channel) => !channel.startsWith('secret:'),
    onError: () => {},
  })
  server.handle('order:place', async (_, { publish }) => {
    await publish('orders', 'placed', { item: 7 })
    return { order: 1 }
  })
  return server
}

/** Stable names for what differs from run to run. */
class StableNames {
  readonly #names = new Map<string, string>()

  /** Returns a message of the server as text in which everything that differs has a stable name. */
  shown(message: unknown): string {
    this.#find(message)
    let text = JSON.stringify(message)
    for (const [actual, name] of this.#names) text = text.replaceAll(actual, name)
    return text
      .replace(/"(serverTime|timestamp|lastSeen|expiresAt)":[\d.]+/g, `"$1":${TIME}`)
      .replace(/"dedupeMs":\d+/, '"dedupeMs":600000')
  }

  /** Returns a message of the page with the actual values. */
  actual(text: string): string {
    let result = text
    for (const [actual, name] of this.#names) result = result.replaceAll(`"${name}"`, `"${actual}"`)
    return result
  }

  #find(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    // A position: an epoch, and an offset.
    if (Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number') {
      this.#name(value[0], 'epoch')
    }
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && ['connectionId', 'tag', 'epoch'].includes(key)) {
        this.#name(inner, key === 'connectionId' ? 'connection' : key)
      } else this.#find(inner)
    }
  }

  #name(actual: string, kind: string): void {
    if (this.#names.has(actual)) return
    const count = [...this.#names.values()].filter((name) => name.startsWith(kind)).length
    this.#names.set(actual, `${kind}-${count + 1}${kind === 'tag' ? ':' : ''}`)
  }
}

/**
 * Plays the client of an exchange, and returns it with the messages that the server really sent.
 *
 * @param seen receives every message
 */
export async function played(code: string, seen: (message: WireMessage) => void): Promise<string> {
  const server = makeServer()
  onTestFinished(() => server.close())
  const { url } = await server.listen()
  const names = new StableNames()
  let received: unknown[] = []
  let socket: WebSocket | undefined
  let closeCode: number | undefined
  const connect = async (): Promise<WebSocket> => {
    const made = new WebSocket(url, 'wirefold.v1')
    made.on('message', (data) => received.push(...[JSON.parse(String(data))].flat()))
    made.on('close', (code) => {
      closeCode = code
    })
    await once(made, 'open')
    return made
  }
  const actions: Readonly<Record<string, () => unknown>> = {
    'the server publishes on shop:42': () => server.publish('shop:42', 'sold', { item: 7 }),
    'the connection is lost': async () => {
      const lost = socket
      socket = undefined
      lost?.terminate()
      if (lost) await once(lost, 'close')
    },
    'the server drains': () => void server.drain({ deadlineMs: 5_000, windowMs: 1_000 }),
    'the server closes with 4401': () => vi.waitFor(() => assertEqual(closeCode, 4401)),
    'the server closes with 1012': () => vi.waitFor(() => assertEqual(closeCode, 1012)),
  }
  const lines: string[] = []
  for (const line of code.trimEnd().split('\n')) {
    const [mark = '', text] = [line[0], line.slice(2)]
    if (mark === '←') {
      await vi.waitFor(() => assertEqual(received.length > 0, true), { timeout: 10_000 })
      const message = received.shift()
      seen({ by: 'server', message })
      lines.push(`← ${names.shown(message)}`)
      continue
    }
    lines.push(line)
    if (mark === '→') {
      socket ??= await connect()
      const message = names.actual(text)
      seen({ by: 'client', message: JSON.parse(message) })
      socket.send(message)
    } else {
      const action = actions[text]
      if (mark !== '·' || !action) throw new Error(`The exchange has a line that is none: ${line}`)
      await action()
    }
  }
  // The server answers in order: a message that nothing on the page announces comes before this pong.
  if (socket?.readyState === WebSocket.OPEN) {
    socket.send('{"type":"ping"}')
    await vi.waitFor(() => assertEqual(received.some(isPong), true))
    received = received.filter((message) => !isPong(message))
  }
  if (received.length > 0) throw new Error(`The server also sent ${JSON.stringify(received)}.`)
  socket?.terminate()
  return `${lines.join('\n')}\n`
}

const isPong = (message: unknown): boolean => Object(message).type === 'pong'

function assertEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`It is ${actual}, not ${expected}.`)
}
