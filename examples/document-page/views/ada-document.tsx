import type { Person } from '../model/person.ts'
import { useList, usePresence } from '../model/realtime-react.ts'
import type { Paragraph } from '../shared.ts'
import { DOCUMENT, PARAGRAPHS } from '../shared.ts'
import { Row } from './row.tsx'

export function AdaDocument({ load }: Pick<Person, 'load'>) {
  const { rows, status, update } = useList<Paragraph>(PARAGRAPHS, { load })
  const presence = usePresence(DOCUMENT, {})
  return (
    <ol className="document" data-status={status}>
      {rows.map((row) => (
        <Row key={row.id} row={row} update={update} presence={presence} />
      ))}
    </ol>
  )
}
