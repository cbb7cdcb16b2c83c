import type { Counters } from '../metrics/counters.ts'
import type { PlainSocket, Socket } from '../socket/socket.ts'

/** A socket that does nothing once it is closing, and whose failures hurt nobody who sends. */
export class GuardedSocket implements Socket {
  readonly #socket: PlainSocket & Partial<Socket>
  readonly #counters: Counters
  readonly #report: (error: unknown) => void
  #ended = false

  /** @param report receives what the socket threw; it is closed then */
  constructor(
    socket: PlainSocket & Partial<Socket>,
    counters: Counters,
    report: (error: unknown) => void,
  ) {
    this.#socket = socket
    this.#counters = counters
    this.#report = report
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(text: string): void {
    if (this.#ended) return
    try {
      this.#socket.send(text)
      this.#counters.sent++
    } catch (error) {
      this.#report(error)
      this.close(1011, 'internal')
    }
  }

  sendDroppable(text: string): boolean {
    if (this.#ended) return true
    if (!this.#socket.sendDroppable) {
      this.send(text)
      return true
    }
    const taken = this.#socket.sendDroppable(text)
    if (taken) this.#counters.sent++
    return taken
  }

  drained(): Promise<void> | undefined {
    return this.#socket.drained?.()
  }

  ping(): void {
    if (!this.#ended) this.#try(() => this.#socket.ping?.())
  }

  close(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#try(() => this.#socket.close(code, reason))
  }

  /** It is over: nothing is sent any more. */
  closed(): void {
    this.#ended = true
    this.#try(() => this.#socket.end?.())
  }

  #try(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#report(error)
    }
  }
}
