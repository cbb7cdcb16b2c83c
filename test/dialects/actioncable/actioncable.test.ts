import { describe, expect, it } from 'vitest'
import { bindList, ChannelSubscriber, OptimisticManager } from 'wirefold'
import { channelWith } from 'wirefold/dialects'
import { actioncable, anycable, resourceOf } from 'wirefold/dialects/actioncable'
import type { Fields } from '../../../src/protocol/fields.ts'
import { dialled } from '../../support/dialled.ts'
import { connect, until } from '../../support/live.ts'
import { cableServer } from '../../support/peers/cable.ts'
import { outcomeOf } from '../../support/scripted.ts'

/** Confirms each subscribe, as a server does. */
function confirming({ command, identifier }: Fields, send: (message: unknown) => void): void {
  if (command === 'subscribe') send({ identifier, type: 'confirm_subscription' })
}

/** A connected client; the test plays the server. */
async function open(
  dialect = actioncable(),
  play = confirming,
  options: Parameters<typeof dialled>[2] = {},
) {
  const rig = dialled(dialect, play, options)
  rig.greetings.push({ type: 'welcome' })
  void rig.client.connect()
  await rig.clock.advance(1)
  return rig
}

const room = (id: string) => ({ params: { room: id } })
const ROOM = '{"channel":"RoomChannel","room":"1"}'

describe('an identifier', () => {
  it.each([
    ['a class of channels', {}, '{"channel":"RoomChannel"}'],
    ['parameters', { room: '1' }, ROOM],
    [
      'parameters in any order',
      { b: 1, a: [{ d: null, c: 'ü' }] },
      '{"channel":"RoomChannel","a":[{"c":"ü","d":null}],"b":1}',
    ],
    ['parameters without a value', { room: undefined }, '{"channel":"RoomChannel"}'],
    [
      'a text that looks like JSON',
      { room: '"},{\n{}' },
      '{"channel":"RoomChannel","room":"\\"},{\\n{}"}',
    ],
  ])('is made of %s', async (_, params, identifier) => {
    const { sent, channels, clock, deliver } = await open()
    const received: unknown[] = []
    channels.subscribe('RoomChannel', (n, { channel }) => received.push([channel, n]), { params })
    await clock.advance(1)
    expect(sent).toEqual([{ command: 'subscribe', identifier }])
    await deliver({ identifier, message: 1 })
    expect(received).toEqual([['RoomChannel', 1]])
    expect(JSON.parse(identifier)).toEqual({
      channel: 'RoomChannel',
      ...JSON.parse(JSON.stringify(params)),
    })
    expect(resourceOf('RoomChannel', params)).toBe(identifier)
  })

  it('is shared by equal parameters, and by none with empty ones', async () => {
    const { sent, channels, clock, deliver } = await open()
    const received: unknown[] = []
    channels.subscribe('RoomChannel', (n) => received.push(n), { params: { a: 1, b: 2 } })
    channels.subscribe('RoomChannel', (n) => received.push(n), { params: { b: 2, a: 1 } })
    channels.subscribe('RoomChannel', (n) => received.push(n))
    channels.subscribe('RoomChannel', (n) => received.push(n), { params: {} })
    await clock.advance(1)
    expect(sent).toHaveLength(2)
    await deliver({ identifier: '{"channel":"RoomChannel"}', message: 1 })
    expect(received).toEqual([1, 1])
  })

  it.each([['a text'], [7], [[1]], [{ channel: 'OtherChannel' }]])(
    'cannot be made of the parameters %j',
    async (params) => {
      const { channels } = await open()
      expect(() => channels.subscribe('RoomChannel', () => {}, { params })).toThrow(
        expect.objectContaining({ code: 'unsupported' }),
      )
    },
  )
})

describe('an event of Action Cable', () => {
  it.each([
    ['the field type', undefined, { type: 'said', text: 'hi' }, 'said'],
    ['another field', 'event', { event: 'said', type: 'x' }, 'said'],
    ['no field', undefined, { text: 'hi' }, 'message'],
    ['a field that is no text', undefined, { type: 7 }, 'message'],
    ['an empty field', undefined, { type: '' }, 'message'],
    ['a message that is no object', undefined, 'hi', 'message'],
    ['an empty message', undefined, null, 'message'],
  ])('has its type from %s, and the message as payload', async (_, typeField, message, type) => {
    const { channels, deliver } = await open(actioncable({ typeField }))
    const received: unknown[] = []
    channels.subscribe(
      'RoomChannel',
      (payload, event) => received.push([event.type, payload]),
      room('1'),
    )
    await deliver()
    await deliver({ identifier: ROOM, message })
    expect(received).toEqual([[type, message]])
  })

  it('is a notice for a channel that was left', async () => {
    const { channels, deliver, notices, errors } = await open()
    const off = channels.subscribe('RoomChannel', () => {}, room('1'))
    await deliver()
    off()
    await deliver({ identifier: ROOM, message: 1 })
    await deliver({ type: 'of the future', identifier: ROOM })
    await deliver({ type: 'confirm_subscription', identifier: 'never sent' })
    expect(notices).toHaveLength(2)
    expect(errors).toEqual([])
  })
})

describe('the dialect of Action Cable', () => {
  it.each([
    ['actioncable', actioncable],
    ['anycable', anycable],
  ])('refuses an option that it does not know: %s', (name, make) => {
    const options: object = { silence: 5 }
    expect(() => make(options)).toThrow(
      expect.objectContaining({
        code: 'bad-option',
        message: `${name} does not know the name silence. Use silenceMs.`,
      }),
    )
  })

  it('performs actions, which are done once they are sent', async () => {
    const { channels, client, sent, clock } = await open()
    channels.subscribe('RoomChannel', () => {}, room('1'))
    await clock.advance(1)
    const channel = channelWith('RoomChannel', { room: '1' })
    const outcomes = [
      outcomeOf(client.request('speak', { text: 'hi', action: 'other' }, { channel })),
      outcomeOf(client.request('count', undefined, { channel })),
      outcomeOf(client.publish(channel, 'say', 'hi')),
      outcomeOf(client.request('speak', { text: 'hi' })),
    ]
    await clock.advance(1)
    expect(
      sent.slice(1).map(({ command, identifier, data }) => [command, identifier, data]),
    ).toEqual([
      ['message', ROOM, '{"text":"hi","action":"speak"}'],
      ['message', ROOM, '{"action":"count"}'],
      ['message', ROOM, '{"data":"hi","action":"say"}'],
    ])
    expect(outcomes[0]).toEqual({ value: undefined })
    expect(outcomes[1]).toEqual({ value: undefined })
    expect(outcomes[2]?.error).toBeUndefined()
    expect(outcomes[3]?.error).toMatchObject({ code: 'unsupported' })
  })

  it('performs no action before its subscription is confirmed, and keeps their order', async () => {
    const { channels, client, sent, clock, deliver } = await open(actioncable(), () => {})
    channels.subscribe('RoomChannel', () => {}, room('1'))
    channels.subscribe('RoomChannel', () => {}, room('2'))
    const act = (id: string, action: string) =>
      client.request(action, {}, { channel: channelWith('RoomChannel', { room: id }) })
    for (const [id, action] of [
      ['1', 'a'],
      ['2', 'b'],
      ['1', 'c'],
      ['9', 'd'],
    ] as const) {
      void act(id, action)
    }
    await clock.advance(1)
    const actions = () =>
      sent.flatMap(({ data }) => (data ? [JSON.parse(String(data)).action] : []))
    await deliver({ type: 'ping', message: 1 })
    expect(actions()).toEqual([])
    await deliver({ identifier: ROOM, type: 'confirm_subscription' })
    expect(actions()).toEqual(['a', 'c'])
    void act('1', 'e')
    await clock.advance(1)
    await deliver({ identifier: ROOM.replace('1', '2'), type: 'confirm_subscription' })
    await deliver({ type: 'ping', message: 2 })
    // The server would ignore the action on a channel without a subscription.
    expect(actions()).toEqual(['a', 'c', 'e', 'b'])
  })

  it.each([
    ['actioncable', actioncable, 'confirm_subscription'],
    ['anycable', anycable, 'confirm_history'],
  ])(
    'sends an action that waits for its subscription on the next connection: %s',
    async (_, make, type) => {
      const { channels, client, sent, clock, deliver, pair } = await open(make(), () => {})
      channels.subscribe('RoomChannel', () => {}, room('1'))
      await clock.advance(1)
      const channel = channelWith('RoomChannel', { room: '1' })
      const spoken = outcomeOf(client.request('speak', {}, { channel }))
      const published = outcomeOf(client.publish(channel, 'say'))
      await clock.advance(1)
      expect(client.stats().queued).toBe(2)
      pair.last.close(1006)
      await clock.advance(5_000)
      expect([spoken.error, published.error, client.state.get().name]).toEqual([
        undefined,
        undefined,
        'open',
      ])
      expect(sent.map(({ command }) => command)).toEqual(['subscribe', 'subscribe'])
      await deliver({ identifier: ROOM, type })
      expect(sent.slice(2).map(({ data }) => data)).toEqual([
        '{"action":"speak"}',
        '{"action":"say"}',
      ])
      expect(spoken).toEqual({ value: undefined })
    },
  )

  it.each([
    ['actioncable', actioncable],
    ['anycable', anycable],
  ])('reports no action as done that has no subscription: %s', async (_, make) => {
    const outbox = { limit: 3, overflow: 'reject' } as const
    const options = { outbox, requestTimeoutMs: 5_000 }
    const { client, sent, clock, deliver } = await open(make(), () => {}, options)
    const call = (type: string, signal?: AbortSignal) =>
      outcomeOf(client.request(type, {}, { channel: 'RoomChannel', signal }))
    const aborting = new AbortController()
    const aborted = call('aborted', aborting.signal)
    const waiting = ['a', 'b', 'c'].map((type) => call(type))
    await clock.advance(1)
    expect(waiting[2]?.error).toMatchObject({ code: 'outbox-full' })
    aborting.abort()
    await deliver({ type: 'ping', message: 1 })
    await clock.advance(4_000)
    await deliver({ type: 'ping', message: 2 })
    await clock.advance(1_000)
    expect([aborted, ...waiting].map(({ error }) => Object(error).code)).toEqual([
      'aborted',
      ...['request-timeout', 'request-timeout', 'outbox-full'],
    ])
    expect(sent).toEqual([])
  })

  it.each([
    ['actioncable', actioncable, 'confirm_subscription'],
    ['anycable', anycable, 'confirm_history'],
  ])('is refused by a rejection after the confirmation, too: %s', async (_, make, type) => {
    const { channels, deliver } = await open(make(), () => {})
    const codes: string[] = []
    const { status } = channels.subscribe('RoomChannel', () => {}, {
      ...room('1'),
      onError: ({ code }) => codes.push(code),
    })
    await deliver({ identifier: ROOM, type })
    expect(status.get().name).toBe('live')
    await deliver({ identifier: ROOM, type: 'reject_subscription' })
    expect([status.get().name, codes]).toEqual(['refused', ['forbidden']])
  })

  it.each([
    ['actioncable', actioncable, 'confirm_subscription'],
    ['anycable', anycable, 'confirm_history'],
  ])('refuses an action whose subscription is rejected: %s', async (_, make, type) => {
    const { channels, client, sent, deliver } = await open(make(), () => {})
    const subscribe = () =>
      channels.subscribe('RoomChannel', () => {}, { ...room('1'), onError: () => {} })
    subscribe()
    const channel = channelWith('RoomChannel', { room: '1' })
    const other = channelWith('RoomChannel', { room: '2' })
    const waiting = [
      outcomeOf(client.request('speak', {}, { channel })),
      outcomeOf(client.publish(channel, 'say')),
      outcomeOf(client.request('speak', {}, { channel: other })),
    ]
    await deliver({ identifier: ROOM, type: 'reject_subscription' })
    expect(waiting.map(({ error }) => error)).toMatchObject([
      { code: 'forbidden', message: expect.stringContaining('refused the request speak') },
      { code: 'forbidden', message: expect.stringContaining('rejected the subscription') },
      undefined,
    ])
    expect(sent.map(({ command }) => command)).toEqual(['subscribe'])
    // The next subscribe may be accepted.
    subscribe()
    const again = outcomeOf(client.request('speak', {}, { channel }))
    await deliver({ identifier: ROOM, type })
    expect(again).toEqual({ value: undefined })
    expect(sent.map(({ command }) => command)).toEqual(['subscribe', 'subscribe', 'message'])
  })

  it.each([[{}], [{ room: undefined }]])(
    'performs an action of the channel with the parameters %j, which are none',
    async (params) => {
      const { channels, client, sent, clock } = await open()
      channels.subscribe('RoomChannel', () => {}, { params })
      await clock.advance(1)
      await client.request('speak', {}, { channel: channelWith('RoomChannel', params) })
      await clock.advance(1)
      expect(sent.map(({ identifier }) => identifier)).toEqual(
        Array(2).fill('{"channel":"RoomChannel"}'),
      )
    },
  )

  it('subscribes to a confirmed channel by leaving it before', async () => {
    const { channels, sent, clock } = await open()
    const subscription = channels.subscribe('RoomChannel', () => {}, room('1'))
    await clock.advance(1)
    subscription.renew()
    await clock.advance(1)
    expect(sent.map(({ command }) => command)).toEqual(['subscribe', 'unsubscribe', 'subscribe'])
    expect(subscription.status.get().name).toBe('live')
  })

  it('subscribes again to a channel that was not confirmed in time, and is confirmed late', async () => {
    const { channels, sent, clock, deliver } = await open(
      actioncable({ silenceMs: 60_000 }),
      () => {},
      {
        requestTimeoutMs: 10_000,
      },
    )
    const subscription = channels.subscribe('RoomChannel', () => {}, room('1'))
    await clock.advance(10_001)
    expect(sent.map(({ command }) => command)).toEqual(['subscribe', 'subscribe'])
    await deliver({ identifier: ROOM, type: 'confirm_subscription' })
    expect(subscription.status.get().name).toBe('live')
  })

  it.each([
    ['actioncable', actioncable, undefined, 9_000],
    ['actioncable', actioncable, 4_000, 4_000],
    ['anycable', anycable, undefined, 9_000],
  ])(
    'takes a connection without pings for dead: %s, silenceMs %s',
    async (_, make, silenceMs, ms) => {
      const { client, clock, deliver } = await open(make({ silenceMs }))
      await clock.advance(ms - 10)
      await deliver({ type: 'ping', message: 1 })
      await clock.advance(ms - 10)
      expect(client.state.get().name).toBe('open')
      await clock.advance(20)
      expect(client.state.get()).toMatchObject({ name: 'waiting', reason: { code: 1006 } })
    },
  )

  it.each([
    ['server_restart', true, 1012],
    ['remote', true, 1012],
    ['remote', undefined, 1012],
    ['remote', false, 4403],
    ['invalid_request', false, 4403],
    [undefined, false, 4403],
    ['unauthorized', false, 4401],
    ['token_expired', false, 4401],
  ])(
    'ends the connection as the server says: %s, reconnect %s',
    async (reason, reconnect, code) => {
      for (const make of [actioncable, anycable]) {
        const { client, clock, deliver, pair } = await open(make())
        client.on('failed', () => {})
        await deliver({ type: 'disconnect', reason, reconnect })
        await clock.advance(5_000)
        const isFinal = code !== 1012
        expect(pair.ends).toHaveLength(isFinal ? 1 : 2)
        expect(client.state.get()).toMatchObject(
          isFinal ? { name: 'failed', error: { detail: { closeCode: code } } } : { name: 'open' },
        )
      }
    },
  )

  it('asks for other credentials once where these were refused', async () => {
    const reasons: string[] = []
    const { pair, client, clock, deliver } = dialled(actioncable(), () => {}, {
      auth: (reason) => {
        reasons.push(reason)
        return { query: { jid: String(reasons.length) } }
      },
    })
    client.connect().catch(() => {})
    for (let attempt = 0; attempt < 2; attempt++) {
      await clock.advance(5_000)
      await deliver({ type: 'disconnect', reason: 'unauthorized', reconnect: false })
    }
    await clock.advance(60_000)
    expect(reasons).toEqual(['connect', 'refused'])
    expect(pair.ends.map(({ url }) => url)).toEqual(['ws://test/ws?jid=1', 'ws://test/ws?jid=2'])
    expect(client.state.get().name).toBe('failed')
  })
})

describe('a list over Action Cable', () => {
  it('is kept by the broadcasts of the application, with optimistic changes', async () => {
    const server = await cableServer({
      protocol: 'actioncable-v1-json',
      streams: ({ channel }) => [String(channel)],
    })
    const { client } = connect(server.url, { dialect: actioncable(), auth: () => 't-ana' })
    const channels = new ChannelSubscriber(client)
    const rows = [{ id: '1', title: 'first' }]
    const tasks = bindList(channels, 'TasksChannel', { load: async () => ({ state: [...rows] }) })
    let release = (): void => {}
    const optimistic = new OptimisticManager({
      client,
      channels,
      // The application's own requests, by HTTP.
      api: {
        create: async (_, data) => {
          await new Promise<void>((resolve) => {
            release = resolve
          })
          const row = { id: '2', ...Object(data) }
          server.publish('TasksChannel', { type: 'entity:created', ...row })
          return row
        },
        update: async () => ({}),
        delete: async () => ({}),
      },
    })
    let shown: readonly object[] = []
    optimistic.view(tasks).subscribe((view) => {
      shown = view
    })
    await until(() => expect(shown).toEqual(rows))
    const created = optimistic.create('Task', { title: 'second' }, tasks)
    expect(shown).toMatchObject([{ id: '1' }, { title: 'second', _optimistic: true }])
    release()
    await created
    await until(() => expect(tasks.state.get()).toHaveLength(2))
    await until(() => expect(shown).toMatchObject([{ id: '1' }, { id: '2', title: 'second' }]))
    server.publish('TasksChannel', { type: 'entity:updated', id: '1', title: 'changed' })
    await until(() => expect(shown).toMatchObject([{ title: 'changed' }, { id: '2' }]))
  })
})
