import { useState } from 'react'
import { useReadable } from 'wirefold/react'
import type { Item } from '../shared-list/contract.ts'
import { connection, listOf } from './model.ts'

/** The list, at first with the rows that the server rendered; rendering opens nothing. */
export function App({ rows }: { readonly rows: readonly Item[] }) {
  const [list] = useState(() => listOf(rows))
  const shown = useReadable(list.state)
  const { name } = useReadable(connection)
  return (
    <>
      <p>{name}</p>
      <ul>
        {shown.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
    </>
  )
}
