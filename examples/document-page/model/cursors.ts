import type { PresenceUser } from 'wirefold'
import { difference } from '../difference.ts'
import type { Cursor } from '../shared.ts'

/** A cursor of another person in a paragraph. */
export interface CursorIn {
  readonly name: string
  /** Number of characters before it. */
  readonly at: number
}

/** Returns the cursor of another person in a paragraph, if there is one. */
export function cursorIn(
  paragraph: string,
  others: readonly (PresenceUser & { readonly meta?: unknown })[],
): CursorIn | undefined {
  for (const { id, name = id, meta } of others) {
    const cursor = meta as Cursor | undefined
    if (cursor?.paragraph !== paragraph) continue
    return { name, at: cursor.at ?? 0 }
  }
  return undefined
}

/**
 * Keeps the cursor of a text between the same letters, after the text was replaced by an edit of
 * another person.
 *
 * @param before the text that was replaced
 * @param at number of characters that were before the cursor
 */
export function keepCursor(
  element: HTMLTextAreaElement | undefined | null,
  before: string,
  at: number,
): void {
  if (!element || document.activeElement !== element) return
  const kept = placeAfter(before, element.value, at)
  if (element.selectionStart !== kept) element.setSelectionRange(kept, kept)
}

/** Returns the place in a text that corresponds to a place in the text before. */
export function placeAfter(before: string, after: string, at: number): number {
  const { from, removed, added } = difference(before.split(''), after.split(''))
  if (at <= from) return at
  return Math.max(from, at - removed) + added.length
}
