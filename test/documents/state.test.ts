import { describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber, ContextRegistry } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { connect, serve, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/state.md'

/** The contexts of the pages. */
type Shop =
  | { readonly kind: 'Order'; readonly id: string; readonly status: string }
  | { readonly kind: 'Till'; readonly total: number }

interface Task {
  readonly id: string
  readonly title: string
  readonly done: boolean
}

describe('the guide to state', () => {
  it('shows a list and a record of the repository that it shows', async () => {
    const { server, tasks } = await run<{
      server: RealtimeServer
      tasks: { create(task: Task): unknown; update(id: string, changes: Partial<Task>): unknown }
    }>(blockWith(PAGE, 'realtimeRepository('))
    const { url } = await server.listen()
    await tasks.create({ id: '2', title: 'Read', done: false })
    const { client, errors } = connect(url)
    const render = vi.fn()
    await run(blockWith(PAGE, 'bindRecord<Task>'), {
      given: { client, channels: new ChannelSubscriber(client), render },
    })
    const titles = (...wanted: string[]) =>
      until(() => {
        const rows = wanted.map((title) => expect.objectContaining({ title }))
        expect(render).toHaveBeenCalledWith('open', rows)
      })
    await titles('Read', 'Write')
    await tasks.update('2', { title: 'Zip' })
    await titles('Write', 'Zip')
    await tasks.update('1', { done: true })
    await titles('Zip')
    const done = expect.objectContaining({ id: '1', done: true })
    await until(() => expect(render).toHaveBeenCalledWith('one', done))
    expect(render).toHaveBeenCalledWith('status', 'live')
    expect(errors).toEqual([])
  })

  it('shows a registry of several kinds', async () => {
    const { server, url } = await serve()
    const { client } = connect(url)
    const render = vi.fn()
    const channels = new ChannelSubscriber(client)
    const { stop } = await run<{ stop: { readonly ready: Promise<void> } }>(
      blockWith(PAGE, ".reduce('Sale'"),
      { given: { channels, render } },
    )
    await stop.ready
    const customer = { kind: 'Customer', id: 'ada', name: 'Ada' }
    await server.publish('shop:42', 'order', { kind: 'Order', id: '17', status: 'paid', customer })
    await server.publish('shop:42', 'sale', { kind: 'Sale', till: 'till-1', cents: 250 })
    await server.publish('shop:42', 'sale', { kind: 'Sale', till: 'till-1', cents: 50 })
    await until(() => expect(render).toHaveBeenLastCalledWith('sales', 300))
    expect(render).toHaveBeenCalledWith('order', 'paid')
    expect(render).toHaveBeenCalledWith('orders', 1)
  })

  it('shows a registry that begins with a state', async () => {
    const { server, url } = await serve()
    server.handle('shop:state', () => [{ kind: 'Order', id: '17', status: 'new' }])
    const { client } = connect(url)
    const contexts = new ContextRegistry<Shop>().keyed('Order', ({ id }) => id).single('Till')
    await run(blockWith(PAGE, 'sync(channels'), {
      given: { client, channels: new ChannelSubscriber(client), contexts },
    })
    const order = contexts.entity('Order', '17')
    await until(() => expect(order.get()).toMatchObject({ status: 'new' }))
    await server.publish('shop:42', 'order', { kind: 'Order', id: '17', status: 'paid' })
    await until(() => expect(order.get()).toMatchObject({ status: 'paid' }))
  })
})
