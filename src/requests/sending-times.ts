import type { Clock } from '../base/clock.ts'
import type { SendingTime } from '../ports/outgoing-request.ts'

/**
 * Measures how long ago requests were sent.
 *
 * The server's clock decides where it is known for both moments: it is the one by which the server
 * forgets its replies. Elsewhere time that the machine slept counts, and so does a step of the wall
 * clock forward; a step back shortens no age.
 */
export class SendingTimes {
  readonly #clock: Clock
  readonly #elapsed: Clock
  #reading: { readonly server: number; readonly now: number; readonly elapsed: number } | undefined

  /** @param elapsed the same time, but one that goes on while the machine sleeps */
  constructor(clock: Clock, elapsed: Clock) {
    this.#clock = clock
    this.#elapsed = elapsed
  }

  /** Stores the server's time as of now; `undefined` if this server does not send it. */
  read(server: number | undefined): void {
    this.#reading = server === undefined ? undefined : { ...this.present, server }
  }

  /** Returns the present moment; the server's time is at least as late as given. */
  get present(): SendingTime {
    const [now, elapsed] = [this.#clock.now(), this.#elapsed.now()]
    const server = this.#reading && this.#reading.server + now - this.#reading.now
    return { now, elapsed, server }
  }

  /** Returns how long ago a request was sent at the most, in milliseconds. */
  ageMs({ now, elapsed, server }: SendingTime): number {
    const [reading, present] = [this.#reading, this.#elapsed.now()]
    if (!reading || server === undefined) return present - elapsed
    // Not less than the monotonic clock says, in case the server's clock was set back.
    return Math.max(reading.server + (present - reading.elapsed) - server, this.#clock.now() - now)
  }
}
