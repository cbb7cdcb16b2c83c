import type { WirefoldError } from '../base/errors.ts'
import type { ClientExtension } from '../ports/client-port.ts'
import type { Frame } from '../protocol/frame.ts'

/** The wings of a client, in order of rank. */
export class Extensions {
  #extensions: readonly ClientExtension[] = []

  /** How many handlers of the application they serve. */
  get handlers(): number {
    return this.#extensions.reduce((sum, { handlers }) => sum + handlers, 0)
  }

  /** Adds a wing; throws where its rank is taken. */
  join(extension: ClientExtension): () => void {
    if (this.#extensions.some((other) => other.order === extension.order)) {
      throw new Error(
        `This client has a wing of rank ${extension.order} already. Make one ChannelSubscriber per client and share it, and one PresenceManager.`,
      )
    }
    this.#extensions = [...this.#extensions, extension].sort((a, b) => a.order - b.order)
    return () => {
      this.#extensions = this.#extensions.filter((other) => other !== extension)
    }
  }

  /** Has every wing say what belongs into the greeting. */
  opening(): void {
    for (const extension of this.#extensions) extension.opening()
  }

  /** Offers a frame to one after the other until one takes it. */
  receive(frame: Frame): boolean {
    for (const extension of this.#extensions) if (extension.receive(frame)) return true
    return false
  }

  /** Tells every wing that the line is gone. */
  disconnected(): void {
    for (const extension of this.#extensions) extension.disconnected()
  }

  /** Tells every wing that somebody else is signed in. */
  forget(): void {
    for (const extension of this.#extensions) extension.forget()
  }

  /** Tells every wing that it will not come back by itself. */
  ended(error: WirefoldError): void {
    for (const extension of this.#extensions) extension.ended(error)
  }
}
