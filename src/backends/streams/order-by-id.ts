import { isBefore, type SortKey, sortKeyOf } from '../../context/event-order.ts'

/** A message of a stream, or a reference to one. */
interface Identified {
  readonly id: string | undefined
}

/** Returns the index behind the last item that is not newer than `key`, in a list ordered by id. */
export function indexBehind(items: readonly Identified[], key: SortKey): number {
  let index = items.length
  // Nearly every message is the newest: search from the end.
  while (isNewer(items[index - 1], key)) index--
  return index
}

/**
 * Returns a list ordered by id with another item. An item whose id cannot be compared, or without
 * one, is appended.
 */
export function withItem<Item extends Identified>(
  items: readonly Item[],
  item: Item,
): readonly Item[] {
  const key = sortKeyOf('id', item)
  const index = key === undefined ? items.length : indexBehind(items, key)
  return [...items.slice(0, index), item, ...items.slice(index)]
}

function isNewer(item: Identified | undefined, key: SortKey): boolean {
  const other = item && sortKeyOf('id', item)
  return other !== undefined && isBefore(key, other)
}
