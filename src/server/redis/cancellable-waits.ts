import type { BackoffOptions } from '../../base/backoff.ts'
import { backoffDefaults, backoffDelay } from '../../base/backoff.ts'
import type { Cancel, Clock } from '../../base/clock.ts'
import { isPassing } from './connection/unavailable.ts'

/** How long to leave a Redis alone that does not answer: it has few clients, so the waits are short. */
const BACKOFF: BackoffOptions = { ...backoffDefaults, initialMs: 100, maxMs: 2_000 }

/** The waits of a broker, all of which end when it is closed. */
export class CancellableWaits {
  readonly #clock: Clock
  readonly #pending = new Map<Cancel, () => void>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether nobody is to wait for anything any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** Resolves after `ms` milliseconds, or at the close. */
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
   * What a promise comes to within `ms` milliseconds; `undefined` after that, or at the close. Where
   * this process itself stood still, what has arrived meanwhile is looked at first.
   */
  async within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    if (this.#closed) return undefined
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
        cancel = this.#clock.after(0, late)
      })
      this.#pending.set(end, () => resolve(undefined))
      promise.finally(end).then(resolve, reject)
    })
  }

  /** Resolves when it is time for another attempt; the first to fail was number 0. */
  backoff(attempt: number): Promise<void> {
    return this.wait(backoffDelay(attempt, BACKOFF, Math.random()))
  }

  /** Asks Redis until it answers: who subscribes meanwhile waits, and is not refused. */
  async untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask()
      } catch (error) {
        if (this.#closed || !isPassing(error)) throw error
      }
      await this.backoff(attempt)
    }
  }

  /** Ends all waits, and those to come. */
  close(): void {
    this.#closed = true
    for (const [cancel, resolve] of this.#pending) {
      cancel()
      resolve()
    }
    this.#pending.clear()
  }
}
