/** The list with one more item, in order of `at`, without the oldest once it has more than `most`. */
export function keepNewest<Item extends { readonly at: number }>(
  list: readonly Item[],
  item: Item,
  most: number,
): readonly Item[] {
  return [...list, item].sort((one, other) => one.at - other.at).slice(-most)
}
