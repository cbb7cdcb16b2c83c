import { describe, expect, it } from 'vitest'
import { PresenceManager } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { pusher, pusherUrl } from 'wirefold/dialects/pusher'
import type { Fields } from '../../../src/protocol/fields.ts'
import { dialled } from '../../support/dialled.ts'
import { outcomeOf } from '../../support/scripted.ts'

const established = {
  event: 'pusher:connection_established',
  data: '{"socket_id":"1.2","activity_timeout":30}',
}
const succeeded = (channel: string, presence?: unknown) => ({
  ...{ event: 'pusher_internal:subscription_succeeded', channel },
  ...(presence !== undefined && { data: JSON.stringify({ presence }) }),
})

/** A client of a server that does not answer subscribes by itself. */
async function open(dialect: DialectFactory = pusher) {
  const rig = dialled(dialect)
  rig.greetings.push(established)
  void rig.client.connect()
  await rig.clock.advance(0)
  /** Returns what the client has sent since the last call, but for pings. */
  const sent = () => rig.sent.splice(0).filter(({ event }) => event !== 'pusher:ping')
  return { ...rig, take: sent }
}

const subscribe = (channel: string) => ({ event: 'pusher:subscribe', data: { channel } })
const unsubscribe = (channel: string) => ({ event: 'pusher:unsubscribe', data: { channel } })

describe('the dialect of Pusher', () => {
  it('opens with the welcome, and subscribes to nothing before it', async () => {
    const { client, clock, channels, sent, pair } = dialled(pusher)
    channels.subscribe('news', () => {})
    channels.subscribe('sport', () => {})
    await clock.advance(100)
    expect(sent).toEqual([])
    expect(client.state.get().name).toBe('connecting')
    pair.last.send(JSON.stringify(established))
    await clock.advance(0)
    expect(client.state.get().name).toBe('open')
    expect(sent).toEqual([subscribe('news'), subscribe('sport')])
  })

  it('connects to the address of an app, with the version of the protocol and without the token', () => {
    const url = pusherUrl({ key: 'app-key', cluster: 'eu' })
    expect(pusher().url(url, { token: 'secret' })).toBe(
      'wss://ws-eu.pusher.com/app/app-key?protocol=7&client=wirefold',
    )
  })

  it('is live on a channel once the server has accepted the subscribe', async () => {
    const { channels, deliver, take } = await open()
    const subscription = channels.subscribe('news', () => {})
    await deliver()
    expect(take()).toEqual([subscribe('news')])
    expect(subscription.status.get().name).toBe('pending')
    await deliver(succeeded('news'))
    expect(subscription.status.get().name).toBe('live')
    subscription()
    await deliver()
    expect(take()).toEqual([unsubscribe('news')])
  })

  it('decodes data: JSON text, an object, plain text, or none', async () => {
    const { channels, deliver } = await open()
    const seen: unknown[] = []
    channels.subscribe('news', (payload, { type }) => seen.push([type, payload]))
    const event = (data: unknown) => ({ event: 'said', channel: 'news', data })
    const laravel = { event: 'App\\Events\\OrderShipped', channel: 'news', data: '[1]' }
    await deliver(succeeded('news'), event('{"a":[1]}'), event({ b: 2 }), event('text'), laravel)
    await deliver({ event: 'pusher:cache_miss', channel: 'news' })
    await deliver({ event: 'pusher_internal:subscription_count', channel: 'news', data: '{}' })
    expect(seen).toEqual([
      ['said', { a: [1] }],
      ['said', { b: 2 }],
      ['said', 'text'],
      ['App\\Events\\OrderShipped', [1]],
      ['pusher:cache_miss', undefined],
      ['pusher:subscription_count', {}],
    ])
  })

  it('refuses a channel, and asks for it again only for a new handler', async () => {
    const { channels, deliver, take, client, clock, pair, greetings } = await open()
    const subscription = channels.subscribe('private-a', () => {})
    const ready = outcomeOf(subscription.ready)
    await deliver()
    const data = { type: 'AuthError', error: 'no', status: 403 }
    await deliver({ event: 'pusher:subscription_error', channel: 'private-a', data })
    expect(ready.error).toMatchObject({ code: 'forbidden', detail: { details: data } })
    expect(take()).toEqual([subscribe('private-a')])
    pair.last.close(1006)
    await clock.advance(1_000)
    expect(client.state.get().name).toBe('open')
    expect(greetings).toHaveLength(1)
    expect(take()).toEqual([])
    channels.subscribe('private-a', () => {})
    await deliver()
    expect(take()).toEqual([subscribe('private-a')])
  })

  it.each([
    [401, 'not-authenticated'],
    [403, 'forbidden'],
    [200, 'forbidden'],
    [419, 'forbidden'],
    [422, 'forbidden'],
    [undefined, 'forbidden'],
    [0, 'internal'],
    [4009, 'forbidden'],
    [500, 'internal'],
  ])('knows the code of a refusal with the status %s', async (status, code) => {
    const { channels, deliver } = await open()
    const ready = outcomeOf(channels.subscribe('private-a', () => {}).ready)
    await deliver()
    await deliver({ event: 'pusher:subscription_error', channel: 'private-a', data: { status } })
    expect(ready.error).toMatchObject({ code })
  })

  it.each([null, 4009])(
    'takes an error with the code %s, without a channel, for that of the oldest subscribe with a signature',
    async (code) => {
      const { channels, deliver, errors } = await open()
      const names = ['news', 'private-a', 'private-b']
      const readies = names.map((name) => outcomeOf(channels.subscribe(name, () => {}).ready))
      await deliver()
      await deliver({ event: 'pusher:error', data: { code, message: 'Invalid signature' } })
      expect(readies.map(({ error }) => error)).toMatchObject([
        undefined,
        { code: 'forbidden', message: 'The server refused private-a: Invalid signature' },
        undefined,
      ])
      expect(errors).toEqual([])
    },
  )

  it('takes such an error for that of a subscribe that was signed, not of one that still waits for it', async () => {
    const { channels, deliver } = await open()
    const subscriptions = ['private-a', 'private-b'].map((name) =>
      channels.subscribe(name, () => {}, { onError: () => {} }),
    )
    await deliver()
    await deliver({ event: 'pusher:signed', channel: 'private-b' })
    await deliver({ event: 'pusher:error', data: { code: 4009 } })
    const statuses = () => subscriptions.map(({ status }) => status.get().name)
    expect(statuses()).toEqual(['pending', 'refused'])
    await deliver({ event: 'pusher:signed', channel: 'private-a' }, succeeded('private-a'))
    expect(statuses()).toEqual(['live', 'refused'])
  })

  it('unsubscribes before it subscribes to a channel again, which the server would refuse', async () => {
    const { channels, deliver, take } = await open()
    const subscription = channels.subscribe('news', () => {})
    await deliver()
    await deliver(succeeded('news'))
    subscription.renew()
    await deliver()
    expect(take()).toEqual([subscribe('news'), unsubscribe('news'), subscribe('news')])
    expect(subscription.status.get().name).toBe('pending')
    await deliver(succeeded('news'))
    expect(subscription.status.get().name).toBe('live')
  })

  it('sends client events on private and presence channels only', async () => {
    const { client, deliver, take } = await open()
    await client.publish('private-a', 'client-typing', { on: true })
    await client.publish('presence-a', 'client-typing')
    const refused = [
      ['news', 'client-typing'],
      ['private-a', 'typing'],
      ['private-encrypted-a', 'client-typing'],
    ] as const
    for (const [channel, type] of refused) {
      await expect(client.publish(channel, type)).rejects.toMatchObject({ code: 'unsupported' })
    }
    await expect(client.request('x')).rejects.toMatchObject({ code: 'unsupported' })
    await deliver()
    expect(take()).toEqual([
      { event: 'client-typing', channel: 'private-a', data: { on: true } },
      { event: 'client-typing', channel: 'presence-a', data: {} },
    ])
  })

  it('reports a client event over the rate limit, and stays connected', async () => {
    const { client, deliver, errors } = await open()
    const data = { code: 4301, message: 'Too many' }
    await deliver({ event: 'pusher:error', channel: 'private-a', data })
    await deliver({ event: 'pusher:error', data })
    expect(errors).toMatchObject([
      { code: 'rate-limited', message: 'The server refused private-a: Too many' },
      { code: 'rate-limited', message: 'The server refused client events: Too many' },
    ])
    expect(client.state.get().name).toBe('open')
  })

  it('pings within the activity timeout, and answers pings', async () => {
    const { sent, clock, deliver, client, pair } = await open()
    const pongs = { event: 'pusher:pong', data: {} }
    sent.length = 0
    await clock.advance(29_000)
    expect(sent).toEqual([])
    await clock.advance(2_000)
    expect(sent).toEqual([{ event: 'pusher:ping', data: {} }])
    await deliver(pongs)
    await clock.advance(10_000)
    expect(client.state.get().name).toBe('open')
    sent.length = 0
    await deliver({ event: 'pusher:ping', data: {} })
    expect(sent).toEqual([pongs])
    expect(pair.ends).toHaveLength(1)
    await clock.advance(40_000)
    expect(pair.ends).toHaveLength(2)
  })

  describe('after a close', () => {
    const waitAfter = async (code: number, error?: Fields) => {
      const { client, clock, pair, deliver } = await open()
      await clock.advance(10_000)
      if (error) await deliver({ event: 'pusher:error', data: error })
      client.on('failed', () => {})
      const at = clock.now()
      let waitMs: number | undefined
      client.state.listen((state) => {
        if (state.name === 'waiting') waitMs = state.retryAt - at
      })
      pair.last.close(code)
      await clock.advance(0)
      return waitMs ?? client.state.get()
    }

    it.each([4000, 4001, 4009, 4099])('with the code %i it gives up', async (code) => {
      const message = `App ${code}`
      expect(await waitAfter(code, { code, message })).toMatchObject({
        name: 'failed',
        error: {
          detail: { closeCode: code },
          cause: { message: expect.stringContaining(message) },
        },
      })
    })

    it('with the codes from 4100 it waits a second at least', async () => {
      expect([await waitAfter(4100), await waitAfter(4199)]).toEqual([1_450, 1_450])
    })

    it('with the codes from 4200 it connects at once', async () => {
      expect([await waitAfter(4200), await waitAfter(4299)]).toEqual([0, 0])
    })

    it('with other codes it waits as usual', async () => {
      expect([await waitAfter(1006), await waitAfter(4300)]).toEqual([450, 450])
    })
  })
})

describe('the members of a presence channel', () => {
  const two = { count: 2, ids: ['ana', 7], hash: { ana: { name: 'Ana' } } }

  /** A client that watches the members of a room. */
  async function watching() {
    const rig = await open()
    const presence = new PresenceManager(rig.channels)
    presence.of('room').subscribe(() => {})
    await rig.deliver()
    expect(rig.take()).toEqual([subscribe('presence-room')])
    await rig.deliver(succeeded('presence-room', two))
    const names = () =>
      presence
        .of('room')
        .get()
        .map(({ id, name }) => [id, name])
    return { ...rig, presence, names }
  }
  const changed = (what: 'added' | 'removed', fields: Fields) => ({
    ...{ event: `pusher_internal:member_${what}`, channel: 'presence-room' },
    data: JSON.stringify(fields),
  })

  it('are listed with those without data, and change', async () => {
    const { names, deliver, presence } = await watching()
    expect(names()).toEqual([
      ['ana', 'Ana'],
      ['7', undefined],
    ])
    const changes: unknown[] = []
    presence.on('changed', ({ kind, user }) => changes.push([kind, user.id, user.meta]))
    await deliver(changed('added', { user_id: 'ben', user_info: { name: 'Ben' } }))
    await deliver(changed('removed', { user_id: 7 }))
    expect(changes).toEqual([
      ['joined', 'ben', { name: 'Ben' }],
      ['left', '7', undefined],
    ])
    expect(names()).toEqual([
      ['ana', 'Ana'],
      ['ben', 'Ben'],
    ])
  })

  it('are shown to a second view without another subscribe, and other clients see no change', async () => {
    const { deliver, take, channels, sent, presence } = await watching()
    await deliver(changed('added', { user_id: 'ben' }), changed('removed', { user_id: 'ana' }))
    const users: unknown[] = []
    const again = channels.subscribe('presence:room', (payload, { type }) =>
      users.push([type, payload]),
    )
    again.renew()
    const events = channels.subscribe('presence-room', () => {})
    const here = presence.enter('room')
    const ready = outcomeOf(here.ready)
    await deliver()
    expect(take()).toEqual([])
    await deliver({ event: 'pusher:pong', data: {} })
    expect([again, events].map(({ status }) => status.get().name)).toEqual(['live', 'live'])
    expect(ready).toEqual({ value: undefined })
    expect(users).toEqual([
      ['presence:sync', { users: [expect.objectContaining({ id: '7' }), { id: 'ben' }] }],
    ])
    sent.length = 0
    await deliver({ event: 'pusher:pong', data: {} })
    expect(users).toHaveLength(1)
  })

  it('are left with the last name of the channel', async () => {
    const { channels, deliver, take, clock } = await open()
    const presence = new PresenceManager(channels)
    const unwatch = presence.of('room').subscribe(() => {})
    const events = channels.subscribe('presence-room', () => {})
    const here = presence.enter('room')
    await deliver(succeeded('presence-room', two))
    expect(take()).toEqual([subscribe('presence-room')])
    here()
    events()
    await clock.advance(0)
    expect(take()).toEqual([])
    unwatch()
    await clock.advance(0)
    expect(take()).toEqual([unsubscribe('presence-room')])
  })

  it('are joined by one subscribe for all names that ask at once', async () => {
    const { channels, deliver, take, client } = await open()
    const presence = new PresenceManager(channels)
    const events = channels.subscribe('presence-room', () => {})
    presence.of('room').subscribe(() => {})
    const ready = outcomeOf(presence.enter('room').ready)
    await deliver()
    expect(take()).toEqual([subscribe('presence-room')])
    await deliver({ event: 'pusher:pong', data: {} })
    expect(events.status.get().name).toBe('pending')
    await deliver(succeeded('presence-room', two))
    expect(events.status.get().name).toBe('live')
    expect(ready).toEqual({ value: undefined })
    expect(presence.of('room').get()).toHaveLength(2)
    expect(client.state.get().name).toBe('open')
  })

  it('are refused for all names', async () => {
    const { channels, deliver, errors } = await open()
    const presence = new PresenceManager(channels)
    const events = outcomeOf(channels.subscribe('presence-room', () => {}).ready)
    const ready = outcomeOf(presence.enter('room').ready)
    await deliver()
    const data = { error: 'no', status: 403 }
    await deliver({ event: 'pusher:subscription_error', channel: 'presence-room', data })
    expect([events.error, ready.error]).toMatchObject([
      { code: 'forbidden' },
      { code: 'forbidden' },
    ])
    expect(errors).toEqual([])
  })

  it('get the events of the channel under its own name, and no member events there', async () => {
    const { channels, deliver } = await watching()
    const seen: unknown[] = []
    channels.subscribe('presence-room', (_, { type }) => seen.push(type))
    await deliver()
    await deliver(changed('added', { user_id: 'ben' }))
    await deliver({ event: 'client-typing', channel: 'presence-room', data: {}, user_id: 'ben' })
    expect(seen).toEqual(['client-typing'])
  })

  it('are the list again after a lost connection, without a gap', async () => {
    const { pair, clock, deliver, channels, names } = await watching()
    const members = channels.subscribe('presence:room', () => {})
    const events = channels.subscribe('presence-room', () => {})
    await deliver()
    await deliver({ event: 'pusher:pong', data: {} })
    pair.last.close(1006)
    await clock.advance(1_000)
    await deliver(succeeded('presence-room', { ids: ['ben'], hash: {} }))
    await deliver({ event: 'pusher:pong', data: {} })
    expect(names()).toEqual([['ben', undefined]])
    expect([members, events].map(({ status }) => status.get().name)).toEqual(['live', 'gap'])
  })
})
