import { readFileSync } from 'node:fs'
import type { Signal } from '@preact/signals-core'
import type { FunctionComponent } from 'react'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import * as redis from 'redis'
import type { Readable as SvelteStore } from 'svelte/store'
import { get } from 'svelte/store'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber, ContextRegistry } from 'wirefold'
import type { EntityEvents, RealtimeServer } from 'wirefold/server'
import { broadcastEntities, EventBus, realtimeRepository } from 'wirefold/server'
import { connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const README = 'README.md'

interface Order {
  readonly kind: 'Order'
  readonly id: string
  readonly status: string
}
const paid: Order = { kind: 'Order', id: '17', status: 'paid' }

describe('the README', () => {
  it('lists every entry of the package', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
    const entries = Object.keys(exports).map((entry) => entry.replace(/^\./, 'wirefold'))
    const [, table = ''] = readFileSync(README, 'utf8').split('## Entries')
    const rows = table.matchAll(/^\| `(wirefold[^`]*)` \|/gm)
    const listed = [...rows].map(([, entry]) => entry)
    expect(listed).toEqual(entries.filter((entry) => entry !== 'wirefold/package.json'))
  })

  it('shows a client that works with the server it shows', async () => {
    const verify = vi.fn(async () => ({ id: 'ada' }))
    const cancel = vi.fn(async () => {})
    const { server, url } = await run<{ server: RealtimeServer; url: string }>(
      blockWith(README, "server.handle('order:cancel'"),
      { given: { verify, cancel } },
    )
    const log = vi.fn()
    await run(blockWith(README, "client.request('order:cancel'"), {
      host: new URL(url).host,
      given: { session: { token: () => 'secret' }, console: { log } },
    })
    expect(verify).toHaveBeenCalledWith('secret')
    expect(cancel).toHaveBeenCalledWith('17')
    await server.publish('shop:42', 'order', paid)
    await until(() => expect(log).toHaveBeenCalledWith('order', paid))
    expect(log).toHaveBeenCalledWith('paid')
  })

  it('shows a list with optimistic updates, and the users present', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => (token ? { id: token, name: token } : null),
    })
    const bus = new EventBus<EntityEvents>()
    const rows: { id: string; title: string }[] = []
    const tasks = realtimeRepository(
      {
        create({ title }: { title: string }) {
          const row = { id: String(rows.length + 1), title }
          rows.push(row)
          return row
        },
        update: () => undefined,
        delete: () => false,
      },
      bus,
      { entityName: 'Task' },
    )
    broadcastEntities(bus, server)
    server.handle('task:list', () => rows)
    server.handle('task:create', (task: { title: string }) => tasks.create(task))

    const { client, errors } = connect(url, { auth: () => 'Ada' })
    const channels = new ChannelSubscriber(client)
    const render = vi.fn()
    const log = vi.fn()
    await run(blockWith(README, 'new OptimisticManager'), {
      given: { client, channels, render, console: { log } },
    })
    const pending = { id: expect.stringMatching(/^temp_/), title: 'Write', _optimistic: true }
    expect(render).toHaveBeenCalledWith([pending])
    await until(() => expect(render).toHaveBeenLastCalledWith([{ id: '1', title: 'Write' }]))
    await until(() => expect(log).toHaveBeenCalledWith(['Ada']))
    expect(errors).toEqual([])
  })

  it('shows a registry of Svelte stores', async () => {
    const { contexts } = await run<{ contexts: Orders<SvelteStore<Order | undefined>> }>(
      blockWith(README, 'svelteStores(writable)'),
    )
    contexts.dispatch(paid)
    expect(get(contexts.entity('Order', '17'))).toEqual(paid)
  })

  it('shows a registry of Preact signals', async () => {
    const { contexts } = await run<{ contexts: Orders<Signal<Order | undefined>> }>(
      blockWith(README, 'valueSignals<PreactKind>'),
    )
    contexts.dispatch(paid)
    expect(contexts.entity('Order', '17').value).toEqual(paid)
  })

  it('shows a React component', async () => {
    const contexts = new ContextRegistry<Order>().keyed('Order', (order) => order.id)
    const { OrderStatus } = await run<{ OrderStatus: FunctionComponent<{ id: string }> }>(
      blockWith(README, 'function OrderStatus'),
      { given: { contexts } },
    )
    contexts.dispatch(paid)
    expect(renderToStaticMarkup(createElement(OrderStatus, { id: '17' }))).toBe('<b>paid</b>')
  })
})

/** The methods of the README's registries, for any store. */
interface Orders<Store> {
  dispatch(context: Order): void
  entity(kind: 'Order', id: string): Store
}

describeWithRedis('a server on Redis, as documented', () => {
  it.each([
    [README, 'redis://localhost'],
    ['docs/redis.md', 'createClient({ url })'],
  ])('in %s works', async (document, text) => {
    const { server: redisServer } = await redisBench()
    const { url } = redisServer
    const createClient = () => {
      const client = redis.createClient({ url })
      onTestFinished(() => client.destroy())
      return client
    }
    const { server } = await run<{ server: RealtimeServer }>(blockWith(document, text), {
      given: { url },
      modules: { redis: { ...redis, createClient } },
    })
    expect(await server.publish('shop:42', 'order', paid)).toMatchObject({ offset: 1 })
  })
})
