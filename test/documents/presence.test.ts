import { describe, expect, it, vi } from 'vitest'
import type { PresenceHandle } from 'wirefold'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import { topics } from 'wirefold/dialects/topics'
import type { RealtimeServer } from 'wirefold/server'
import { dialled } from '../support/dialled.ts'
import { connect, until } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/guides/presence.md'

describe('the guide to presence', () => {
  it('shows members and their changes', async () => {
    const mayDo = vi.fn(() => true)
    const { server } = await run<{ server: RealtimeServer }>(
      blockWith(PAGE, 'authenticate: ({ token }) => verify'),
      {
        given: { verify: (token: string) => ({ id: token, name: 'Ada' }), mayDo },
      },
    )
    const { url } = await server.listen()
    const changes = vi.fn()
    const watcher = connect(url, { auth: () => 'grace' }).client
    await run(blockWith(PAGE, "presence.on('changed'"), {
      given: { channels: new ChannelSubscriber(watcher), show: changes },
    })
    const { client, errors } = connect(url, { auth: () => 'ada' })
    const render = vi.fn()
    const { here } = await run<{ here: PresenceHandle }>(blockWith(PAGE, 'here.update('), {
      given: { channels: new ChannelSubscriber(client), render, show: () => {} },
    })
    await here.ready
    await until(() => expect(render).toHaveBeenLastCalledWith(['Ada on 1']))
    await until(() => expect(changes).toHaveBeenCalledWith('joined', 'Ada'))
    const ada = expect.objectContaining({ id: 'ada', meta: { typing: true } })
    await until(async () => {
      expect(await server.presence.getPresent('workspace/tasks')).toEqual([ada])
    })
    here()
    await until(() => expect(changes).toHaveBeenCalledWith('left', 'Ada'))
    expect(mayDo).toHaveBeenCalledWith(
      { id: 'ada', name: 'Ada' },
      'presence:workspace/tasks',
      'presence',
    )
    expect(errors).toEqual([])
  })

  it('says what happens over a backend without presence', async () => {
    const { channels, clock } = dialled(topics)
    const here = new PresenceManager(channels).enter('room')
    const refused = expect(here.ready).rejects.toMatchObject({ code: 'unsupported' })
    await clock.advance(1_000)
    await refused
  })
})
