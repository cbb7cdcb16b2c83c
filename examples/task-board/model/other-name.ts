/**
 * Returns the name for a link to a window of another person: of the one who came last, by the name
 * they have now, or of one who is not here yet.
 *
 * @param own the name of this window's person
 * @param here the names of all who are here, in the order in which they came
 */
export function otherName(own: string, here: readonly string[]): string {
  return here.filter((name) => name !== own).at(-1) ?? (own === 'Grace' ? 'Ada' : 'Grace')
}
