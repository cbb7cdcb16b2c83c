/** Collects what nobody catches in this process, while it is there. */
export class Uncaught {
  readonly errors: unknown[] = []
  readonly #caught = (error: unknown): void => {
    this.errors.push(error)
  }

  constructor() {
    process.on('uncaughtException', this.#caught)
    process.on('unhandledRejection', this.#caught)
  }

  /** Stops, and returns how much there was. */
  async stop(): Promise<number> {
    // An unhandled rejection is told of once the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', this.#caught)
    process.off('unhandledRejection', this.#caught)
    return this.errors.length
  }
}
