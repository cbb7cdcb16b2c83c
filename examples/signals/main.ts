import { effect } from '@preact/signals-core'
import { create, rows, state } from './realtime.ts'

const host = document.getElementById('list')
if (!host) throw new Error('index.html has no #list.')
host.innerHTML = `<p></p><ul></ul>
  <form><input name="title" aria-label="Title" required /><button>Add</button></form>`
const [connection, items, form] = host.querySelectorAll<HTMLElement>('p, ul, form')

effect(() => {
  if (connection) connection.textContent = state.value
})
effect(() => {
  const lines = rows.value.map(({ title }) => {
    const line = document.createElement('li')
    line.textContent = title
    return line
  })
  items?.replaceChildren(...lines)
})
form?.addEventListener('submit', (event) => {
  event.preventDefault()
  const fields = event.currentTarget as HTMLFormElement
  create({ title: String(new FormData(fields).get('title')) })
  fields.reset()
})
