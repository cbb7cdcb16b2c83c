import type { Clock } from '../../base/clock.ts'

/** What a node knows of the present era; see `era-script.ts`. */
export class StoreGeneration {
  readonly #clock: Clock
  #id = ''
  /** When it began, on the monotonic clock; `undefined` while that is in doubt. */
  #since: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Its id; empty before anything was heard. */
  get id(): string {
    return this.#id
  }

  /** How far back nothing was lost, in milliseconds; nothing is promised while in doubt. */
  get reachMs(): number {
    return this.#since === undefined ? 0 : Math.max(0, this.#clock.now() - this.#since)
  }

  /** Redis said which it is. */
  learn(id: string, ageMs: number): void {
    this.#id = id
    this.lasts(ageMs)
  }

  /** Redis said for how long nothing was lost. */
  lasts(ageMs: number): void {
    this.#since = this.#clock.now() - ageMs
  }

  /** The connection was away: who knows what is behind it now. */
  doubt(): void {
    this.#since = undefined
  }
}
