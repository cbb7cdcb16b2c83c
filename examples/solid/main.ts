import { createComponent, For } from 'solid-js'
import html from 'solid-js/html'
import { render } from 'solid-js/web'
import { realtime } from 'wirefold/signals'
import { api, client, load } from '../shared-list/client.ts'
import type { Item } from '../shared-list/contract.ts'
import { Realtime, useConnection, useList } from './realtime.ts'

function List() {
  const { state } = useConnection()
  const { rows, create } = useList('entity:Item', { load })
  const add = (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    create({ title: String(new FormData(form).get('title')) })
    form.reset()
  }
  return html`
    <p>${state}</p>
    <ul><${For} each=${rows}>${(item: Item) => html`<li>${item.title}</li>`}</></ul>
    <form onsubmit=${add}>
      <input name="title" aria-label="Title" required />
      <button>Add</button>
    </form>`
}

const host = document.getElementById('list')
if (!host) throw new Error('index.html has no #list.')
render(
  () =>
    createComponent(Realtime.Provider, {
      value: realtime({ client, api }),
      get children() {
        return createComponent(List, {})
      },
    }),
  host,
)
