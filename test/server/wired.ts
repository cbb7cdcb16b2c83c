import type { MountSession, RealtimeServerOptions, ServerCore } from 'wirefold/server'
import { nativeMount, RealtimeServer } from 'wirefold/server'
import type { Message } from './raw-client.ts'

/** The inside of a server that serves no network. */
export function coreOf(options: RealtimeServerOptions): ServerCore {
  const cores: ServerCore[] = []
  const server = new RealtimeServer(options)
  server.mount('/core', { ...nativeMount(), mounted: (core) => cores.push(core) })
  const [core] = cores
  if (!core) throw new Error('The mount was not told.')
  return core
}

/** A client whose socket is a function call: what it hears comes at once, and in turn. */
export class WiredClient {
  readonly heard: Message[] = []
  /** How often it was asked for a sign of life. */
  pings = 0
  /** While true it gives none. */
  frozen = false
  /** How the server closed it. */
  closed: number | undefined
  readonly #session: MountSession
  readonly #hear: (message: Message) => void

  constructor(core: ServerCore, hear: (message: Message) => void = () => {}) {
    this.#hear = hear
    const send = (text: string): void => {
      const message: Message = JSON.parse(text)
      this.heard.push(message)
      this.#hear(message)
    }
    const request = { headers: {}, url: '/', query: new URLSearchParams(), params: new Map() }
    const sendDroppable = (text: string): boolean => {
      send(text)
      return true
    }
    const socket = {
      bufferedAmount: 0,
      send,
      sendDroppable,
      drained: () => undefined,
      ping: () => {
        this.pings++
        if (!this.frozen) this.#session.alive?.()
      },
      close: (code: number) => {
        this.closed = code
      },
    }
    this.#session = nativeMount().open(socket, request, core)
  }

  /** Sends messages as one frame. */
  send(...messages: readonly Message[]): void {
    const text = JSON.stringify(messages)
    this.#session.text(text, text.length)
  }

  /** The link is gone. */
  cut(): void {
    this.#session.closed()
  }
}
