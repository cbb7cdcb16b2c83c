/** Returns the list with one more item, sorted by `at`, without the oldest items above `most`. */
export function keepNewest<Item extends { readonly at: number }>(
  list: readonly Item[],
  item: Item,
  most: number,
): readonly Item[] {
  return [...list, item].sort((one, other) => one.at - other.at).slice(-most)
}
