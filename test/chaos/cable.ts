import type { Clock, CloseInfo } from 'wirefold'
import type { GoawayFrame } from 'wirefold/dialects'
import type { MountSession, Socket } from 'wirefold/server'
import type { FarEnd } from 'wirefold/testing'
import type { Random } from '../malformed-input/random.ts'
import { Pipe } from './pipe.ts'
import type { Weather } from './weather.ts'

/** How long a peer may take to answer a close, as with the server's own sockets, in milliseconds. */
const CLOSE_MS = 1_000
const LOST: CloseInfo = { code: 1006, reason: '' }
/** How a server closes that makes way for another. */
export const RESTARTING: CloseInfo = { code: 1012, reason: '' }

/** Has a server take a socket. */
export type Open = (socket: Socket) => MountSession

/** What a cable is made of. */
export interface CableParts {
  readonly clock: Clock
  readonly weather: Weather
  readonly random: Random
  /** The client's connection, seen from outside. */
  readonly far: FarEnd
  readonly open: Open
}

type Item = 'open' | { readonly text: string } | { readonly close: CloseInfo }

/** One connection in memory: messages, and the end behind them, in both ways. */
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

  /** Knocks at the server's door. */
  begin(): void {
    this.toServer.push('open')
  }

  /** Ends it at once; what is under way is lost. */
  reset(): void {
    this.toServer.stop()
    this.toClient.stop()
    this.#parts.far.close(LOST.code)
    this.#session?.closed()
  }

  /** Ends it on both sides behind what is under way, with no closing handshake. */
  finish(): void {
    this.toServer.push({ close: LOST })
    this.toClient.push({ close: LOST })
  }

  /** Has the server end it. */
  dismiss(close: CloseInfo): void {
    this.#session?.closed()
    this.#session = undefined
    this.toClient.push({ close })
  }

  /** Has the server ask the client to move, and end it once it has. */
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
