/** A list of items in the order of their last use; every operation takes constant time. */
export class LruList<T extends Linked<T>> {
  #oldest: T | undefined
  #newest: T | undefined

  /** The least recently touched item. */
  get oldest(): T | undefined {
    return this.#oldest
  }

  /** Makes `item` the newest, and adds it if it is not in the list. */
  touch(item: T): void {
    if (item === this.#newest) return
    this.remove(item)
    item.older = this.#newest
    if (this.#newest) this.#newest.newer = item
    else this.#oldest = item
    this.#newest = item
  }

  /** Removes `item`; does nothing if it is not in the list. */
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

/** An item of an {@link LruList}; it is in one list at most. */
export interface Linked<T> {
  /** The item touched just before it. */
  older: T | undefined
  /** The item touched just after it. */
  newer: T | undefined
}
