import type { Clock } from '../../base/clock.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import { textsOf } from '../../protocol/server-dialect.ts'
import type { Socket } from '../socket/socket.ts'

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
    if (text.length <= PART_UNITS) return [text]
    if (this.#last?.text !== text) this.#last = { text, parts: split(text, dialect, now) }
    return this.#last.parts
  }
}

/** Returns a socket that sends the messages of a dialect in parts. */
export function partedSocket(
  socket: Socket,
  dialect: ServerDialect,
  { parts, clock }: { readonly parts: MessageParts; readonly clock: Clock },
): Pick<Socket, 'send' | 'sendDroppable'> {
  const of = (text: string): readonly string[] => parts.of(text, dialect, clock.wall())
  return {
    send(text) {
      for (const part of of(text)) socket.send(part)
    },
    sendDroppable(text) {
      const [first = '', ...rest] = of(text)
      const taken = socket.sendDroppable(first)
      if (taken) for (const part of rest) socket.send(part)
      return taken
    },
  }
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
