import type { Socket } from '../socket/socket.ts'

/** Whether one client keeps up with its events. */
export class Pace {
  readonly #socket: Socket
  readonly #caughtUp: () => void
  #behind = false

  /** @param caughtUp called when a client that was behind keeps up again */
  constructor(socket: Socket, caughtUp: () => void) {
    this.#socket = socket
    this.#caughtUp = caughtUp
  }

  /** Whether events were withheld and the client does not know it yet. */
  get behind(): boolean {
    return this.#behind
  }

  /** Sends the text of an event, or withholds it where the client does not keep up. */
  offer(text: string): void {
    if (this.#socket.sendDroppable(text) || this.#behind) return
    this.#behind = true
    this.#socket.drained()?.then(() => {
      this.#behind = false
      this.#caughtUp()
    })
  }
}
