/**
 * Requests with an `ordering` key: each is sent once the one before it with the same key has left.
 */
export class OrderedRequests<Item extends { readonly ordering: string | undefined }> {
  readonly #byKey = new Map<string, Item[]>()

  /** Appends a request to the queue of its key. */
  enter(item: Item): void {
    if (item.ordering === undefined) return
    const queue = this.#byKey.get(item.ordering)
    if (queue) queue.push(item)
    else this.#byKey.set(item.ordering, [item])
  }

  /** Whether no request with the same key is before it. */
  isFirst(item: Item): boolean {
    return item.ordering === undefined || this.#byKey.get(item.ordering)?.[0] === item
  }

  /**
   * Removes a request from its queue.
   *
   * @returns the new first request of the queue, if it has changed
   */
  leave(item: Item): Item | undefined {
    const queue = item.ordering === undefined ? undefined : this.#byKey.get(item.ordering)
    const index = queue?.indexOf(item) ?? -1
    if (!queue || item.ordering === undefined || index < 0) return undefined
    queue.splice(index, 1)
    if (queue.length === 0) this.#byKey.delete(item.ordering)
    return index === 0 ? queue[0] : undefined
  }
}
