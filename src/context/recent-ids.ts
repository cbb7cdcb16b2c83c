/** Remembers the last `limit` ids; the oldest is removed first. */
export class RecentIds {
  readonly #limit: number
  readonly #known = new Set<string>()
  /** The same ids in a ring: finding the oldest in a large `Set` walks over its deleted entries. */
  readonly #ring: string[] = []
  #next = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Number of remembered ids. */
  get size(): number {
    return this.#known.size
  }

  /** Returns whether `id` is remembered, and remembers it from now on. */
  seen(id: string): boolean {
    if (this.#known.has(id)) return true
    if (this.#limit < 1) return false
    const oldest = this.#ring[this.#next]
    if (oldest !== undefined) this.#known.delete(oldest)
    this.#known.add(id)
    this.#ring[this.#next] = id
    this.#next = (this.#next + 1) % this.#limit
    return false
  }
}
