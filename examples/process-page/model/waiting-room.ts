import type { EventFrame, Sink } from 'wirefold'

/** Has live events wait while the past is fetched, so that everything is folded in its order. */
export class WaitingRoom implements Sink {
  readonly #sink: Sink
  #waiting: EventFrame[] | undefined

  constructor(sink: Sink) {
    this.#sink = sink
  }

  fold(events: readonly EventFrame[]): void {
    if (this.#waiting) this.#waiting.push(...events)
    else this.#sink.fold(events)
  }

  /** Runs `load`; what arrives meanwhile comes after it, also where it fails. */
  async during(load: () => Promise<void>): Promise<void> {
    this.#waiting ??= []
    try {
      await load()
    } finally {
      const waiting = this.#waiting
      this.#waiting = undefined
      this.#sink.fold(waiting)
    }
  }
}
