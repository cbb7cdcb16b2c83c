import { createRealtimeHooks } from 'wirefold/react'
import { client, load } from '../shared-list/client.ts'
import type { Item, list } from '../shared-list/contract.ts'

const { RealtimeProvider, useConnection, useList } = createRealtimeHooks<typeof list>()

/** The rows that the server has when it renders. */
interface AppProps {
  readonly initial: readonly Item[]
}

/** The page, on the server and in the browser; rendering opens nothing. */
export function App({ initial }: AppProps) {
  return (
    <RealtimeProvider client={client}>
      <List initial={initial} />
    </RealtimeProvider>
  )
}

function List({ initial }: AppProps) {
  const { state } = useConnection()
  const { rows } = useList('entity:Item', { load, initial })
  return (
    <>
      <p>{state}</p>
      <ul>
        {rows.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
    </>
  )
}
