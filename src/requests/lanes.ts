/** Things that go one after the other within a lane: each once the one before it has left the lane. */
export class Lanes<Item extends { readonly lane: string | undefined }> {
  readonly #lanes = new Map<string, Item[]>()

  /** Takes the last place of its lane. */
  enter(item: Item): void {
    if (item.lane === undefined) return
    const lane = this.#lanes.get(item.lane)
    if (lane) lane.push(item)
    else this.#lanes.set(item.lane, [item])
  }

  /** Whether nobody of its lane is before it. */
  isFirst(item: Item): boolean {
    return item.lane === undefined || this.#lanes.get(item.lane)?.[0] === item
  }

  /**
   * Gives up its place.
   *
   * @returns who is first now, where that is somebody else than before
   */
  leave(item: Item): Item | undefined {
    const lane = item.lane === undefined ? undefined : this.#lanes.get(item.lane)
    const place = lane?.indexOf(item) ?? -1
    if (!lane || item.lane === undefined || place < 0) return undefined
    lane.splice(place, 1)
    if (lane.length === 0) this.#lanes.delete(item.lane)
    return place === 0 ? lane[0] : undefined
  }
}
