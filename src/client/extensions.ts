import type { WirefoldError } from '../base/errors.ts'
import type { Wing } from '../ports/client-port.ts'
import type { Frame } from '../protocol/frame.ts'

/** The wings of a client, in order of rank. */
export class Wings {
  #wings: readonly Wing[] = []

  /** How many handlers of the application they serve. */
  get handlers(): number {
    return this.#wings.reduce((sum, { handlers }) => sum + handlers, 0)
  }

  /** Adds a wing; throws where its rank is taken. */
  join(wing: Wing): () => void {
    if (this.#wings.some((other) => other.rank === wing.rank)) {
      throw new Error(
        `This client has a wing of rank ${wing.rank} already. Make one ChannelSubscriber per client and share it, and one PresenceManager.`,
      )
    }
    this.#wings = [...this.#wings, wing].sort((a, b) => a.rank - b.rank)
    return () => {
      this.#wings = this.#wings.filter((other) => other !== wing)
    }
  }

  /** Has every wing say what belongs into the greeting. */
  opening(): void {
    for (const wing of this.#wings) wing.opening()
  }

  /** Offers a frame to one after the other until one takes it. */
  receive(frame: Frame): boolean {
    for (const wing of this.#wings) if (wing.receive(frame)) return true
    return false
  }

  /** Tells every wing that the line is gone. */
  cut(): void {
    for (const wing of this.#wings) wing.cut()
  }

  /** Tells every wing that somebody else is signed in. */
  forget(): void {
    for (const wing of this.#wings) wing.forget()
  }

  /** Tells every wing that it will not come back by itself. */
  ended(error: WirefoldError): void {
    for (const wing of this.#wings) wing.ended(error)
  }
}
