import { expect, it, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { connect } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

it('the server of the security page calls the hooks of its application', async () => {
  const claimsOf = vi.fn(async () => ({ sub: 'ada', exp: Date.now() / 1_000 + 3_600 }))
  const mayDo = vi.fn(() => true)
  const { server } = await run<{ server: RealtimeServer }>(
    blockWith('docs/security.md', 'createRealtimeServer({'),
    { given: { claimsOf, mayDo } },
  )
  const { url } = await server.listen()
  const { client } = connect(url, { auth: () => 'secret' })
  await new ChannelSubscriber(client).subscribe('shop:42', () => {}).ready
  expect(claimsOf).toHaveBeenCalledWith('secret')
  expect(mayDo).toHaveBeenCalledWith({ id: 'ada' }, 'shop:42', 'subscribe')
})
