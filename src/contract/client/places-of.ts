import type { IssuePath } from '../../ports/contract-rules.ts'

/** Returns the places of issues as the end of a clause; without values, which messages hold. */
export function placesOf(paths: readonly IssuePath[]): string {
  const places = paths.filter(({ length }) => length > 0).map((path) => path.join('.'))
  return places.length > 0 ? ` at ${places.join(', ')}` : ''
}
