/** Collects uncaught exceptions and unhandled rejections of this process until it is stopped. */
export class Uncaught {
  readonly errors: unknown[] = []
  readonly #caught = (error: unknown): void => {
    this.errors.push(error)
  }

  constructor() {
    process.on('uncaughtException', this.#caught)
    process.on('unhandledRejection', this.#caught)
  }

  /** Stops collecting, and returns the number of errors. */
  async stop(): Promise<number> {
    // Node reports an unhandled rejection once the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', this.#caught)
    process.off('unhandledRejection', this.#caught)
    return this.errors.length
  }
}
