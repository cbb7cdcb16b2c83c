import type { Clock } from '../../base/clock.ts'
import type { Rate, RateStore } from '../broker/rate-store.ts'

/** Maximum number of keys with tokens to be paid; the oldest one is forgotten. */
const MOST_DEBTS = 10_000

/**
 * The rates of users and addresses, over all connections of a server. Waiting for an asynchronous
 * store would delay every message: its result applies to later calls for the same key, which pay
 * for what was let through meanwhile.
 */
export class SharedRates {
  readonly #deps: SharedRatesDeps
  readonly #debts = new Map<string, Debt>()

  constructor(deps: SharedRatesDeps) {
    this.#deps = deps
  }

  /** Takes tokens; returns 0, or the time to wait, in milliseconds. */
  take(key: string, count: number, rate: Rate): number {
    const debt = this.#debts.get(key)
    if (!debt) return this.#pay(key, { tokens: count, underWay: false, blockedUntil: 0 }, rate)
    const blockedMs = debt.blockedUntil - this.#deps.clock.now()
    if (blockedMs > 0) return blockedMs
    debt.tokens += count
    return debt.underWay ? 0 : this.#pay(key, debt, rate)
  }

  /** Takes the tokens of a debt from the store, one call at a time. */
  #pay(key: string, debt: Debt, rate: Rate): number {
    const { store, clock, report } = this.#deps
    const { tokens } = debt
    const now = clock.now()
    const waitMs = store.take(key, tokens, rate)
    if (typeof waitMs === 'number') {
      if (waitMs === 0) this.#debts.delete(key)
      return waitMs
    }
    debt.tokens = 0
    debt.underWay = true
    this.#debts.set(key, debt)
    this.#forgetOldest()
    const paid = (ms: number): void => {
      debt.underWay = false
      if (ms > 0) {
        debt.tokens += tokens
        debt.blockedUntil = now + ms
      } else if (debt.tokens) this.#pay(key, debt, rate)
      else this.#debts.delete(key)
    }
    waitMs.then(paid, (error: unknown) => {
      this.#debts.delete(key)
      report(error)
    })
    return 0
  }

  #forgetOldest(): void {
    const [oldest] = this.#debts.keys()
    if (this.#debts.size > MOST_DEBTS && oldest !== undefined) this.#debts.delete(oldest)
  }
}

/** The dependencies of {@link SharedRates}. */
export interface SharedRatesDeps {
  readonly store: RateStore
  readonly clock: Clock
  /** Receives the errors of the store. */
  readonly report: (error: unknown) => void
}

/** Tokens of a key that were let through, and that the store has not taken yet. */
interface Debt {
  tokens: number
  /** Whether a call of the store is under way. */
  underWay: boolean
  /** Time until which the store has no tokens, on the monotonic clock. */
  blockedUntil: number
}
