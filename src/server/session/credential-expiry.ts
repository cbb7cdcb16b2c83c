import type { Cancel, Clock } from '../../base/clock.ts'

/** Maximum time between the notice and the expiry, in milliseconds. */
const NOTICE_MS = 30_000
/** Minimum time between the notice and the expiry, in milliseconds; below it, no notice is sent. */
const MIN_NOTICE_MS = 500
/** Maximum time between two looks at the wall clock, in milliseconds. */
const LOOK_MS = 60_000

/** The timer of the credentials of one connection, by the wall clock. */
export class CredentialExpiry {
  readonly #clock: Clock
  readonly #handlers: CredentialExpiryHandlers
  #cancel: Cancel | undefined

  constructor(clock: Clock, handlers: CredentialExpiryHandlers) {
    this.#clock = clock
    this.#handlers = handlers
  }

  /**
   * Starts the timer, in place of one started before. The notice comes 30 s before the expiry, or
   * after half of the remaining time if that is less than 60 s.
   *
   * @param expiresAt in milliseconds since the Unix epoch; `undefined` for no expiry
   */
  begin(expiresAt: number | undefined): void {
    this.stop()
    if (expiresAt === undefined) return
    const noticeMs = Math.min(NOTICE_MS, (expiresAt - this.#clock.wall()) / 2)
    if (noticeMs < MIN_NOTICE_MS) this.#end(expiresAt)
    else {
      this.#at(expiresAt - noticeMs, () => {
        this.#end(expiresAt)
        this.#handlers.expiring(expiresAt)
      })
    }
  }

  /** Stops the timer without calling a handler; safe to call twice. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #end(expiresAt: number): void {
    this.#at(expiresAt, () => this.#handlers.expired())
  }

  #at(time: number, run: () => void): void {
    // Timers stop while the machine sleeps, and may fire early, so check the wall clock again.
    const waitMs = Math.min(time - this.#clock.wall(), LOOK_MS)
    this.#cancel = this.#clock.after(waitMs, () => {
      if (this.#clock.wall() < time) this.#at(time, run)
      else run()
    })
  }
}

/** The handlers of a {@link CredentialExpiry}. */
export interface CredentialExpiryHandlers {
  /** Called when the credentials expire soon. */
  expiring(expiresAt: number): void
  /** Called when the credentials have expired. */
  expired(): void
}
