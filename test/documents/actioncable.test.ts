import { expect, it, vi } from 'vitest'
import { until } from '../support/live.ts'
import { cableServer } from '../support/peers/cable.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/backends/actioncable.md'

it('the first example of the page about Action Cable speaks to a room', async () => {
  const server = await cableServer({
    protocol: 'actioncable-v1-json',
    act: ({ text }, { room }) => server.publish(String(room), { type: 'said', text }),
  })
  const show = vi.fn()
  const given = { session: { token: () => 't-ana' }, show }
  await run(blockWith(PAGE, 'actioncable()'), { host: new URL(server.url).host, given })
  await until(() => expect(show).toHaveBeenCalledWith('said', { type: 'said', text: 'hi' }))
})

it('the example of AnyCable enters the room and whispers', async () => {
  const server = await cableServer()
  const show = vi.fn()
  const render = vi.fn()
  const given = { session: { token: () => 't-ana' }, id: 'ana', show, render }
  await run(blockWith(PAGE, 'anycable({'), { host: new URL(server.url).host, given })
  const whisper = { command: 'whisper', data: { who: 'ana', type: 'typing' } }
  await until(() => expect(server.commands).toContainEqual(expect.objectContaining(whisper)))
  await until(() =>
    expect(render).toHaveBeenLastCalledWith([expect.objectContaining({ id: 'ana', name: 'Ana' })]),
  )
})
