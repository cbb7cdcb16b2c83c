import { expect, it, onTestFinished, vi } from 'vitest'
import type { ChannelSync } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import { connect, serve, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/tanstack-query.md'

it('the page about TanStack Query shows a query that is in step with its channel', async () => {
  const { server, url } = await serve()
  server.handle('task:list', () => [{ id: '1', title: 'Write' }])
  const { client, errors } = connect(url)
  const channels = new ChannelSubscriber(client)
  const render = vi.fn()
  const { stop } = await run<{ stop: () => void }>(blockWith(PAGE, 'bridge.query('), {
    given: { client, channels, render },
  })
  onTestFinished(stop)
  await until(() => expect(render).toHaveBeenLastCalledWith([{ id: '1', title: 'Write' }]))
  await server.publish('entity:Task', 'entity:updated', { id: '1', title: 'Read' })
  await server.publish('entity:Task', 'entity:created', { id: '2', title: 'Run' })
  await until(() =>
    expect(render).toHaveBeenLastCalledWith([
      { id: '1', title: 'Read' },
      { id: '2', title: 'Run' },
    ]),
  )
  await server.publish('entity:Task', 'entity:deleted', { id: '1' })
  await until(() => expect(render).toHaveBeenLastCalledWith([{ id: '2', title: 'Run' }]))
  expect(errors).toEqual([])
})

it('the page about TanStack Query shows events that invalidate queries', async () => {
  const { server, url } = await serve()
  const { client, errors } = connect(url)
  const channels = new ChannelSubscriber(client)
  const { queryClient, orders } = await run<{
    queryClient: { setQueryData(key: unknown[], data: unknown): void; clear(): void } & {
      getQueryState(key: unknown[]): { isInvalidated: boolean } | undefined
    }
    orders: ChannelSync
  }>(blockWith(PAGE, 'bridge.invalidate('), { given: { channels } })
  onTestFinished(() => queryClient.clear())
  await orders.ready
  for (const id of ['17', '18']) queryClient.setQueryData(['orders', id], {})
  await server.publish('shop:42', 'order', { id: '17' })
  await until(() => expect(queryClient.getQueryState(['orders', '17'])?.isInvalidated).toBe(true))
  expect(queryClient.getQueryState(['orders', '18'])?.isInvalidated).toBe(false)
  expect(errors).toEqual([])
})
