import type { Clock, CloseInfo } from 'wirefold'
import type { GoawayFrame } from 'wirefold/dialects'
import type { MountSession, Socket } from 'wirefold/server'
import type { FarEnd } from 'wirefold/testing'

/** Time that a peer may take to reply to a close frame, as for real sockets, in milliseconds. */
const CLOSE_MS = 1_000
/** Close frame of a server that restarts. */
export const RESTARTING: CloseInfo = { code: 1012, reason: '' }

/** Passes a socket to the server. */
export type Open = (socket: Socket) => MountSession

/** Joins the far end of one connection in memory to a session of the real server. */
export class Cable {
  readonly #clock: Clock
  readonly #far: FarEnd
  readonly #session: MountSession

  constructor(clock: Clock, far: FarEnd, open: Open) {
    this.#clock = clock
    this.#far = far
    this.#session = open(this.#socket())
    far.onMessage = (text) => this.#session.text(text, Buffer.byteLength(text))
    far.onClose = () => this.#session.closed()
    far.accept()
  }

  /** Ends both directions after the data in transit, without a closing handshake. */
  finish(): void {
    this.#far.finish()
  }

  /** Closes the connection from the server. */
  dismiss({ code, reason }: CloseInfo): void {
    this.#far.close(code, reason)
  }

  /** Sends a goaway from the server, and closes the connection once the client has moved. */
  drain(notice: GoawayFrame): void {
    this.#session.drain?.(notice, () => this.dismiss(RESTARTING))
  }

  #socket(): Socket {
    const far = this.#far
    let closing = false
    const send = (text: string): void => {
      if (!closing) far.send(text)
    }
    return {
      get bufferedAmount() {
        return far.bufferedAmount
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
        far.onClose = undefined
        far.close(code, reason)
        this.#clock.after(CLOSE_MS, () => this.#session.closed())
      },
    }
  }
}
