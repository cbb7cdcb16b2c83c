import type { Cancel, Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import { isWirefoldError } from '../base/errors.ts'
import type { SettledRequest } from '../ports/outbox-storage.ts'
import type { SendOptions } from '../ports/outgoing-request.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { StoredRequest } from './outbox-database.ts'
import { outboxErrors } from './outbox-errors.ts'

/** A stored request that is ours to send, and whoever waits for its answer. */
export class OwnedRequest {
  /** As it is kept. */
  request: StoredRequest
  /** Whether its user was never more than who was signed in the last time. */
  readonly isGuess: boolean
  readonly #giveUp = new AbortController()
  #reason: WirefoldError | undefined
  #waiter:
    | { readonly resolve: (reply: ReplyFrame) => void; readonly reject: (error: unknown) => void }
    | undefined
  #release = (): void => {}

  constructor(request: StoredRequest, isGuess: boolean) {
    this.request = request
    this.isGuess = isGuess
  }

  /** Takes it out of the client. */
  get signal(): AbortSignal {
    return this.#giveUp.signal
  }

  /** Its answer, for somebody who may leave before the request does: it goes on until its time to live is over. */
  answer({ timeoutMs, ttlMs, signal }: SendOptions, clock: Clock): Promise<ReplyFrame> {
    const onAbort = (): void => this.#giveUp.abort(signal?.reason)
    const timeOut = (): void => {
      this.#waiter?.reject(outboxErrors.late(this.request, timeoutMs))
      this.#waiter = undefined
    }
    const cancel: Cancel | undefined =
      timeoutMs < ttlMs ? clock.after(timeoutMs, timeOut) : undefined
    signal?.addEventListener('abort', onAbort)
    this.#release = () => {
      cancel?.()
      signal?.removeEventListener('abort', onAbort)
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  /** Takes it out of the client, for this reason. */
  giveUp(reason: WirefoldError): void {
    this.#reason = reason
    this.#giveUp.abort(reason)
  }

  /**
   * It has come to an end, in the one way or the other.
   *
   * @returns what is to be told, where nobody waits for it
   */
  settle(reply: ReplyFrame | undefined, error: unknown): SettledRequest | undefined {
    this.#release()
    const fault = this.#reason ?? error
    if (this.#waiter && reply) this.#waiter.resolve(reply)
    else if (this.#waiter) this.#waiter.reject(fault)
    else {
      const { outgoing } = this.request
      return { request: outgoing, reply, error: isWirefoldError(fault) ? fault : undefined }
    }
    return undefined
  }
}
