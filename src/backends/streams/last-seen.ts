import { isBefore, type SortKey, sortKeyOf } from '../../context/event-order.ts'

/** The newest id of each plugin's stream; ids such as `1701377504203-0` compare as numbers. */
export class LastSeen {
  readonly #byName = new Map<string, { readonly id: string; readonly key: SortKey }>()

  /** Returns the newest id seen; `undefined` before the first. */
  of(name: string): string | undefined {
    return this.#byName.get(name)?.id
  }

  /** Records an id; returns false if it was seen before, true for an id that cannot be compared. */
  advance(name: string, id: string | undefined): boolean {
    const key = sortKeyOf('id', { id })
    if (id === undefined || key === undefined) return true
    const last = this.#byName.get(name)
    if (last && !isBefore(last.key, key)) return false
    this.#byName.set(name, { id, key })
    return true
  }
}
