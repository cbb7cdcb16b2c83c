import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { onMount } from 'svelte'
import { get, type Readable, writable } from 'svelte/store'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSSRApp, defineComponent, h } from 'vue'
import { renderToString as renderVue } from 'vue/server-renderer'
import type { RealtimeClient } from 'wirefold'
import { createRealtimeHooks } from 'wirefold/react'
import { createRealtimeStores } from 'wirefold/svelte'
import { createRealtimeComposables } from 'wirefold/vue'
import { scripted } from '../support/scripted.ts'

/** Rows that the server has at hand. */
const initial = [{ id: '7', title: 'Rendered' }]
const load = async () => ({ state: [{ id: '1', title: 'Write' }] })
const react = createRealtimeHooks()
const vue = createRealtimeComposables()

type Composables = typeof vue | ReturnType<typeof stores>

/** The composables of Svelte over its server build, with the contexts of one component. */
function stores() {
  const contexts = new Map()
  const setContext = <T>(key: unknown, context: T): T => {
    contexts.set(key, context)
    return context
  }
  return createRealtimeStores({
    ...{ onMount, writable, setContext },
    getContext: (key) => contexts.get(key),
  })
}

function Shown() {
  const { state } = react.useConnection()
  const { rows } = react.useList('entity:Task', { load, initial })
  const { others } = react.usePresence('workspace/tasks', { typing: false })
  const { pending } = react.useRequest('task:get')
  react.useChannel('news', () => {})
  const event = react.useEvent('news')
  const changes = react.usePending()
  return createElement('p', null, JSON.stringify([state, rows, others, pending, event, changes]))
}

/** Returns a function that reads all that the composables show. */
function useAll(composables: Composables, value: (signal: never) => unknown): () => unknown {
  const { state } = composables.useConnection()
  const { rows } = composables.useList('entity:Task', { load, initial })
  const { others } = composables.usePresence('workspace/tasks', { typing: false })
  const { pending } = composables.useRequest('task:get')
  composables.useChannel('news', () => {})
  const event = composables.useEvent('news')
  const changes = composables.usePending()
  return () => [state, rows, others, pending, event, changes].map((one) => value(one as never))
}

const ShownByVue = defineComponent(() => {
  const all = useAll(vue, ({ value }: { value: unknown }) => value)
  return () => h('p', JSON.stringify(all()))
})

const renders: Readonly<Record<string, (client: RealtimeClient) => Promise<unknown>>> = {
  async React(client) {
    const page = createElement(react.RealtimeProvider, { client }, createElement(Shown))
    return text(renderToString(page))
  },
  async Vue(client) {
    const app = createSSRApp(ShownByVue)
    vue.provideRealtime({ client }, app)
    return text(await renderVue(app))
  },
  async Svelte(client) {
    const composables = stores()
    composables.provideRealtime({ client })
    const all = useAll(composables, (store: Readable<unknown>) => get(store))
    return JSON.parse(JSON.stringify(all()))
  },
}

const text = (html: string): unknown =>
  JSON.parse(html.replaceAll('&quot;', '"').replace(/^<p>(.*)<\/p>$/, '$1'))

describe('a server that renders', () => {
  it.each(Object.entries(renders))(
    'renders the rows of a list that it has, opens nothing, and leaves nothing behind (%s)',
    async (_, show) => {
      const { client, server, clock } = scripted()
      onTestFinished(() => client.close())
      expect(await show(client)).toEqual(['idle', initial, [], false, null, []])
      await clock.advance(10_000)
      expect([client.state.get().name, server.transport.ends.length]).toEqual(['idle', 0])
      expect([clock.timers, client.stats().handlers]).toEqual([0, 0])
    },
  )
})
