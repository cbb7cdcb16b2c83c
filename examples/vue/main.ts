import { createApp, defineComponent, h } from 'vue'
import { createRealtimeComposables } from 'wirefold/vue'
import { api, client, load } from '../shared-list/client.ts'
import type { list } from '../shared-list/contract.ts'

const { provideRealtime, useConnection, useList } = createRealtimeComposables<typeof list>()

const List = defineComponent(() => {
  const { state } = useConnection()
  const { rows, create } = useList('entity:Item', { load })
  const add = (event: Event) => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    create({ title: String(new FormData(form).get('title')) })
    form.reset()
  }
  return () => [
    h('p', state.value),
    h(
      'ul',
      rows.value.map(({ id, title }) => h('li', { key: id }, title)),
    ),
    h('form', { onSubmit: add }, [
      h('input', { name: 'title', 'aria-label': 'Title', required: true }),
      h('button', 'Add'),
    ]),
  ]
})

const app = createApp(List)
provideRealtime({ client, api }, app)
app.mount('#list')
