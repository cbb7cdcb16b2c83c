import { expect, it, onTestFinished } from 'vitest'
import {
  type App,
  createApp,
  createSSRApp,
  defineComponent,
  type EffectScope,
  effectScope,
  h,
  KeepAlive,
  nextTick,
  ref,
} from 'vue'
import { renderToString } from 'vue/server-renderer'
import type { RealtimeClient } from 'wirefold'
import { createRealtimeComposables } from 'wirefold/vue'
import { scripted } from '../support/scripted.ts'

const { provideRealtime, useConnection, useEvent } = createRealtimeComposables()

const State = defineComponent(() => {
  const { state } = useConnection()
  return () => h('p', state.value)
})

function provided(app: App, client: RealtimeClient): App {
  provideRealtime({ client }, app)
  return app
}

function open() {
  const parts = scripted()
  onTestFinished(() => parts.client.close())
  return parts
}

it('a page that a server has rendered is taken over with what was rendered', async () => {
  const { client, clock, server } = open()
  const container = document.createElement('div')
  container.innerHTML = await renderToString(provided(createSSRApp(State), open().client))
  expect(container.textContent).toBe('idle')
  client.connect()
  await clock.advance(10)
  // Vue warns where what it renders is not what the server has rendered.
  const app = provided(createSSRApp(State), client)
  app.mount(container)
  await nextTick()
  expect(container.textContent).toBe('open')
  app.unmount()
  expect(server.transport.ends).toHaveLength(1)
})

it('composables work in a scope without a component, and end with it', async () => {
  const { client, clock, server } = open()
  const app = provided(createApp(State), client)
  const scope = effectScope()
  const event = scope.run(() => app.runWithContext(() => useEvent<string>('news')))
  await clock.advance(10)
  server.publish('news', 'note', 'one')
  await clock.advance(1)
  expect(event?.value?.payload).toBe('one')
  scope.stop()
  await clock.advance(1_000)
  expect([[...server.subscribed], client.stats().handlers]).toEqual([[], 0])
})

it('composables in a scope that components share do not end with the first of them', async () => {
  const { client, clock, server } = open()
  const scope = effectScope(true)
  let shared: { readonly value: { readonly payload: string } | undefined } | undefined
  const news = () => {
    // A store of Pinia has a scope within the one of all stores.
    shared ??= scope.run(() => effectScope().run(() => useEvent<string>('news')))
    return shared
  }
  const News = defineComponent(() => {
    const event = news()
    return () => h('p', event?.value?.payload ?? 'none')
  })
  const isFirst = ref(true)
  const isShown = ref(true)
  const page = defineComponent(() => () => [
    isFirst.value ? h(News) : null,
    h(KeepAlive, () => (isShown.value ? h(News) : null)),
  ])
  const container = document.createElement('div')
  const app = provided(createApp(page), client)
  app.mount(container)
  await clock.advance(10)
  isFirst.value = false
  await nextTick()
  await clock.advance(1_000)
  server.publish('news', 'note', 'one')
  await clock.advance(1)
  expect([[...server.subscribed], container.textContent]).toEqual([['news'], 'one'])
  app.unmount()
  await clock.advance(1_000)
  expect([...server.subscribed]).toEqual(['news'])
  scope.stop()
  await clock.advance(1_000)
  expect([[...server.subscribed], client.stats().handlers]).toEqual([[], 0])
})

it('composables in a scope within a component end with that scope, and with the component', async () => {
  const { client, clock, server } = open()
  let inner: EffectScope | undefined
  const News = defineComponent(() => {
    inner = effectScope()
    inner.run(() => useEvent<string>('news'))
    return () => h('p')
  })
  for (const end of ['scope', 'component']) {
    const app = provided(createApp(News), client)
    app.mount(document.createElement('div'))
    await clock.advance(10)
    expect([...server.subscribed]).toEqual(['news'])
    if (end === 'scope') inner?.stop()
    else app.unmount()
    await clock.advance(1_000)
    expect([[...server.subscribed], client.stats().handlers]).toEqual([[], 0])
    if (end === 'scope') app.unmount()
  }
})

it('a component without a client above says what to provide', () => {
  const scope = effectScope()
  expect(() => scope.run(() => useEvent('news'))).toThrow(
    'Nothing provides the client here: call provideRealtime({ client }) in a component above.',
  )
})

it('a component that <KeepAlive> hides follows nothing until it is shown again', async () => {
  const { client, clock, server } = open()
  const News = defineComponent(() => {
    const event = useEvent<string>('news')
    return () => h('p', event.value?.payload ?? 'none')
  })
  const isShown = ref(true)
  const page = defineComponent(() => () => h(KeepAlive, () => (isShown.value ? h(News) : null)))
  const container = document.createElement('div')
  const app = provided(createApp(page), client)
  app.mount(container)
  await clock.advance(10)
  expect([...server.subscribed]).toEqual(['news'])
  isShown.value = false
  await nextTick()
  await clock.advance(1_000)
  expect([[...server.subscribed], client.stats().handlers]).toEqual([[], 0])
  isShown.value = true
  await nextTick()
  await clock.advance(10)
  server.publish('news', 'note', 'two')
  await clock.advance(1)
  await nextTick()
  expect([container.textContent, client.stats().handlers]).toEqual(['two', 1])
  app.unmount()
  await clock.advance(1_000)
  expect([...server.subscribed]).toEqual([])
})
