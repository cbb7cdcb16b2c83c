import type { WirefoldError } from '../base/errors.ts'
import type { ClientExtension } from '../ports/client-port.ts'
import type { Frame } from '../protocol/frame.ts'

/** The extensions of this package, by their order. */
const OWN: Readonly<Record<number, string>> = { 1: 'ChannelSubscriber', 2: 'PresenceManager' }

/** The extensions of a client, in their order. */
export class Extensions {
  #extensions: readonly ClientExtension[] = []

  /** Number of application handlers of all extensions. */
  get handlers(): number {
    return this.#extensions.reduce((sum, { handlers }) => sum + handlers, 0)
  }

  /** Adds an extension; throws if its order is taken. */
  join(extension: ClientExtension): () => void {
    const { order } = extension
    if (this.#extensions.some((other) => other.order === order)) {
      const name = OWN[order] ?? `extension of order ${order}`
      throw new Error(`This client already has a ${name}. Create one per client, and share it.`)
    }
    this.#extensions = [...this.#extensions, extension].sort((a, b) => a.order - b.order)
    return () => {
      this.#extensions = this.#extensions.filter((other) => other !== extension)
    }
  }

  /** Calls every extension for the messages that are sent with the greeting. */
  opening(): void {
    for (const extension of this.#extensions) extension.opening()
  }

  /** Passes a frame to the extensions in order, until one takes it. */
  receive(frame: Frame): boolean {
    for (const extension of this.#extensions) if (extension.receive(frame)) return true
    return false
  }

  /** Notifies every extension that the connection was lost. */
  disconnected(): void {
    for (const extension of this.#extensions) extension.disconnected()
  }

  /** Notifies every extension that another user is signed in. */
  forget(): void {
    for (const extension of this.#extensions) extension.forget()
  }

  /**
   * Notifies every extension that the client was closed or has failed.
   *
   * @returns whether a promise was rejected with the error
   */
  ended(error: WirefoldError): boolean {
    return this.#extensions.map((extension) => extension.ended(error)).includes(true)
  }
}
