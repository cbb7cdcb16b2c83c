/** Things that go one after the other within a lane: each once the one before it has left the lane. */
export class OrderedRequests<Item extends { readonly ordering: string | undefined }> {
  readonly #byKey = new Map<string, Item[]>()

  /** Takes the last place of its lane. */
  enter(item: Item): void {
    if (item.ordering === undefined) return
    const lane = this.#byKey.get(item.ordering)
    if (lane) lane.push(item)
    else this.#byKey.set(item.ordering, [item])
  }

  /** Whether nobody of its lane is before it. */
  isFirst(item: Item): boolean {
    return item.ordering === undefined || this.#byKey.get(item.ordering)?.[0] === item
  }

  /**
   * Gives up its place.
   *
   * @returns who is first now, where that is somebody else than before
   */
  leave(item: Item): Item | undefined {
    const lane = item.ordering === undefined ? undefined : this.#byKey.get(item.ordering)
    const place = lane?.indexOf(item) ?? -1
    if (!lane || item.ordering === undefined || place < 0) return undefined
    lane.splice(place, 1)
    if (lane.length === 0) this.#byKey.delete(item.ordering)
    return place === 0 ? lane[0] : undefined
  }
}
