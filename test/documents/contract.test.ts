import { describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import type { Contract } from 'wirefold/contract'
import { connect, serve, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const DOCUMENT = 'docs/contract.md'

describe('docs/contract.md', () => {
  it('shows a contract, and a client that subscribes, asks, enters and binds by it', async () => {
    const shop = await run<{ shop: Contract }>(blockWith(DOCUMENT, '// shop.ts'))
    const { server, url } = await serve({
      authenticate: () => ({ id: 'ada', name: 'Ada' }),
    })
    const at = '2026-01-01T00:00:00.000Z'
    server.handle('order:cancel', ({ id }: { id: string }) => ({ id, at }))
    server.handle('task:list', () => [{ id: '1', title: 'Write' }])
    const render = vi.fn()
    const made = await run<{ order: unknown; tasks: { start(): void; state: { get(): unknown } } }>(
      blockWith(DOCUMENT, 'new PresenceManager(channels)'),
      { host: new URL(url).host, given: { render }, modules: { './shop.ts': shop } },
    )
    // The client leaves the check of a reply to the server.
    expect(made.order).toEqual({ id: '17', at })
    made.tasks.start()
    await until(() => expect(made.tasks.state.get()).toEqual([{ id: '1', title: 'Write' }]))
    await server.publish('shop:42', 'till', { total: 7 })
    await until(() => expect(render.mock.calls).toEqual([[7], [7]]))
    const { client } = connect(url)
    const people = new PresenceManager(new ChannelSubscriber(client)).of('workspace/tasks')
    people.subscribe(() => {})
    await until(() => expect(people.get()).toMatchObject([{ id: 'ada', meta: { typing: false } }]))
  })
})
