import { isBefore, type SortKey, sortKeyOf } from '../../context/event-order.ts'

/** The newest id of each plugin's stream; ids such as `1701377504203-0` compare as numbers. */
export class LastSeen {
  readonly #byName = new Map<string, { readonly id: string; readonly place: SortKey }>()

  /** The newest id that was seen; `undefined` before the first. */
  of(name: string): string | undefined {
    return this.#byName.get(name)?.id
  }

  /** Notes of an id; false where it is not newer than the newest. What has no place always passes. */
  advance(name: string, id: string | undefined): boolean {
    const place = sortKeyOf('id', { id })
    if (id === undefined || place === undefined) return true
    const last = this.#byName.get(name)
    if (last && !isBefore(last.place, place)) return false
    this.#byName.set(name, { id, place })
    return true
  }
}
