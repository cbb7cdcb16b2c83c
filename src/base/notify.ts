/** When a change is told: at once, at the end of the running task, or with the next frame. */
export type NotifyMode = 'sync' | 'microtask' | 'frame'

/** Something that has changes to tell. */
export interface Notifier {
  /** Tells them; must not throw. */
  notify(): void
}

/**
 * Collects who has changed and tells them together, each once.
 *
 * `frame` follows `requestAnimationFrame`, and so pauses while the page is hidden; where there is
 * none (Node, workers) it is a timer of 16 ms.
 */
export class Schedule {
  readonly #mode: NotifyMode
  readonly #due = new Set<Notifier>()

  constructor(mode: NotifyMode) {
    this.#mode = mode
  }

  /** Has `notifier` called when it is time. */
  request(notifier: Notifier): void {
    if (this.#mode === 'sync') {
      notifier.notify()
      return
    }
    const waiting = this.#due.size > 0
    this.#due.add(notifier)
    if (waiting) return
    if (this.#mode === 'microtask') queueMicrotask(this.#flush)
    else if (typeof requestAnimationFrame === 'function') requestAnimationFrame(this.#flush)
    else setTimeout(this.#flush, 16)
  }

  readonly #flush = (): void => {
    const due = [...this.#due]
    // Emptied first: what changes while we tell is a new round.
    this.#due.clear()
    for (const notifier of due) notifier.notify()
  }
}
