import type { Cancel, Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import { isWirefoldError } from '../base/errors.ts'
import type { SettledRequest } from '../ports/outbox-storage.ts'
import type { SendOptions } from '../ports/outgoing-request.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { StoredRequest } from './outbox-database.ts'
import { outboxErrors } from './outbox-errors.ts'

/** A stored request that this client sends, and the promise of its caller. */
export class OwnedRequest {
  /** The request as stored. */
  request: StoredRequest
  /** True if its user was restored from storage and not yet confirmed by the server. */
  readonly isUserUnconfirmed: boolean
  readonly #giveUp = new AbortController()
  #reason: WirefoldError | undefined
  #waiter:
    | { readonly resolve: (reply: ReplyFrame) => void; readonly reject: (error: unknown) => void }
    | undefined
  #release = (): void => {}

  constructor(request: StoredRequest, isUserUnconfirmed: boolean) {
    this.request = request
    this.isUserUnconfirmed = isUserUnconfirmed
  }

  /** Signal that aborts the request in the client. */
  get signal(): AbortSignal {
    return this.#giveUp.signal
  }

  /**
   * Returns the reply. Rejects after `timeoutMs`, except for a mutation, which is shown as long as it
   * may still be carried out; the request goes on until its `ttlMs` has passed.
   */
  waitForReply(
    { timeoutMs, ttlMs, signal, mutation }: SendOptions,
    clock: Clock,
  ): Promise<ReplyFrame> {
    const onAbort = (): void => this.#giveUp.abort(signal?.reason)
    const timeOut = (): void => {
      this.#waiter?.reject(outboxErrors.late(this.request, timeoutMs))
      this.#waiter = undefined
    }
    const cancel: Cancel | undefined =
      timeoutMs < ttlMs && !mutation ? clock.after(timeoutMs, timeOut) : undefined
    signal?.addEventListener('abort', onAbort)
    this.#release = () => {
      cancel?.()
      signal?.removeEventListener('abort', onAbort)
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  /** Aborts the request in the client; the caller's promise rejects with `reason`. */
  giveUp(reason: WirefoldError): void {
    this.#reason = reason
    this.#giveUp.abort(reason)
  }

  /**
   * Settles the caller's promise.
   *
   * @returns the outcome, if no caller waits for it
   */
  settle(reply: ReplyFrame | undefined, error: unknown): SettledRequest | undefined {
    this.#release()
    const failure = this.#reason ?? error
    if (this.#waiter && reply) this.#waiter.resolve(reply)
    else if (this.#waiter) this.#waiter.reject(failure)
    else {
      const { outgoing } = this.request
      return { request: outgoing, reply, error: isWirefoldError(failure) ? failure : undefined }
    }
    return undefined
  }
}
