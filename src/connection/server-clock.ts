import type { Clock } from '../base/clock.ts'
import { ElapsedClock } from '../base/elapsed-clock.ts'
import type { SendingTime } from '../ports/outgoing-request.ts'
import type { EventFrame, PongFrame } from '../protocol/frame.ts'

/**
 * The time that passes, also while the machine sleeps, the server's time as far as it is known, and
 * estimates from it; all in milliseconds.
 *
 * The server's clock decides how long ago a request was sent where it is known for both moments: it is
 * the one by which the server forgets its replies. Elsewhere time that the machine slept counts, and
 * so does a step of the wall clock forward; a step back shortens no age.
 */
export class ServerClock extends ElapsedClock {
  /** Difference from the client's wall clock to the server's; `undefined` before the first pong. */
  offsetMs: number | undefined
  /** Travel time of the event after the last pong. */
  eventLatencyMs: number | undefined
  readonly #clock: Clock
  #reading: { readonly server: number; readonly now: number; readonly elapsed: number } | undefined
  #measuresNext = false

  constructor(clock: Clock) {
    super(clock)
    this.#clock = clock
  }

  /** Stores the server's time as of now; `undefined` if this server does not send it. */
  read(server: number | undefined): void {
    this.#reading = server === undefined ? undefined : { ...this.present, server }
  }

  /** The present moment; the server's time is at least as late as given. */
  get present(): SendingTime {
    const now = this.#clock.now()
    const server = this.#reading && this.#reading.server + now - this.#reading.now
    return { now, elapsed: this.now(), server }
  }

  /** Returns how long ago a request was sent at the most. */
  ageMs({ now, elapsed, server }: SendingTime): number {
    const [reading, present] = [this.#reading, this.now()]
    if (!reading || server === undefined) return present - elapsed
    // Not less than the monotonic clock says, in case the server's clock was set back.
    return Math.max(reading.server + (present - reading.elapsed) - server, this.#clock.now() - now)
  }

  /** Stores the time in a pong; `roundTripMs` if it answers the last ping. */
  pong({ serverTime }: PongFrame, roundTripMs: number | undefined): void {
    if (serverTime === undefined) return
    this.read(serverTime)
    if (roundTripMs === undefined) return
    // The server read its clock half-way: D. Mills, RFC 5905, section 8, with symmetric paths.
    this.offsetMs = serverTime - (this.wall() - roundTripMs / 2)
    this.#measuresNext = true
  }

  /** Measures the travel time of one event after each pong: reading the clock for each would cost. */
  received({ timestamp }: EventFrame): void {
    if (!this.#measuresNext || timestamp === undefined || this.offsetMs === undefined) return
    this.#measuresNext = false
    this.eventLatencyMs = Math.max(0, this.wall() + this.offsetMs - timestamp)
  }
}
