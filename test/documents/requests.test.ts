import { describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { connect, serve, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/requests.md'

describe('the guide to requests', () => {
  it('shows a handler that checks, refuses, publishes and replies', async () => {
    const cancel = vi.fn(async () => {})
    const { server } = await run<{ server: RealtimeServer }>(
      blockWith(PAGE, "server.handle('order:cancel'"),
      { given: { cancel, verify: (token?: string) => (token ? { id: token } : null) } },
    )
    const { url } = await server.listen()
    const { client } = connect(url, { auth: () => 'ada' })
    const own = vi.fn()
    const channels = new ChannelSubscriber(client)
    const order = channels.subscribe('order:17', (payload, event) => {
      own(payload, client.isOwn(event))
    })
    await order.ready
    const options = { id: client.eventId() }
    const reply = await client.request('order:cancel', { id: '17' }, options)
    expect(reply).toEqual({ id: '17', cancelled: true })
    await until(() => expect(own).toHaveBeenCalledWith({ by: 'ada' }, true))
    await expect(client.request('order:cancel', {})).rejects.toMatchObject({ code: 'bad-order' })
    const anonymous = connect(url).client
    await expect(anonymous.request('order:cancel', { id: '17' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(cancel).toHaveBeenCalledTimes(1)
  })

  it('distinguishes refusals', async () => {
    const { server, url } = await serve()
    const { client } = connect(url)
    const show = vi.fn()
    const asked = () => run(blockWith(PAGE, 'isWirefoldError(error'), { given: { client, show } })
    await expect(asked()).rejects.toMatchObject({ code: 'unknown-type' })
    const { refuse } = await import('wirefold/server')
    server.handle('order:cancel', () => {
      throw refuse('bad-order', 'It has been sent.')
    })
    await asked()
    expect(show).toHaveBeenLastCalledWith('refused', expect.stringContaining('It has been sent.'))
  })
})
