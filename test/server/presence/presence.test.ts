import { describe, expect, it } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { asFields } from '../../../src/protocol/fields.ts'
import type { Message } from '../raw-client.ts'
import { partsOf, WiredClient } from '../wired.ts'

const room = 'workspace/tasks'
const channel = `presence:${room}`

function made(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const broker = new MemoryBroker({ clock })
  const errors: unknown[] = []
  const server = () =>
    partsOf({
      ...{ clock, broker, onError: (error) => errors.push(error) },
      authenticate: ({ token }) => (token ? { id: token, name: token.toUpperCase() } : null),
      ...options,
    })
  const core = server()
  let requests = 0
  /** Sends a message, and returns the reply. */
  const request = async (client: WiredClient, message: Message): Promise<Message | undefined> => {
    const requestId = `r${requests++}`
    client.send({ ...message, requestId })
    await clock.advance(0)
    return client.received.find((answer) => answer.requestId === requestId)
  }
  /** Connects a client as a user on a device. */
  const client = async (token?: string, clientId = `${token}-tab`, of = core) => {
    const wired = new WiredClient(of)
    wired.send({ type: 'hello', payload: { token, clientId } })
    await clock.advance(0)
    return wired
  }
  const presence = (action: string, meta?: unknown, on = channel): Message => ({
    type: `presence:${action}`,
    channel: on,
    payload: { meta },
  })
  const subscribe = (...channels: string[]): Message => ({
    type: 'subscribe',
    payload: { channels },
  })
  const present = async (resource = room) =>
    (await broker.presence.present(resource)).users.map(({ id }) => id)
  return { clock, broker, errors, core, server, request, client, presence, subscribe, present }
}

/** Returns the presence events that a client received, as `type user,user`. */
const presenceEvents = ({ received }: WiredClient) =>
  received
    .filter(({ type }) => type?.startsWith('presence:'))
    .map(({ type = '', payload }) => {
      const { user, users } = asFields(payload)
      const ids = Array.isArray(users) ? users.map(({ id }) => id) : [asFields(user).id]
      return `${type.slice('presence:'.length)} ${ids.join()}`
    })

describe('a presence command', () => {
  it('is acknowledged, and sent with its meta to the subscribers', async () => {
    const { request, client, presence, subscribe } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await request(ben, subscribe(channel))
    expect(await request(anna, presence('join', { typing: true }))).toMatchObject({ type: 'reply' })
    const [event] = ben.received.filter(({ type }) => type === 'presence:join')
    expect(event).toMatchObject({
      ...{ channel, offset: 1 },
      payload: {
        user: { id: 'anna', name: 'ANNA' },
        device: { id: 'anna-tab', meta: { typing: true } },
      },
    })
    await request(anna, presence('update', { typing: false }))
    await request(anna, presence('leave'))
    expect(presenceEvents(ben)).toEqual(['sync ', 'join anna', 'update anna', 'leave anna'])
  })

  it('does not subscribe to the channel', async () => {
    const { request, client, presence } = made()
    const anna = await client('anna')
    await request(anna, presence('join'))
    expect(presenceEvents(anna)).toEqual([])
  })

  it('is refused without a user', async () => {
    const { request, client, presence, present } = made()
    const anonymous = await client()
    expect(await request(anonymous, presence('join'))).toMatchObject({
      type: 'error',
      payload: { code: 'not-authenticated' },
    })
    expect(await present()).toEqual([])
  })

  it('is refused if the application denies it, each time', async () => {
    let allowed = false
    const calls: unknown[] = []
    const { request, client, presence, present } = made({
      authorize: (user, name, action) => {
        calls.push([user?.id, name, action])
        return allowed
      },
    })
    const anna = await client('anna')
    expect(await request(anna, presence('join'))).toMatchObject({ payload: { code: 'forbidden' } })
    expect(await present()).toEqual([])
    expect(calls).toEqual([['anna', channel, 'presence']])
    allowed = true
    await request(anna, presence('join', 1))
    allowed = false
    expect(await request(anna, presence('update', 2))).toMatchObject({
      payload: { code: 'forbidden' },
    })
    expect(await request(anna, presence('leave'))).toMatchObject({ type: 'reply' })
    expect(await present()).toEqual([])
  })

  it('is refused for an invalid resource, and for a meta that is too large', async () => {
    const { request, client, presence, present } = made()
    const anna = await client('anna')
    for (const on of ['presence:', 'presence:*', 'presence:a:*', 'room', '', 'presence:\n']) {
      expect(await request(anna, presence('join', 1, on))).toMatchObject({
        payload: { code: 'bad-channel' },
      })
    }
    const large = presence('join', 'x'.repeat(4095))
    expect(await request(anna, large)).toMatchObject({ payload: { code: 'too-large' } })
    expect(await present()).toEqual([])
  })

  it('joins at most as many resources as the subscription limit', async () => {
    const { request, client, presence, present, subscribe } = made({ limits: { subscriptions: 2 } })
    const anna = await client('anna')
    await request(anna, subscribe('a', 'b'))
    for (const resource of ['1', '2'])
      await request(anna, presence('join', 1, `presence:${resource}`))
    expect(await request(anna, presence('join', 1, 'presence:3'))).toMatchObject({
      payload: { code: 'subscription-limit' },
    })
    expect(await present('3')).toEqual([])
    expect(await request(anna, presence('join', 2, 'presence:2'))).toMatchObject({ type: 'reply' })
    await request(anna, presence('leave', undefined, 'presence:2'))
    expect(await request(anna, presence('join', 1, 'presence:3'))).toMatchObject({ type: 'reply' })
  })

  it('works on a channel that the client may not subscribe to', async () => {
    const { request, client, presence, present, subscribe } = made({ limits: { subscriptions: 1 } })
    const anna = await client('anna')
    const answer = await request(anna, subscribe('a', channel))
    expect(answer).toMatchObject({ payload: { refused: { [channel]: 'subscription-limit' } } })
    expect(await present()).toEqual([])
    await request(anna, presence('join'))
    expect(await present()).toEqual(['anna'])
    expect(presenceEvents(anna)).toEqual([])
  })

  it('is refused as an update or heartbeat without a join', async () => {
    const { request, client, presence } = made()
    const anna = await client('anna')
    const absent = { type: 'error', payload: { code: 'not-present' } }
    expect(await request(anna, presence('update', 1))).toMatchObject(absent)
    expect(await request(anna, presence('heartbeat'))).toMatchObject(absent)
    expect(await request(anna, presence('leave'))).toMatchObject({ type: 'reply' })
    await request(anna, presence('join'))
    expect(await request(anna, presence('heartbeat'))).toMatchObject({ type: 'reply' })
  })

  it('gets no reply without a request id', async () => {
    const { clock, client, presence, present } = made()
    const anna = await client('anna')
    anna.send(presence('join'), presence('heartbeat'))
    await clock.advance(0)
    expect(await present()).toEqual(['anna'])
    expect(anna.received.map(({ type }) => type)).toEqual(['welcome'])
  })

  it('can be sent in the frame of the hello', async () => {
    const { clock, core, presence, present } = made()
    const anna = new WiredClient(core)
    const hello = { type: 'hello', payload: { token: 'anna', clientId: 'tab' } }
    const subscribe = { type: 'subscribe', requestId: '1', payload: { channels: [channel] } }
    anna.send(hello, subscribe, { ...presence('join'), requestId: '2' })
    await clock.advance(0)
    expect(anna.received.map(({ type }) => type)).toEqual([
      ...['welcome', 'subscribed', 'presence:sync', 'presence:join', 'reply'],
    ])
    expect(await present()).toEqual(['anna'])
  })

  it('is retryable after a failure of the store, which is reported', async () => {
    const { errors, broker, request, client, presence } = made()
    const anna = await client('anna')
    broker.presence.join = async () => {
      throw new Error('away')
    }
    expect(await request(anna, presence('join'))).toMatchObject({
      payload: { code: 'internal', retryable: true },
    })
    expect(errors).toEqual([new Error('away')])
  })

  it('that the store rejected does not count as a joined resource', async () => {
    const { broker, request, client, presence } = made({ limits: { subscriptions: 1 } })
    const anna = await client('anna')
    const join = broker.presence.join.bind(broker.presence)
    broker.presence.join = () => Promise.reject(new Error('away'))
    await request(anna, presence('join'))
    broker.presence.join = join
    expect(await request(anna, presence('join', 1, 'presence:elsewhere'))).toMatchObject({
      type: 'reply',
    })
  })

  it('that is repeated after a data loss has the last meta that the store accepted', async () => {
    const { clock, broker, request, client, presence } = made()
    const anna = await client('anna')
    await request(anna, presence('join', 'accepted'))
    broker.presence.update = () => Promise.reject(new Error('away'))
    await request(anna, presence('update', 'rejected'))
    const joined: unknown[] = []
    broker.presence.touch = async (claims) => {
      if (clock.now() < 24_000) throw new Error('away')
      return claims.map(() => 'gone')
    }
    broker.presence.join = async ({ meta }) => {
      joined.push(meta)
    }
    await clock.advance(25_000)
    expect(joined[0]).toBe('"accepted"')
  })
})

describe('a presence subscription', () => {
  it('begins with the present users, between the reply and later events', async () => {
    const { clock, request, client, presence, subscribe } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await request(anna, presence('join'))
    const eva = await client('eva')
    await request(eva, subscribe(channel))
    await request(ben, presence('join'))
    await clock.advance(0)
    const [, subscribed, sync, join] = eva.received
    expect(subscribed).toMatchObject({ payload: { at: { [channel]: [expect.any(String), 1] } } })
    expect(sync).toMatchObject({ type: 'presence:sync', channel })
    expect(sync).not.toHaveProperty('offset')
    expect(join).toMatchObject({ type: 'presence:join', offset: 2 })
    expect(presenceEvents(eva)).toEqual(['sync anna', 'join ben'])
  })

  it('that is resumed receives missed events, and the present users only after a gap', async () => {
    const { request, client, presence, subscribe, broker } = made()
    const anna = await client('anna')
    await request(anna, presence('join'))
    const { epoch } = await broker.head(channel)
    const since = (position: [string, number]) => ({
      type: 'subscribe',
      payload: { since: [[position[0], [channel, position[1]]]] },
    })
    const resumed = await client('ben')
    await request(resumed, since([epoch, 0]))
    expect(presenceEvents(resumed)).toEqual(['join anna'])
    const level = await client('ben')
    await request(level, since([epoch, 1]))
    expect(presenceEvents(level)).toEqual([])
    const lost = await client('ben')
    const answer = await request(lost, since(['another', 7]))
    expect(answer).toMatchObject({ payload: { gaps: [channel], at: { [channel]: [epoch, 1] } } })
    expect(presenceEvents(lost)).toEqual(['sync anna'])
    await request(lost, subscribe(channel))
    expect(presenceEvents(lost)).toEqual(['sync anna', 'sync anna'])
  })

  it('contains only users that canSee allows, and no gap for the others', async () => {
    const { clock, request, client, presence, subscribe } = made({
      canSee: (viewer, member, resource) => {
        expect([resource, member.name]).toEqual([room, member.id.toUpperCase()])
        return viewer?.id === 'eva' || member.id !== 'anna'
      },
    })
    const [anna, ben, eva] = [await client('anna'), await client('ben'), await client('eva')]
    for (const watcher of [ben, eva, anna]) await request(watcher, subscribe(channel))
    await request(anna, presence('join'))
    await request(ben, presence('join'))
    await request(anna, presence('update', 1))
    await request(ben, presence('leave'))
    await request(anna, presence('leave'))
    await clock.advance(0)
    expect(presenceEvents(ben)).toEqual(['sync ', 'join ben', 'leave ben'])
    const offsets = ben.received.flatMap(({ offset, prev }) => (offset ? [[prev, offset]] : []))
    expect(offsets).toEqual([
      [1 - 1, 2],
      [2, 4],
    ])
    const all = ['join anna', 'join ben', 'update anna', 'leave ben', 'leave anna']
    expect(presenceEvents(eva)).toEqual(['sync ', ...all])
    expect(presenceEvents(anna)).toEqual(['sync ', ...all])
    await request(anna, presence('join'))
    const late = await client('ben')
    await request(late, subscribe(channel))
    expect(presenceEvents(late)).toEqual(['sync '])
  })

  it('contains no users if canSee throws or canReceive denies', async () => {
    const { errors, request, client, presence, subscribe } = made({
      canSee: () => {
        throw new Error('broken')
      },
      canReceive: (user) => user?.id !== 'eva',
    })
    const anna = await client('anna')
    await request(anna, presence('join'))
    const [ben, eva] = [await client('ben'), await client('eva')]
    await request(ben, subscribe(channel))
    await request(eva, subscribe(channel))
    expect(presenceEvents(ben)).toEqual(['sync '])
    expect(presenceEvents(eva)).toEqual([])
    expect(errors.length).toBeGreaterThan(0)
  })
})

describe('a closed connection', () => {
  it('keeps its members for 15 s', async () => {
    const { clock, request, client, presence, subscribe, present } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await request(ben, subscribe(channel))
    await request(anna, presence('join'))
    anna.disconnect()
    await clock.advance(14_999)
    expect(await present()).toEqual(['anna'])
    await clock.advance(1)
    expect(await present()).toEqual([])
    expect(presenceEvents(ben)).toEqual(['sync ', 'join anna', 'leave anna'])
  })

  it('hands its members to a new connection within that time without an event', async () => {
    const { clock, server, request, client, presence, subscribe, present } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await request(ben, subscribe(channel))
    await request(anna, presence('join', { a: 1 }))
    anna.disconnect()
    await clock.advance(10_000)
    const again = await client('anna', 'anna-tab', server())
    await request(again, presence('join', { a: 1 }))
    await clock.advance(300_000)
    expect(await present()).toEqual(['anna'])
    expect(presenceEvents(ben)).toEqual(['sync ', 'join anna'])
  })

  it('does not remove a member that a newer connection has taken over, nor does its leave', async () => {
    const { clock, server, request, client, presence, subscribe, present } = made()
    const ben = await client('ben')
    await request(ben, subscribe(channel))
    const old = await client('anna')
    await request(old, presence('join', 1))
    const fresh = await client('anna', 'anna-tab', server())
    await request(fresh, presence('join', 1))
    await request(old, presence('leave'))
    old.disconnect()
    await clock.advance(100_000)
    expect(await present()).toEqual(['anna'])
    expect(presenceEvents(ben)).toEqual(['sync ', 'join anna'])
  })

  it('whose member was taken over and left elsewhere does not add it again', async () => {
    const { clock, server, request, client, presence, present } = made()
    const old = await client('anna')
    await request(old, presence('join', 1))
    const fresh = await client('anna', 'anna-tab', server())
    await request(fresh, presence('join', 1))
    await request(fresh, presence('leave'))
    await clock.advance(100_000)
    expect(await present()).toEqual([])
  })

  it('of one of two tabs leaves the user present with the other', async () => {
    for (const closed of [0, 1]) {
      const { clock, request, client, presence, subscribe, present } = made()
      const ben = await client('ben')
      await request(ben, subscribe(channel))
      const tabs = [await client('anna', 'old'), await client('anna', 'new')]
      for (const tab of tabs) await request(tab, presence('join'))
      tabs[closed]?.disconnect()
      await clock.advance(60_000)
      expect(await present()).toEqual(['anna'])
      expect(presenceEvents(ben)).toEqual(['sync ', 'join anna', 'update anna', 'update anna'])
      tabs[1 - closed]?.disconnect()
      await clock.advance(60_000)
      expect(presenceEvents(ben).slice(4)).toEqual(['leave anna'])
    }
  })

  it('during a join leaves no member', async () => {
    let allow = (_: boolean): void => {}
    const { clock, client, presence, present } = made({
      authorize: () =>
        new Promise((resolve) => {
          allow = resolve
        }),
    })
    const anna = await client('anna')
    anna.send(presence('join'))
    await clock.advance(0)
    anna.disconnect()
    allow(true)
    await clock.advance(0)
    expect(await present()).toEqual([])
  })
})

describe('a silent connection', () => {
  it('is pinged every 15 s while it has members, and stays open as long as it responds', async () => {
    const { clock, request, client, presence, present } = made()
    const anna = await client('anna')
    await clock.advance(100_000)
    expect(anna.pings).toBe(0)
    await request(anna, presence('join'))
    await clock.advance(150_000)
    expect(anna.pings).toBe(10)
    expect([await present(), anna.closed]).toEqual([['anna'], undefined])
    await request(anna, presence('leave'))
    await clock.advance(100_000)
    expect(anna.pings).toBe(10)
  })

  it('is closed after 30 s, and its members are removed at once', async () => {
    const { clock, request, client, presence, present } = made()
    const anna = await client('anna')
    await request(anna, presence('join'))
    anna.frozen = true
    await clock.advance(29_999)
    expect(await present()).toEqual(['anna'])
    await clock.advance(1)
    expect([await present(), anna.closed]).toEqual([[], 4408])
  })

  it('is not one that sends frames', async () => {
    const { clock, request, client, presence, present } = made()
    const anna = await client('anna')
    await request(anna, presence('join'))
    anna.frozen = true
    for (let n = 0; n < 10; n++) {
      await clock.advance(14_000)
      anna.send({ type: 'ping', timestamp: n })
    }
    expect([await present(), anna.pings]).toEqual([['anna'], 0])
  })

  it('shows the time of its last sign of life on request, without an event', async () => {
    const { clock, request, client, presence, subscribe, broker } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await request(ben, subscribe(channel))
    await request(anna, presence('join'))
    const start = clock.wall()
    await clock.advance(100_000)
    const { users } = await broker.presence.present(room)
    expect(users[0]?.lastSeen).toBeGreaterThanOrEqual(start + 80_000)
    expect(presenceEvents(ben)).toEqual(['sync ', 'join anna'])
  })
})

describe('a failed server', () => {
  it('loses its members within 30 s, removed by the other servers', async () => {
    const { clock, broker, server, request, client, presence, subscribe, present } = made()
    const dead = server()
    const anna = await client('anna', 'tab', dead)
    await request(anna, presence('join'))
    const ben = await client('ben')
    await request(ben, subscribe(channel))
    await request(ben, presence('join'))
    await clock.advance(60_000)
    // A crash: its timers stop, and its leases are not renewed.
    dead.leases.close()
    const { touch } = broker.presence
    broker.presence.touch = async (claims, ttlMs) =>
      touch.call(
        broker.presence,
        claims.filter(({ userId }) => userId !== 'anna'),
        ttlMs,
      )
    await clock.advance(30_000)
    expect(await present()).toEqual(['ben'])
    expect(presenceEvents(ben)).toEqual(['sync anna', 'join ben', 'leave anna'])
  })

  it('joins its members again after a pause', async () => {
    const { clock, broker, request, client, presence, present } = made()
    const anna = await client('anna')
    await request(anna, presence('join', 1))
    await clock.advance(7_000)
    // The server is suspended while others sweep.
    clock.sleep(29_000)
    await broker.presence.sweep()
    expect(await present()).toEqual([])
    await clock.advance(10_000)
    expect(await present()).toEqual(['anna'])
    expect(anna.closed).toBe(undefined)
  })

  it('has no timer left after close', async () => {
    const { clock, core, request, client, presence } = made()
    const anna = await client('anna')
    await request(anna, presence('join'))
    anna.disconnect()
    await clock.advance(0)
    core.leases.close()
    expect(clock.timers).toBe(0)
  })
})
