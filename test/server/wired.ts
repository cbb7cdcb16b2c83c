import type { MountSession, RealtimeServerOptions } from 'wirefold/server'
import { nativeMount } from 'wirefold/server'
import type { ServerParts } from '../../src/server/server-parts.ts'
import { serverParts } from '../../src/server/server-parts.ts'
import type { Message } from './raw-client.ts'

/** The parts of a server that serves no network. */
export function partsOf(options: RealtimeServerOptions): ServerParts {
  return serverParts(options, () => {})
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

  constructor({ host }: Pick<ServerParts, 'host'>, hear: (message: Message) => void = () => {}) {
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
    this.#session = nativeMount().open(socket, request, host)
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
