import { expect, it, vi } from 'vitest'
import { until } from '../support/live.ts'
import { eventsOn, phoenixRooms } from '../support/peers/phoenix-rooms.ts'
import { supabaseProject } from '../support/peers/supabase.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/backends/phoenix.md'

it('the page about Phoenix joins a room, shows its users, and shouts', async () => {
  const { peer } = await phoenixRooms()
  const [show, render] = [vi.fn(), vi.fn()]
  const given = { session: { token: () => 't-ana' }, show, render }
  await run(blockWith(PAGE, 'dialect: phoenix'), { host: `127.0.0.1:${peer.port}`, given })
  expect(eventsOn(peer, 'room:1')).toEqual([
    ['phx_join', { last_seen: 7 }],
    ['shout', { text: 'hello' }],
  ])
  expect(show.mock.calls).toEqual([
    ['phx_join', { as: 'ana', last: 7 }],
    ['shout', { text: 'hello', by: 'ana' }],
  ])
  const [join] = peer.joinsOf('room:1')
  if (join) peer.track(join, 'ana', {})
  await until(() => expect(render.mock.lastCall).toMatchObject([[{ id: 'ana' }]]))
})

it('the page about Supabase keeps a list in step with a table', async () => {
  const { peer, change } = await supabaseProject({ apikey: 'sb_publishable_key' })
  const render = vi.fn()
  const fetch = async () => ({ json: async () => [{ id: 1, title: 'first' }] })
  const given = { session: { token: () => 'jwt' }, render, fetch }
  await run(blockWith(PAGE, 'dialect: supabase'), { host: `127.0.0.1:${peer.port}`, given })
  await until(() => expect(render).toHaveBeenLastCalledWith([{ id: 1, title: 'first' }]))
  change('todos', 'INSERT', { record: { id: 2, title: 'second' } })
  await until(() => expect(render.mock.lastCall).toMatchObject([[{ id: 1 }, { id: 2 }]]))
})
