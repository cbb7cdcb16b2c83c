import type { Clock } from '../../base/clock.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import { textsOf } from '../../protocol/server-dialect.ts'
import type { Socket } from './socket.ts'

/** Length of a part, in UTF-16 units: two seconds of a link of 4 kB/s. */
const PART_UNITS = 8 * 1024

/**
 * Splits large messages into parts. A client sees a WebSocket message once all of it has arrived; on
 * a slow link the parts show it before that the link is alive.
 */
export class MessageParts {
  /** The last split message: an event goes to many clients. */
  #last: { readonly text: string; readonly parts: readonly string[] } | undefined

  /** Returns the texts to send for a message; a small one is sent as it is. */
  of(text: string, dialect: ServerDialect, now: number): readonly string[] {
    if (isSmall(text)) return [text]
    if (this.#last?.text !== text) this.#last = { text, parts: split(text, dialect, now) }
    return this.#last.parts
  }
}

/** A socket that sends the large messages of a dialect in parts. */
export class PartedSocket implements Pick<Socket, 'send' | 'sendDroppable'> {
  readonly #socket: Socket
  readonly #dialect: ServerDialect
  readonly #deps: PartedSocketDeps

  constructor(socket: Socket, dialect: ServerDialect, deps: PartedSocketDeps) {
    this.#socket = socket
    this.#dialect = dialect
    this.#deps = deps
  }

  send(text: string): void {
    if (isSmall(text)) this.#socket.send(text)
    else for (const part of this.#partsOf(text)) this.#socket.send(part)
  }

  sendDroppable(text: string): boolean {
    if (isSmall(text)) return this.#socket.sendDroppable(text)
    const [first = '', ...rest] = this.#partsOf(text)
    const taken = this.#socket.sendDroppable(first)
    if (taken) for (const part of rest) this.#socket.send(part)
    return taken
  }

  #partsOf(text: string): readonly string[] {
    const { parts, clock } = this.#deps
    return parts.of(text, this.#dialect, clock.wall())
  }
}

/** The dependencies that the parted sockets of a server share. */
export interface PartedSocketDeps {
  readonly parts: MessageParts
  readonly clock: Clock
}

function isSmall({ length }: string): boolean {
  return length <= PART_UNITS
}

function split(text: string, dialect: ServerDialect, now: number): readonly string[] {
  const parts: string[] = []
  for (let at = 0; at < text.length; at += PART_UNITS) {
    const end = at + PART_UNITS
    const part = { text: text.slice(at, end), more: end < text.length }
    parts.push(...textsOf(dialect.encode({ kind: 'part', ...part }, now)))
  }
  return parts
}
