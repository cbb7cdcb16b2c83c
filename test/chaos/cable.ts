import type { Clock, CloseInfo } from 'wirefold'
import type { GoawayFrame } from 'wirefold/dialects'
import type { MountSession, Socket } from 'wirefold/server'
import type { FarEnd } from 'wirefold/testing'
import type { Random } from '../malformed-input/random.ts'
import { Pipe } from './pipe.ts'
import type { Weather } from './weather.ts'

/** Time that a peer may take to reply to a close frame, as for real sockets, in milliseconds. */
const CLOSE_MS = 1_000
const LOST: CloseInfo = { code: 1006, reason: '' }
/** Close frame of a server that restarts. */
export const RESTARTING: CloseInfo = { code: 1012, reason: '' }

/** Passes a socket to the server. */
export type Open = (socket: Socket) => MountSession

/** Dependencies of a cable. */
export interface CableParts {
  readonly clock: Clock
  readonly weather: Weather
  readonly random: Random
  /** The server's end of the client's connection. */
  readonly far: FarEnd
  readonly open: Open
}

type Item = 'open' | { readonly text: string } | { readonly close: CloseInfo }

/** One connection in memory: messages and the end of the stream, in both directions. */
export class Cable {
  readonly toServer: Pipe<Item>
  readonly toClient: Pipe<Item>
  readonly #parts: CableParts
  #session: MountSession | undefined

  constructor(parts: CableParts) {
    const { far } = parts
    this.#parts = parts
    const size = (item: Item): number =>
      typeof item === 'object' && 'text' in item ? item.text.length : 0
    this.toServer = new Pipe({ ...parts, size, deliver: (items) => this.#reachServer(items) })
    this.toClient = new Pipe({ ...parts, size, deliver: (items) => this.#reachClient(items) })
    far.onMessage = (text) => this.toServer.push({ text: this.#corrupted(text) })
    far.onClose = (close) => this.toServer.push({ close })
  }

  /** Starts the connection. */
  begin(): void {
    this.toServer.push('open')
  }

  /** Ends the connection at once; data in transit is lost. */
  reset(): void {
    this.toServer.stop()
    this.toClient.stop()
    this.#parts.far.close(LOST.code)
    this.#session?.closed()
  }

  /** Ends the connection on both sides after data in transit, without a closing handshake. */
  finish(): void {
    this.toServer.push({ close: LOST })
    this.toClient.push({ close: LOST })
  }

  /** Closes the connection from the server. */
  dismiss(close: CloseInfo): void {
    this.#session?.closed()
    this.#session = undefined
    this.toClient.push({ close })
  }

  /** Sends a goaway from the server, and closes the connection once the client has moved. */
  drain(notice: GoawayFrame): void {
    this.#session?.drain?.(notice, () => this.dismiss(RESTARTING))
  }

  #reachServer(items: readonly Item[]): void {
    for (const item of items) {
      if (item === 'open') {
        this.#session = this.#parts.open(this.#socket())
        this.toClient.push('open')
      } else if ('text' in item) this.#session?.text(item.text, Buffer.byteLength(item.text))
      else this.#session?.closed()
    }
  }

  #reachClient(items: readonly Item[]): void {
    const { far } = this.#parts
    for (const item of items) {
      if (item === 'open') far.accept()
      else if ('text' in item) far.send(item.text)
      else far.close(item.close.code, item.close.reason)
    }
  }

  #socket(): Socket {
    const { toClient } = this
    let closing = false
    const send = (text: string): void => {
      if (!closing) toClient.push({ text: this.#corrupted(text) })
    }
    return {
      get bufferedAmount() {
        return toClient.bytes
      },
      send,
      sendDroppable: (text) => {
        send(text)
        return true
      },
      drained: () => undefined,
      ping: () => {},
      close: (code, reason) => {
        if (closing) return
        closing = true
        toClient.push({ close: { code, reason } })
        this.#parts.clock.after(CLOSE_MS, () => this.#session?.closed())
      },
    }
  }

  #corrupted(text: string): string {
    const { weather, random } = this.#parts
    if (!Number.isFinite(weather.flipEvery)) return text
    return text.replace(/[\s\S]/g, (char) =>
      random.below(weather.flipEvery) > 0
        ? char
        : String.fromCharCode(char.charCodeAt(0) ^ (1 << random.below(7))),
    )
  }
}
