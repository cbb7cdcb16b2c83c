import { describe, expect, it } from 'vitest'
import type { EntityApi, MutationContext } from 'wirefold'
import { bindList, channelEvents, OptimisticManager } from 'wirefold'
import { actioncable } from 'wirefold/dialects/actioncable'
import { streams } from 'wirefold/dialects/streams'
import { topics } from 'wirefold/dialects/topics'
import type { Fields } from '../../../src/protocol/fields.ts'
import { dialled } from '../../support/dialled.ts'
import { outcomeOf } from '../../support/scripted.ts'

const TASKS = '{"channel":"TasksChannel"}'
type Rig = ReturnType<typeof dialled>

/** A list with one row over a backend that answers no request, and optimistic changes on it. */
async function open(rig: Rig, channel: string, api: (rig: Rig) => Partial<EntityApi>) {
  const { client, channels, clock } = rig
  const list = bindList(channels, channel, { load: async () => ({ state: [{ id: '1', a: 1 }] }) })
  const nothing = async () => undefined
  const rest = { create: nothing, update: nothing, delete: nothing }
  const optimistic = new OptimisticManager({ client, channels, api: { ...rest, ...api(rig) } })
  const views: string[][] = []
  optimistic.view(list).subscribe((rows) => {
    views.push(rows.map(({ id, a }) => `${id.replace(/^temp_.*/, 'temp')}: ${a}`))
  })
  await clock.advance(10)
  views.length = 0
  return { optimistic, list, views }
}

/** A client of Action Cable; the test plays the server. */
function cable(): Rig {
  const rig = dialled(actioncable(), ({ command, identifier }, send) => {
    if (command === 'subscribe') send({ identifier, type: 'confirm_subscription' })
  })
  rig.greetings.push({ type: 'welcome' })
  return rig
}

describe('an optimistic change by a request without a reply', () => {
  it.each([
    ['actioncable', cable, 'TasksChannel'],
    ['topics', () => dialled(topics), 'agent:1'],
    ['streams', () => dialled(streams), 'stream:1'],
  ])('counts as confirmed once it is sent, as the page says: %s', async (_, make, channel) => {
    const rig = make()
    const on = { channel }
    const { optimistic, list, views } = await open(rig, channel, () => ({
      create: (_entity, data, { request }) => request('create', data, on),
      update: (_entity, id, data, { request }) => request('update', { id, ...Object(data) }, on),
    }))
    void optimistic.create('Task', { a: 2 }, list)
    await rig.clock.advance(10)
    expect(views).toEqual([['1: 1', 'temp: 2'], ['1: 1']])
    void optimistic.update('Task', '1', { a: 3 }, list)
    await rig.clock.advance(10)
    expect(views.at(-1)).toEqual(['1: 3'])
    expect(list.state.get()).toEqual([{ id: '1', a: 3 }])
  })
})

describe('an `api` that waits for the event of its action', () => {
  const waiting =
    (ended: AbortSignal) =>
    ({ channels }: Rig) => ({
      async create(_: string, data: unknown, { id, request }: MutationContext) {
        await request('create', { ...Object(data), clientId: id }, { channel: 'TasksChannel' })
        const events = channelEvents<Fields>(channels, 'TasksChannel', { signal: ended })
        for await (const { payload } of events) if (payload.clientId === id) return payload
        throw new Error('The server has not confirmed it.')
      },
    })

  it('keeps the row shown until the event confirms it', async () => {
    const rig = cable()
    const { optimistic, list, views } = await open(
      rig,
      'TasksChannel',
      waiting(new AbortController().signal),
    )
    const created = outcomeOf(optimistic.create('Task', { a: 2 }, list))
    await rig.clock.advance(5_000)
    expect(views).toEqual([['1: 1', 'temp: 2']])
    const { clientId } = JSON.parse(String(rig.sent.at(-1)?.data))
    const message = { type: 'entity:created', id: '2', a: 2, clientId }
    await rig.deliver({ type: 'ping' }, { identifier: TASKS, message })
    expect(created.value).toMatchObject({ id: '2' })
    expect(views.slice(1)).toEqual(views.slice(1).map(() => ['1: 1', '2: 2']))
  })

  it('takes the row back where no event comes in time', async () => {
    const rig = cable()
    const ended = new AbortController()
    const { optimistic, list, views } = await open(rig, 'TasksChannel', waiting(ended.signal))
    const created = outcomeOf(optimistic.create('Task', { a: 2 }, list))
    await rig.clock.advance(5_000)
    ended.abort()
    await rig.clock.advance(0)
    expect(created.error).toMatchObject({ message: 'The server has not confirmed it.' })
    expect(views).toEqual([['1: 1', 'temp: 2'], ['1: 1']])
  })
})
