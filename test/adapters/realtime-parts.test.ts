import { expect, it } from 'vitest'
import type { EntityApi } from 'wirefold'
import { bindList, ChannelSubscriber } from 'wirefold'
import { realtime } from 'wirefold/signals'
import { scripted } from '../support/scripted.ts'

it('a change uses the api of its provider, also where showing it makes a change by another', async () => {
  const { client, clock } = scripted({ answer: () => ({ id: '1' }) })
  const channels = new ChannelSubscriber(client)
  const used: string[] = []
  const api = (name: string): EntityApi => ({
    create: (_, data, { request }) => {
      used.push(name)
      return request('create', data)
    },
    update: async () => ({}),
    delete: async () => {},
  })
  const one = realtime({ client, channels, api: api('one') })
  const other = realtime({ client, channels, api: api('other') })
  const tasks = bindList<{ id: string }>(channels, 'entity:Task', {
    load: async () => ({ state: [] }),
  })
  one.optimistic.pending.listen((all) => {
    if (all.length === 1 && used.length === 0) void other.optimistic.create('Task', {}, tasks)
  })
  void one.optimistic.create('Task', {}, tasks)
  await clock.advance(100)
  expect(used).toEqual(['other', 'one'])
})
