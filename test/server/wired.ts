import type { MountSession, RealtimeServerOptions } from 'wirefold/server'
import { nativeMount } from 'wirefold/server'
import type { ServerParts } from '../../src/server/server-parts.ts'
import { serverParts } from '../../src/server/server-parts.ts'
import type { Message } from './raw-client.ts'

/** Creates the parts of a server without a network. */
export function partsOf(options: RealtimeServerOptions): ServerParts {
  return serverParts(options, () => {})
}

/** A client whose socket is a function call: it receives messages synchronously, in order. */
export class WiredClient {
  readonly received: Message[] = []
  /** Number of pings received. */
  pings = 0
  /** Whether it leaves pings unanswered. */
  frozen = false
  /** Close code sent by the server. */
  closed: number | undefined
  readonly #session: MountSession
  readonly #receive: (message: Message) => void

  constructor({ host }: Pick<ServerParts, 'host'>, receive: (message: Message) => void = () => {}) {
    this.#receive = receive
    const send = (text: string): void => {
      const message: Message = JSON.parse(text)
      this.received.push(message)
      this.#receive(message)
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
    this.#session = nativeMount().open(socket, request, host)
  }

  /** Sends messages as one frame. */
  send(...messages: readonly Message[]): void {
    const text = JSON.stringify(messages)
    this.#session.text(text, text.length)
  }

  /** Closes the socket. */
  disconnect(): void {
    this.#session.closed()
  }
}
