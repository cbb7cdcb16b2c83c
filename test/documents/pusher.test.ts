import { expect, it, vi } from 'vitest'
import { until } from '../support/live.ts'
import { PusherPeer } from '../support/peers/pusher.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/backends/pusher.md'

it('the first example of the page about Pusher works as pasted', async () => {
  const peer = await PusherPeer.started()
  const { code, ...block } = blockWith(PAGE, 'broadcasting/auth')
  const show = vi.fn()
  const render = vi.fn()
  const own = code
    .replace('https://example.com/broadcasting/auth', peer.endpoint)
    .replace('my-app-key', 'key')
  const given = { session: { token: () => 'ana' }, show, render }
  await run({ ...block, code: own }, { host: new URL(peer.url).host, given })
  await until(() => expect(peer.messages).toContain('pusher:subscribe private-orders.7'))
  await until(() => expect(render.mock.lastCall?.[0]).toMatchObject([{ id: 'ana' }]))
  peer.publish('private-orders.7', 'App\\Events\\OrderShipped', { id: 7 })
  await until(() => expect(show).toHaveBeenCalledWith('App\\Events\\OrderShipped', { id: 7 }))
})
