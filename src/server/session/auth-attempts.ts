import type { Cancel, Clock } from '../../base/clock.ts'

/** Time for which a failed attempt counts, in milliseconds. */
const WINDOW_MS = 60_000
/** Maximum number of addresses whose failures are remembered; the least recent one is forgotten. */
const MOST_ADDRESSES = 10_000

/**
 * Limits how many credentials of one address are checked: those under way and those that failed
 * within a minute together. Further ones wait for their turn, in order.
 */
export class AuthAttempts {
  readonly #deps: AuthAttemptsDeps
  /** The least recently used address first. */
  readonly #addresses = new Map<string, AddressAttempts>()

  constructor(deps: AuthAttemptsDeps) {
    this.#deps = deps
  }

  /**
   * Waits for a turn of an address; the caller then has to call {@link end}.
   *
   * @param wanted returns false once the credentials need not be checked any more
   * @returns 0 for a turn; otherwise the time after which there will be one, in milliseconds
   */
  begin(address: string, wanted: () => boolean): Promise<number> {
    const attempts = this.#of(address)
    const until = this.#deps.clock.now() + this.#deps.patienceMs
    return new Promise((resolve) => {
      attempts.waiting.push({ until, wanted, resolve })
      this.#next(attempts)
    })
  }

  /** Ends an attempt; one that failed counts for a minute. */
  end(address: string, failed: boolean): void {
    const attempts = this.#of(address)
    attempts.undecided -= 1
    if (failed) attempts.failedAt.push(this.#deps.clock.now())
    this.#next(attempts)
    if (isIdle(attempts) && !attempts.failedAt.length) this.#addresses.delete(address)
  }

  /** Stops all timers; the attempts that wait get no turn. */
  close(): void {
    for (const { cancel } of this.#addresses.values()) cancel()
    this.#addresses.clear()
  }

  #of(address: string): AddressAttempts {
    const unused = { undecided: 0, failedAt: [], waiting: [], cancel: () => {} }
    const attempts = this.#addresses.get(address) ?? unused
    this.#addresses.delete(address)
    this.#addresses.set(address, attempts)
    for (const [oldest, others] of this.#addresses) {
      if (this.#addresses.size <= MOST_ADDRESSES) break
      if (isIdle(others)) this.#addresses.delete(oldest)
    }
    return attempts
  }

  /** Gives the free turns to those that wait, and refuses those that would wait for too long. */
  #next(attempts: AddressAttempts): void {
    const { clock, most } = this.#deps
    const { failedAt, waiting } = attempts
    const now = clock.now()
    attempts.cancel()
    while ((failedAt[0] ?? now) <= now - WINDOW_MS) failedAt.shift()
    for (let [first] = waiting; first; [first] = waiting) {
      const wanted = first.wanted()
      if (wanted && attempts.undecided + failedAt.length >= most) break
      waiting.shift()
      if (wanted) attempts.undecided += 1
      first.resolve(wanted ? 0 : WINDOW_MS)
    }
    // The end of an attempt under way calls this function again.
    if (!waiting.length || attempts.undecided) return
    const turnMs = (failedAt[0] ?? now) + WINDOW_MS - now
    const patient = waiting.filter(({ until }) => until >= now + turnMs)
    for (const { until, resolve } of waiting.splice(0)) if (until < now + turnMs) resolve(turnMs)
    waiting.push(...patient)
    if (patient.length) attempts.cancel = clock.after(turnMs, () => this.#next(attempts))
  }
}

/** The dependencies of {@link AuthAttempts}. */
export interface AuthAttemptsDeps {
  readonly clock: Clock
  /** Maximum number of attempts of an address under way, and failed within a minute. */
  readonly most: number
  /** Maximum time to wait for a turn, in milliseconds. */
  readonly patienceMs: number
}

/** The attempts of one address. */
interface AddressAttempts {
  undecided: number
  /** The times of the failures within a minute, on the monotonic clock. */
  readonly failedAt: number[]
  readonly waiting: WaitingAttempt[]
  cancel: Cancel
}

interface WaitingAttempt {
  /** The time until which it waits, on the monotonic clock. */
  readonly until: number
  readonly wanted: () => boolean
  readonly resolve: (waitMs: number) => void
}

function isIdle({ undecided, waiting }: AddressAttempts): boolean {
  return !undecided && !waiting.length
}
