import type { PresenceUser } from 'wirefold'
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
    if (cursor?.paragraph === paragraph) return { name, at: cursor.at ?? 0 }
  }
  return undefined
}

/**
 * Keeps the cursor of a text in its place, after the text was replaced by an edit of another person.
 *
 * @param at where it was
 */
export function keepCursor(element: HTMLTextAreaElement | undefined | null, at: number): void {
  if (!element || document.activeElement !== element || element.selectionStart === at) return
  element.setSelectionRange(at, at)
}
