import type { BackoffOptions } from '../../../base/backoff.ts'
import { backoffDefaults, backoffDelay } from '../../../base/backoff.ts'
import type { Cancel, Clock } from '../../../base/clock.ts'
import { isErrorReply, isPassing, unavailable } from './unavailable.ts'

/** Short delays, because a Redis has few clients. */
const BACKOFF: BackoffOptions = { ...backoffDefaults, initialMs: 100, maxMs: 2_000 }

/** Attempts at a command that Redis refuses for a passing reason, such as a failover. */
export const MAX_REFUSALS = 4

/** The waits of a broker; all of them end when it is closed. */
export class CancellableWaits {
  readonly #clock: Clock
  readonly #pending = new Map<Cancel, () => void>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether {@link close} was called; further waits end at once. */
  get closed(): boolean {
    return this.#closed
  }

  /** Resolves after `ms` milliseconds, or when closed. */
  wait(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => {
        this.#pending.delete(cancel)
        resolve()
      })
      this.#pending.set(cancel, resolve)
    })
  }

  /**
   * Returns the result of a promise; `undefined` if it takes longer than `ms` milliseconds, or when
   * closed.
   */
  async within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    if (this.#closed) {
      promise.catch(() => {})
      return undefined
    }
    return new Promise((resolve, reject) => {
      let cancel: Cancel = () => {}
      const end = (): void => {
        cancel()
        this.#pending.delete(end)
      }
      const late = (): void => {
        end()
        resolve(undefined)
      }
      cancel = this.#clock.after(ms, () => {
        // After a blocked event loop, replies that have arrived are processed before the timeout.
        cancel = this.#clock.after(0, late)
      })
      this.#pending.set(end, () => resolve(undefined))
      promise.finally(end).then(resolve, reject)
    })
  }

  /** Resolves when a failed attempt, counted from 0, may be repeated, or when closed. */
  backoff(attempt: number): Promise<void> {
    return this.wait(backoffDelay(attempt, BACKOFF, Math.random()))
  }

  /**
   * Retries a command until Redis replies, so that subscribers wait and are not refused. Rejects
   * with `unavailable` if Redis has refused it several times, as a replica does.
   */
  async untilAnswered<T>(send: () => Promise<T>): Promise<T> {
    for (let attempt = 0, refusals = 0; ; attempt++) {
      try {
        return await send()
      } catch (error) {
        if (this.#closed || !isPassing(error)) throw error
        if (isErrorReply(error) && ++refusals === MAX_REFUSALS) throw unavailable(error)
      }
      await this.backoff(attempt)
    }
  }

  /** Ends all waits, now and in future. */
  close(): void {
    this.#closed = true
    for (const [cancel, resolve] of this.#pending) {
      cancel()
      resolve()
    }
    this.#pending.clear()
  }
}
