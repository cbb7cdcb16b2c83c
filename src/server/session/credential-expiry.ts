import type { Cancel, Clock } from '../../base/clock.ts'

/** How long before the end somebody is told, in milliseconds; in a shorter term at half of it. */
const LEAD_MS = 30_000
/** Who has less time than this, in milliseconds, is not told. */
const LEAST_LEAD_MS = 500

/** What an {@link CredentialExpiry} tells. */
export interface CredentialExpiryHandlers {
  /** The end is near. */
  expiring(expiresAt: number): void
  /** This is the end. */
  expired(): void
}

/** The term of somebody's credentials, by the wall clock. */
export class CredentialExpiry {
  readonly #clock: Clock
  readonly #handlers: CredentialExpiryHandlers
  #cancel: Cancel = () => {}

  constructor(clock: Clock, handlers: CredentialExpiryHandlers) {
    this.#clock = clock
    this.#handlers = handlers
  }

  /**
   * Begins a term in place of the former.
   *
   * @param expiresAt its end, in milliseconds since the Unix epoch; `undefined` for none
   */
  begin(expiresAt: number | undefined): void {
    this.stop()
    if (expiresAt === undefined) return
    const leadMs = Math.min(LEAD_MS, (expiresAt - this.#clock.wall()) / 2)
    if (leadMs < LEAST_LEAD_MS) this.#end(expiresAt)
    else {
      this.#at(expiresAt - leadMs, () => {
        this.#end(expiresAt)
        this.#handlers.expiring(expiresAt)
      })
    }
  }

  /** Ends the term without a word; safe to call twice. */
  stop(): void {
    this.#cancel()
    this.#cancel = () => {}
  }

  #end(expiresAt: number): void {
    this.#at(expiresAt, () => this.#handlers.expired())
  }

  #at(time: number, run: () => void): void {
    // Timers know less time than calendars, and may be early.
    this.#cancel = this.#clock.after(time - this.#clock.wall(), () => {
      if (this.#clock.wall() < time) this.#at(time, run)
      else run()
    })
  }
}
