import { readFileSync } from 'node:fs'
import type { FunctionComponent } from 'react'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import * as redis from 'redis'
import type { Readable as SvelteStore } from 'svelte/store'
import { get } from 'svelte/store'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
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

describe('the documents', () => {
  it('list every entry of the package', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
    const entries = Object.keys(exports).map((entry) => entry.replace(/^\./, 'wirefold'))
    const rows = readFileSync('docs/reference/entries.md', 'utf8').matchAll(
      /^\| `(wirefold[^`]*)` \|/gm,
    )
    const listed = [...rows].map(([, entry]) => entry)
    expect(listed).toEqual(entries.filter((entry) => entry !== 'wirefold/package.json'))
  })
})

describe('the README', () => {
  it('shows a client that prints with the server it shows what it says', async () => {
    const log = vi.fn()
    const given = { console: { log } }
    const { url } = await run<{ url: string }>(blockWith(README, '// server.js'), { given })
    expect(log.mock.lastCall).toEqual([`Listening at ${url}`])
    log.mockClear()
    await run(blockWith(README, '// client.ts'), { given, host: new URL(url).host })
    const printed = log.mock.calls.map((words) => `${words.join(' ')}\n`).join('')
    // Unlike `join`, `console.log` prints `undefined`.
    expect(printed.replace(': \n', ': undefined\n')).toBe(blockWith(README, 'Thank you.\n').code)
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
    const { contexts } = await run<{ contexts: Orders }>(
      blockWith(README, 'svelteStores(writable)'),
    )
    contexts.dispatch(paid)
    expect(get(contexts.entity('Order', '17'))).toEqual(paid)
  })

  it('shows a React component', async () => {
    const { client } = connect('ws://localhost:1/')
    const { App } = await run<{ App: FunctionComponent }>(
      blockWith(README, 'createRealtimeHooks()'),
      {
        given: { client, api: {}, fetchTasks: async () => [] },
      },
    )
    expect(renderToStaticMarkup(createElement(App))).toBe('<button>0 tasks</button>')
  })
})

/** The registry of the README. */
interface Orders {
  dispatch(context: Order): void
  entity(kind: 'Order', id: string): SvelteStore<Order | undefined>
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
      given: { url, verify: async () => null },
      modules: { redis: { ...redis, createClient } },
    })
    expect(await server.publish('shop:42', 'order', paid)).toMatchObject({ offset: 1 })
  })
})
