import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import { duui } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import type { RealtimeServerOptions } from 'wirefold/server'
import { duuiMount, entityMount, refuse } from 'wirefold/server'
import { connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

const room = 'workspace/tasks'

/** A server with the native protocol at `/ws` and an entity mount at `/api/realtime`. */
async function backend(options: RealtimeServerOptions = {}) {
  const served = await serve({
    authenticate: ({ token }) => (token ? { id: `u-${token}`, name: token } : null),
    presence: { graceMs: 0 },
    ...options,
  })
  served.server.mount('/api/realtime', entityMount())
  return { ...served, entityUrl: `ws://127.0.0.1:${served.port}/api/realtime` }
}

/** A user of a server, with all events that the client receives on a channel. */
function person(token: string | undefined, url: string, options: ClientOptions = {}) {
  const { client, errors } = connect(url, { ...(token && { auth: () => token }), ...options })
  const channels = new ChannelSubscriber(client)
  return { client, errors, channels, presence: new PresenceManager(channels) }
}

/** A user whose client speaks the entity dialect. */
const entityPerson = (token: string | undefined, url: string) =>
  person(token, url, { dialect: entity })

describe('clients of the entity dialect at a server', () => {
  it('have the story of their backend: subscribe, request, refusal, presence, reconnection', async () => {
    const { server, entityUrl } = await backend({
      authorize: (_user, channel) => channel !== 'entity:Secret',
    })
    server.handle('task:create', async (payload: { title: string }, { publish, user }) => {
      if (!payload.title) throw refuse('no-title', 'Give a title.')
      await publish('entity:Task', 'entity:created', { ...payload, by: user?.id })
      return { id: '1' }
    })
    const [ines, jon] = [entityPerson('ines', entityUrl), entityPerson('jon', entityUrl)]
    const seen: unknown[] = []
    await ines.channels.subscribe('entity:Task', (payload) => seen.push(payload)).ready
    expect(ines.client.userId).toBe('u-ines')
    expect(await jon.client.request('task:create', { title: 'Write' })).toEqual({ id: '1' })
    await until(() => expect(seen).toEqual([{ title: 'Write', by: 'u-jon' }]))
    await expect(jon.client.request('task:create', {})).rejects.toMatchObject({ code: 'no-title' })
    await expect(jon.client.request('missing')).rejects.toMatchObject({ code: 'unknown-type' })
    const secret = jon.channels.subscribe('entity:Secret', () => {})
    await expect(secret.ready).rejects.toMatchObject({ code: 'forbidden' })

    const users = ines.presence.of(room)
    users.subscribe(() => {})
    const entered = jon.presence.enter(room, { color: 'red' })
    await entered.ready
    await until(() =>
      expect(users.get()).toMatchObject([{ id: 'u-jon', name: 'jon', meta: { color: 'red' } }]),
    )
    entered.update({ color: 'blue' })
    await until(() => expect(users.get()).toMatchObject([{ meta: { color: 'blue' } }]))
    entered()
    await until(() => expect(users.get()).toEqual([]))

    for (const { id } of server.connections()) server.disconnect(id, { code: 1012 })
    await until(() =>
      expect(server.connections().map(({ channels }) => channels)).toContainEqual(
        expect.arrayContaining(['entity:Task']),
      ),
    )
    await server.publish('entity:Task', 'entity:deleted', { id: '1' })
    await until(() => expect(seen.at(-1)).toEqual({ id: '1' }))
  })

  it('receive what is published once beside those of other dialects', async () => {
    const { server, url, entityUrl, port } = await backend()
    const gateway = duuiMount()
    server.mount('/ws/processes/:id/events', gateway)
    const about = { event_id: '1', status: 'Idle', thread: 'main' } as const
    const context = { ...about, kind: 'DriverContext', driver: 'DUUIDockerDriver' } as const
    const head = { _id: 'p1_1', process_id: 'p1', sender: null, message: '' } as const
    const event = { ...head, level: 'INFO', context } as const
    const envelope: DUUIEnvelope = { timestamp: 1, event }
    const stream = `ws://127.0.0.1:${port}/ws/processes/p1/events`
    const people = [
      person('ann', url),
      entityPerson('ben', entityUrl),
      person(undefined, stream, { dialect: duui }),
    ]
    const seen: unknown[][] = []
    for (const { channels } of people) {
      const own: unknown[] = []
      seen.push(own)
      await channels.subscribe('process:p1', (payload, { type }) => own.push([type, payload])).ready
    }
    await until(() => expect(server.channels.members('process:p1')).toHaveLength(3))
    await gateway.publish(envelope)
    await until(() => expect(seen).toEqual(people.map(() => [['event', event]])))
    for (const { client } of people.slice(0, 2)) {
      await expect(client.request('missing')).rejects.toMatchObject({ code: 'unknown-type' })
    }
  })

  it('are present beside those of the native dialect', async () => {
    const { url, entityUrl } = await backend()
    const [ann, ben] = [person('ann', url), entityPerson('ben', entityUrl)]
    const views = [ann, ben].map(({ presence }) => presence.of(room))
    for (const view of views) view.subscribe(() => {})
    await ann.presence.enter(room, { n: 1 }).ready
    await ben.presence.enter(room, { n: 2 }).ready
    const all = [
      { id: 'u-ann', name: 'ann', meta: { n: 1 } },
      { id: 'u-ben', name: 'ben', meta: { n: 2 } },
    ]
    for (const view of views) await until(() => expect(view.get()).toMatchObject(all))
  })
})

describeWithRedis('servers on one Redis', async () => {
  const bench = await redisBench()

  it('show events and members to entity clients of the other server', async () => {
    const prefix = bench.prefix()
    const a = await backend({ broker: await bench.broker({ prefix }) })
    const b = await backend({ broker: await bench.broker({ prefix }) })
    const [ines, jon] = [entityPerson('ines', a.entityUrl), entityPerson('jon', b.entityUrl)]
    const tab = person('jon', b.url)
    const seen: unknown[] = []
    await ines.channels.subscribe('entity:Task', (payload) => seen.push(payload)).ready
    await b.server.publish('entity:Task', 'entity:created', { id: '1' })
    await until(() => expect(seen).toEqual([{ id: '1' }]))

    const users = ines.presence.of(room)
    users.subscribe(() => {})
    const handle = jon.presence.enter(room, { tab: 1 })
    await handle.ready
    await until(() => expect(users.get()).toMatchObject([{ id: 'u-jon', meta: { tab: 1 } }]))
    const second = tab.presence.enter(room, { tab: 2 })
    await until(() => expect(users.get()).toMatchObject([{ id: 'u-jon', meta: { tab: 2 } }]))
    // The event only says that a device has gone; the metadata of the other one is in the store.
    second()
    await until(() => expect(users.get()).toMatchObject([{ id: 'u-jon', meta: { tab: 1 } }]))
    handle()
    await until(() => expect(users.get()).toEqual([]))
  })
})
