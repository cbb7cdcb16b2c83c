import { expect, it } from 'vitest'
import { ChannelSubscriber, PresenceManager } from 'wirefold'
import { createRedisBroker } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { RawClient } from '../server/raw-client.ts'
import { balanced, connect, serve, until } from '../support/live.ts'
import { intercepted } from '../support/lossy.ts'
import { passing } from '../support/passing.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

const room = 'workspace/tasks'
const channel = `presence:${room}`
const authenticate = ({ token }: { readonly token?: string | undefined }) =>
  token === undefined ? null : { id: token, name: token.toUpperCase() }

/** A user connected to a server, and the recorded presence changes. */
function person(token: string, url: string) {
  const { client, errors } = connect(url, { auth: () => token })
  const channels = new ChannelSubscriber(client)
  const presence = new PresenceManager(channels)
  const changes: string[] = []
  presence.on('changed', ({ kind, user: { id } }) => changes.push(`${kind} ${id}`))
  return { client, channels, presence, changes, errors }
}

/** A user who watches the room. */
async function watcher(url: string) {
  const made = person('watcher', url)
  const users = made.presence.of(room)
  users.subscribe(() => {})
  // Waits for the subscription, since members present before it are not reported as joined.
  await made.channels.subscribe(channel, () => {}).ready
  return { ...made, users }
}

describeWithRedis('servers on one Redis', async () => {
  const bench = await redisBench()

  for (const strategy of ['streams', 'pub-sub'] as const) {
    it(`show members of one server to watchers on another: ${strategy}`, async () => {
      const prefix = bench.prefix()
      const [a, b] = [
        await serve({ authenticate, broker: await bench.broker({ prefix, strategy }) }),
        await serve({ authenticate, broker: await bench.broker({ prefix, strategy }) }),
      ]
      const [far, ben] = [await watcher(a.url), person('ben', b.url)]
      const handle = ben.presence.enter(room, { list: [] })
      await handle.ready
      await until(() => expect(far.users.get()).toMatchObject([{ id: 'ben', name: 'BEN' }]))
      // A later watcher receives the same members.
      const late = await watcher(b.url)
      await until(() => expect(late.users.get()).toEqual(far.users.get()))
      handle.update({ list: [1] })
      await until(() => {
        for (const { users } of [far, late]) {
          expect(users.get()).toMatchObject([{ meta: { list: [1] }, devices: [{}] }])
        }
      })
      expect(await a.server.presence.getPresent(room)).toEqual(
        await b.server.presence.getPresent(room),
      )
      handle()
      await until(() => expect([far.users.get(), late.users.get()]).toEqual([[], []]))
      expect(far.changes).toEqual(['joined ben', 'updated ben', 'left ben'])
    })
  }

  it('hand members over to another server without presence events', async () => {
    const prefix = bench.prefix()
    const [a, b] = [
      await serve({ authenticate, broker: await bench.broker({ prefix }) }),
      await serve({ authenticate, broker: await bench.broker({ prefix }) }),
    ]
    const front = await balanced()
    front.backends.add(b.port)
    const [far, ben] = [await watcher(a.url), person('ben', front.url)]
    await ben.presence.enter(room, 1).ready
    front.backends.add(a.port).delete(b.port)
    await b.server.drain({ windowMs: 20 })
    await until(() => expect(a.server.stats().connections).toBe(2))
    const eva = person('eva', a.url)
    await eva.presence.enter(room).ready
    await until(() => expect(far.changes).toEqual(['joined ben', 'joined eva']))
    expect(await a.server.presence.getPresent(room)).toMatchObject([
      { id: 'ben', meta: 1, devices: [{}] },
      { id: 'eva' },
    ])
  })

  it('remove the members of a crashed server within the presence timeout', async () => {
    const prefix = bench.prefix()
    const presence = { timeoutMs: 9_000 }
    const a = await serve({ authenticate, presence, broker: await bench.broker({ prefix }) })
    let dead = false
    const connector = intercepted(await bench.connect(), (args, send) =>
      dead ? new Promise(() => {}) : send(args),
    )
    const broker = await createRedisBroker(connector, { prefix, onError: () => {} })
    const b = await serve({ authenticate, presence, broker })
    const [far, ben] = [await watcher(a.url), person('ben', b.url)]
    await ben.presence.enter(room).ready
    await person('eva', a.url).presence.enter(room).ready
    await until(() => expect(far.changes).toEqual(['joined ben', 'joined eva']))
    // The server cannot send anything to Redis any more, as after a crash.
    dead = true
    await until(() => expect(far.changes).toContain('left ben'))
    expect(far.users.get()).toMatchObject([{ id: 'eva' }])
    await broker.close()
  })

  it('restore their members when Redis lost them', async () => {
    const own = await redisBench()
    const presence = { timeoutMs: 9_000 }
    const [a, b] = [
      await serve({ authenticate, presence, broker: await own.broker({ prefix: 'p' }) }),
      await serve({ authenticate, presence, broker: await own.broker({ prefix: 'p' }) }),
    ]
    const [far, ben, eva] = [await watcher(a.url), person('ben', b.url), person('eva', a.url)]
    const handle = ben.presence.enter(room, 1)
    await handle.ready
    await eva.presence.enter(room).ready
    await until(() => expect(far.users.get()).toHaveLength(2))
    await own.server.kill()
    await own.server.start()
    const ids = async () => (await a.server.presence.getPresent(room)).map(({ id }) => id).sort()
    await until(async () => expect(await ids()).toEqual(['ben', 'eva']))
    await until(() =>
      expect(
        far.users
          .get()
          .map(({ id }) => id)
          .sort(),
      ).toEqual(['ben', 'eva']),
    )
    handle.update(2)
    await until(() => {
      expect(far.users.get().find(({ id }) => id === 'ben')).toMatchObject({ meta: 2 })
    })
  })

  it('refuse joins while Redis does not reply, with pub-sub, and accept them later', async () => {
    const own = await redisBench()
    const errors: unknown[] = []
    const clock = new ManualClock()
    const broker = await own.broker({ prefix: 'p', strategy: 'pub-sub', clock })
    const { url, server } = await serve({ authenticate, broker, onError: (e) => errors.push(e) })
    const raw = await RawClient.greeted(url, { token: 'anna', clientId: 'tab' })
    const ben = person('ben', url)
    await ben.client.connect()
    own.server.freeze()
    raw.send({ type: 'presence:join', channel, requestId: 'r' })
    expect(await passing(clock, raw.next('error'))).toMatchObject({
      requestId: 'r',
      payload: { code: 'unavailable', retryable: true },
    })
    const handle = ben.presence.enter(room)
    own.server.thaw()
    // The client retries by itself.
    await passing(clock, handle.ready)
    expect((await server.presence.getPresent(room)).map(({ id }) => id)).toContain('ben')
    expect(errors).toEqual([])
  })
})
