import type { Clock } from '../base/clock.ts'
import type { EventFrame, PongFrame } from '../protocol/frame.ts'

/**
 * How far the server's clock is from ours, and how long its events travel; both in milliseconds, and
 * estimates.
 */
export class Latency {
  /** What to add to our clock to get the server's; `undefined` before it was told. */
  offsetMs: number | undefined
  /** How long the last event that was looked at had travelled. */
  eventMs: number | undefined
  #look = false

  /** A pong came after this round trip, at this reading of our wall clock. */
  pong({ serverTime }: PongFrame, roundTripMs: number, wall: number): void {
    if (serverTime === undefined) return
    // The server looked at its clock half-way: D. Mills, RFC 5905, section 8, with symmetric paths.
    this.offsetMs = serverTime - (wall - roundTripMs / 2)
    this.#look = true
  }

  /** An event came. One after each pong is looked at: reading the clock for each would cost. */
  event({ timestamp }: EventFrame, clock: Clock): void {
    if (!this.#look || timestamp === undefined || this.offsetMs === undefined) return
    this.#look = false
    this.eventMs = Math.max(0, clock.wall() + this.offsetMs - timestamp)
  }
}
