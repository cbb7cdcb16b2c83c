import { expect, it } from 'vitest'
import { bindList, type EntityApi, OptimisticManager } from 'wirefold'
import { pusher } from 'wirefold/dialects/pusher'
import { asFields } from '../../../src/protocol/fields.ts'
import { until } from '../../support/live.ts'
import { PusherPeer } from '../../support/peers/pusher.ts'
import { started } from '../../support/started.ts'
import { clientOf } from './story.ts'

interface Task {
  readonly id: string
  readonly title: string
}

it('a list with optimistic updates follows a channel of Pusher, and is fetched again after a loss', async () => {
  const peer = await PusherPeer.started()
  const rows = new Map<string, Task>()
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  // Requests of the application go over HTTP, and its server publishes what they change.
  const api: EntityApi = {
    async create(_, data, { id: clientId }) {
      const row = { id: `t${rows.size + 1}`, title: String(asFields(data).title) }
      await released
      rows.set(row.id, row)
      peer.publish('private-tasks', 'entity:created', { ...row, clientId })
      return row
    },
    update: () => Promise.reject(new Error('Forbidden.')),
    delete: () => Promise.reject(new Error('Forbidden.')),
  }
  const { client, channels } = clientOf(peer, 'ana', pusher)
  const load = async () => ({ state: [...rows.values()] })
  const tasks = started(bindList<Task>(channels, 'private-tasks', { load }))
  const optimistic = new OptimisticManager({ client, channels, api })
  const view = optimistic.view(tasks)
  const titles = () => view.get().map(({ title }) => title)
  view.subscribe(() => {})
  await client.connect()
  await until(() => expect(peer.messages).toContain('pusher:subscribe private-tasks'))
  const creation = optimistic.create('Task', { title: 'Write' }, tasks)
  expect(titles()).toEqual(['Write'])
  release()
  await creation
  await until(() => expect(tasks.store.get()).toMatchObject([{ id: 't1', title: 'Write' }]))
  expect(titles()).toEqual(['Write'])
  const refused = optimistic.update('Task', 't1', { title: 'Read' }, tasks)
  expect(titles()).toEqual(['Read'])
  await expect(refused).rejects.toThrow('Forbidden.')
  expect(titles()).toEqual(['Write'])
  // The backend forgets what it published meanwhile.
  await peer.kill()
  rows.set('t2', { id: 't2', title: 'Sleep' })
  await peer.start()
  await until(() => expect(titles()).toEqual(['Write', 'Sleep']))
})
