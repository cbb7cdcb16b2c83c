import { StrictMode, type SubmitEvent } from 'react'
import { createRoot } from 'react-dom/client'
import { createRealtimeHooks } from 'wirefold/react'
import { api, client, load } from '../shared-list/client.ts'
import type { list } from '../shared-list/contract.ts'

const { RealtimeProvider, useConnection, useList } = createRealtimeHooks<typeof list>()

function List() {
  const { state } = useConnection()
  const { rows, create } = useList('entity:Item', { load })
  const add = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    create({ title: String(new FormData(event.currentTarget).get('title')) })
    event.currentTarget.reset()
  }
  return (
    <>
      <p>{state}</p>
      <ul>
        {rows.map(({ id, title, _optimistic }) => (
          <li key={id} data-pending={_optimistic}>
            {title}
          </li>
        ))}
      </ul>
      <form onSubmit={add}>
        <input name="title" aria-label="Title" required />
        <button type="submit">Add</button>
      </form>
    </>
  )
}

const host = document.getElementById('list')
if (!host) throw new Error('index.html has no #list.')
createRoot(host).render(
  <StrictMode>
    <RealtimeProvider client={client} api={api}>
      <List />
    </RealtimeProvider>
  </StrictMode>,
)
