import { useLayoutEffect, useRef } from 'react'
import type { Optimistic, PresenceUser } from 'wirefold'
import { cursorIn, keepCursor } from '../model/cursors.ts'
import { edited } from '../model/edited.ts'
import type { Cursor, Paragraph } from '../shared.ts'
import { LONGEST_TEXT } from '../shared.ts'

/** Properties of {@link Row}. */
interface RowProps {
  readonly row: Optimistic<Paragraph>
  readonly update: (id: string, changes: Partial<Paragraph>) => unknown
  readonly presence: {
    readonly others: readonly PresenceUser[]
    /** Shows the own cursor to the others. */
    readonly update: (cursor: Cursor) => void
  }
}

/** A paragraph that can be edited, with the cursor of the other person. */
export function Row({ row, update, presence }: RowProps) {
  const { id, text, _optimistic } = row
  const cursor = cursorIn(id, presence.others)
  const area = useRef<HTMLTextAreaElement>(null)
  // Read before an edit of the other person replaces the text, which would move it to the end.
  const { selectionStart: at = 0, value: before = '' } = area.current ?? {}
  useLayoutEffect(() => keepCursor(area.current, before, at))
  const note = ({ selectionStart }: HTMLTextAreaElement): void => {
    presence.update({ paragraph: id, at: selectionStart })
  }
  return (
    <li data-pending={_optimistic === true}>
      <p className="behind" aria-hidden="true">
        {text.slice(0, cursor?.at ?? 0)}
        {cursor && <span className="cursor" data-name={cursor.name} />}
        {text.slice(cursor?.at ?? 0)}
        {'\u200B'}
      </p>
      <textarea
        ref={area}
        rows={1}
        aria-label={`Paragraph ${id}`}
        maxLength={LONGEST_TEXT}
        value={text}
        onChange={({ target }) => {
          note(target)
          update(id, edited(row, target.value))
        }}
        onSelect={({ currentTarget }) => note(currentTarget)}
      />
      {cursor && <span className="only-read">The cursor of {cursor.name} is here.</span>}
    </li>
  )
}
