/** What a {@link LruList} links; a member of one at most. */
export interface Linked<T> {
  /** Who was touched just before it. */
  older: T | undefined
  /** Who was touched just after it. */
  newer: T | undefined
}

/** Knows who was touched least recently, at the same cost for ten as for a million. */
export class LruList<T extends Linked<T>> {
  #oldest: T | undefined
  #newest: T | undefined

  /** Who was not touched for the longest time. */
  get oldest(): T | undefined {
    return this.#oldest
  }

  /** Makes `item` the newest, a member or not. */
  touch(item: T): void {
    if (item === this.#newest) return
    this.remove(item)
    item.older = this.#newest
    if (this.#newest) this.#newest.newer = item
    else this.#oldest = item
    this.#newest = item
  }

  /** Takes `item` out; nothing happens where it is no member. */
  remove(item: T): void {
    const { older, newer } = item
    if (older) older.newer = newer
    else if (this.#oldest === item) this.#oldest = newer
    if (newer) newer.older = older
    else if (this.#newest === item) this.#newest = older
    item.older = undefined
    item.newer = undefined
  }
}
