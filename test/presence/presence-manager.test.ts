import { describe, expect, it } from 'vitest'
import type { PresenceOptions, PresenceUser } from 'wirefold'
import { ChannelSubscriber, native, PresenceManager } from 'wirefold'
import { settle } from 'wirefold/testing'
import { asFields } from '../../src/protocol/fields.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'

const room = 'workspace/tasks'
const channel = `presence:${room}`
const user = (id: string, meta?: unknown) => ({ id, meta, lastSeen: 1, devices: [] })

async function made(
  options: PresenceOptions & {
    readonly answer?: (type: string) => unknown
    readonly dialect?: Partial<ReturnType<typeof native>>
  } = {},
) {
  const { answer = () => 'ok', dialect, ...presenceOptions } = options
  const parts = scripted(
    { answer },
    dialect ? { dialect: () => ({ ...native(), ...dialect }) } : {},
  )
  const channels = new ChannelSubscriber(parts.client)
  const presence = new PresenceManager(channels, presenceOptions)
  await Promise.all([parts.client.connect(), parts.clock.advance(0)])
  const { server } = parts
  /** Returns the presence messages so far: action, meta and channel. */
  const sent = () =>
    server.messages.flatMap(({ type, payload, channel: where }) =>
      typeof type === 'string' && type.startsWith('presence:')
        ? [[type.slice('presence:'.length), asFields(payload).meta, where]]
        : [],
    )
  const actions = () => sent().map(([action]) => action)
  const sync = (...users: unknown[]) =>
    server.send({ type: 'presence:sync', channel, payload: { users } })
  return { ...parts, channels, presence, sent, actions, sync }
}

const ids = (users: readonly PresenceUser[]) => users.map(({ id }) => id)

describe('own presence', () => {
  it('is sent once, with its meta, and is ready once the server replied', async () => {
    const { clock, presence, sent } = await made()
    const handle = presence.enter(room, { typing: true })
    const ready = outcomeOf(handle.ready)
    await clock.advance(0)
    expect(sent()).toEqual([['join', { typing: true }, channel]])
    expect(ready).toEqual({ value: undefined })
    expect('value' in ready).toBe(true)
    await clock.advance(60_000)
    expect(sent()).toHaveLength(1)
  })

  it('ends with the handle, however it is released', async () => {
    for (const leave of ['call', 'dispose', 'using', 'signal']) {
      const { clock, presence, actions } = await made()
      const controller = new AbortController()
      const handle = presence.enter(room, 1, { signal: controller.signal })
      await clock.advance(0)
      if (leave === 'call') handle()
      if (leave === 'dispose') handle.dispose()
      if (leave === 'using') handle[Symbol.dispose]()
      if (leave === 'signal') controller.abort()
      handle()
      await clock.advance(0)
      expect(actions()).toEqual(['join', 'leave'])
    }
  })

  it('ends with the last handle, and sends the last meta', async () => {
    const { clock, presence, sent, actions } = await made()
    const [one, two] = [presence.enter(room, 1), presence.enter(room, 2)]
    await clock.advance(0)
    expect(sent()).toEqual([['join', 2, channel]])
    one()
    one()
    await clock.advance(0)
    one.update(3)
    await clock.advance(5_000)
    expect(actions()).toEqual(['join'])
    two()
    await clock.advance(0)
    expect(actions()).toEqual(['join', 'leave'])
  })

  it('keeps its meta if another caller enters with an aborted signal', async () => {
    const { clock, presence, sent, actions } = await made()
    presence.enter(room, 1)
    const late = presence.enter(room, 2, { signal: AbortSignal.abort() })
    await expect(late.ready).rejects.toMatchObject({ code: 'aborted' })
    await clock.advance(5_000)
    expect(sent()).toEqual([['join', 1, channel]])
    presence.enter('elsewhere', 2, { signal: AbortSignal.abort() })
    await clock.advance(5_000)
    expect(actions()).toEqual(['join'])
  })

  it('sends one message if it is entered, left and entered in one task', async () => {
    const { clock, presence, actions } = await made()
    presence.enter(room)()
    presence.enter(room)
    await clock.advance(0)
    presence.enter('elsewhere')()
    await clock.advance(0)
    expect(actions()).toEqual(['join'])
  })

  it('connects the client if it begins without a connection', async () => {
    const { clock, server, client } = scripted({ answer: () => 'ok' })
    const presence = new PresenceManager(new ChannelSubscriber(client))
    const ready = outcomeOf(presence.enter(room, 1).ready)
    await clock.advance(1)
    expect(server.count('presence:join')).toBe(1)
    expect('value' in ready).toBe(true)
  })

  it("is part of the greeting's frame after the subscribes, with the newest meta", async () => {
    const { clock, server, presence } = await made()
    presence.of(room).subscribe(() => {})
    const handle = presence.enter(room, 1)
    await clock.advance(0)
    server.drop()
    await clock.advance(0)
    handle.update(2)
    handle.update(3)
    await clock.advance(5_000)
    const [frame = ''] = server.transport.last.received
    const types = [...frame.matchAll(/"type":"([a-z:]+)"/g)].map(([, type]) => type)
    expect(types).toEqual(['hello', 'subscribe', 'presence:join'])
    expect(frame).toContain('"payload":{"meta":3}')
    await clock.advance(5_000)
    expect(server.count('presence:update')).toBe(0)
  })

  it('is not sent again if it was left during a disconnect', async () => {
    const { clock, server, presence, actions } = await made()
    const handle = presence.enter(room)
    await clock.advance(0)
    server.drop()
    await clock.advance(0)
    handle()
    await clock.advance(5_000)
    expect(actions()).toEqual(['join'])
  })

  it('moves with the connection to another server', async () => {
    const { clock, server, presence, sent } = await made()
    presence.enter(room, 1)
    await clock.advance(6_000)
    server.send({ type: 'goaway', payload: { deadlineMs: 2_000, windowMs: 1_000, reason: '' } })
    await clock.advance(3_000)
    expect(server.transport.ends).toHaveLength(2)
    expect(sent()).toEqual([
      ['join', 1, channel],
      ['join', 1, channel],
    ])
  })
})

describe('an update', () => {
  it('is sent at once; further ones at most once a second, with the last meta', async () => {
    const { clock, presence, sent } = await made()
    const handle = presence.enter(room, 0)
    await clock.advance(0)
    handle.update(1)
    await clock.advance(0)
    for (let n = 2; n <= 20; n++) {
      handle.update(n)
      await clock.advance(100)
    }
    await clock.advance(5_000)
    expect(sent().map(([action, meta]) => `${action} ${meta}`)).toEqual([
      ...['join 0', 'update 1', 'update 11', 'update 20'],
    ])
  })

  it('uses the configured throttle interval', async () => {
    const { clock, presence, sent } = await made({ throttleMs: 50 })
    const handle = presence.enter(room, 0)
    await clock.advance(0)
    for (let n = 1; n <= 10; n++) {
      handle.update(n)
      await clock.advance(10)
    }
    await clock.advance(100)
    expect(sent().map(([, meta]) => meta)).toEqual([0, 1, 5, 10])
  })

  it('during a pending join is sent after the reply to the join', async () => {
    let answers = false
    const { clock, server, presence, sent } = await made({
      answer: () => (answers ? 'ok' : undefined),
    })
    const handle = presence.enter(room, 0)
    await clock.advance(0)
    handle.update(1)
    await clock.advance(100)
    expect(sent()).toHaveLength(1)
    answers = true
    const { requestId } = server.messages.at(-1) ?? {}
    server.send({ type: 'reply', requestId, payload: 'ok' })
    await clock.advance(0)
    expect(sent().map(([action, meta]) => `${action} ${meta}`)).toEqual(['join 0', 'update 1'])
  })

  it('with the same meta is not sent', async () => {
    const { clock, presence, actions } = await made()
    const meta = {}
    const handle = presence.enter(room, meta)
    await clock.advance(0)
    handle.update(meta)
    await clock.advance(5_000)
    expect(actions()).toEqual(['join'])
  })

  it('that is refused is an error of the client, and the user stays present', async () => {
    const { clock, presence, errors, actions } = await made({
      answer: (type) => {
        if (type === 'presence:update') throw new Error('too-large')
        return 'ok'
      },
    })
    const handle = presence.enter(room, 0)
    await clock.advance(0)
    handle.update('much')
    await clock.advance(60_000)
    expect(errors).toMatchObject([{ code: 'too-large' }])
    expect(actions()).toEqual(['join', 'update'])
    expect('value' in outcomeOf(handle.ready)).toBe(false)
    await expect(handle.ready).resolves.toBe(undefined)
  })

  it('of a presence that the server no longer has enters again', async () => {
    const { clock, presence, sent, errors } = await made({
      answer: (type) => {
        if (type === 'presence:update') throw new Error('not-present')
        return 'ok'
      },
    })
    const handle = presence.enter(room, 0)
    await clock.advance(0)
    handle.update(1)
    await clock.advance(2_000)
    expect(sent().map(([action, meta]) => `${action} ${meta}`)).toEqual([
      ...['join 0', 'update 1', 'join 1'],
    ])
    expect(errors).toEqual([])
  })
})

describe('a refused join', () => {
  it('rejects `ready`, else is an error of the client, and is retried only when entered again', async () => {
    let allowed = false
    const { clock, server, presence, errors, actions } = await made({
      answer: () => {
        if (!allowed) throw new Error('forbidden')
        return 'ok'
      },
    })
    const refused = presence.enter(room)
    const first = outcomeOf(refused.ready)
    await clock.advance(0)
    expect(first.error).toMatchObject({ code: 'forbidden' })
    await expect(refused.ready).rejects.toMatchObject({ code: 'forbidden' })
    expect(errors).toEqual([])
    presence.enter('elsewhere')
    await clock.advance(0)
    expect(errors).toMatchObject([{ code: 'forbidden' }])
    server.drop()
    await clock.advance(60_000)
    expect(actions()).toEqual(['join', 'join'])
    allowed = true
    const again = presence.enter(room)
    await clock.advance(0)
    await expect(again.ready).resolves.toBe(undefined)
    await expect(refused.ready).resolves.toBe(undefined)
    refused()
    again()
    await clock.advance(0)
    expect(actions()).toEqual(['join', 'join', 'join', 'leave'])
  })

  it('that is temporary is retried with growing waits', async () => {
    const { clock, server, presence, errors } = await made({ answer: () => undefined })
    const ready = outcomeOf(presence.enter(room).ready)
    const times: number[] = []
    for (let n = 0; n < 4; n++) {
      while (server.count('presence:join') <= n) await clock.advance(50)
      times.push(clock.now())
      const { requestId } =
        server.messages.filter((one) => one.type === 'presence:join').at(-1) ?? {}
      const payload = { code: 'internal', message: '', retryable: true }
      server.send({ type: 'error', requestId, payload })
      await clock.advance(0)
    }
    const waits = times.slice(1).map((time, n) => time - (times[n] ?? 0))
    expect(waits).toEqual([...waits].sort((a, b) => a - b))
    expect([ready, errors]).toEqual([{}, []])
  })

  it('rejects with `unsupported` if the backend does not support it', async () => {
    const inner = native()
    const { clock, presence } = await made({
      dialect: {
        encode: (intent) => (intent.kind === 'presence' ? undefined : inner.encode(intent)),
      },
    })
    const ready = outcomeOf(presence.enter(room).ready)
    await clock.advance(0)
    expect(ready.error).toMatchObject({ code: 'unsupported' })
  })

  it('rejects with `aborted` for a released handle, and with `closed` for a closed client', async () => {
    const { clock, client, presence } = await made({ answer: () => undefined })
    const [one, two] = [presence.enter(room), presence.enter(room)]
    const [first, second] = [outcomeOf(one.ready), outcomeOf(two.ready)]
    one()
    await clock.advance(0)
    expect(first.error).toMatchObject({ code: 'aborted', detail: { channel } })
    expect(second).toEqual({})
    client.close()
    await clock.advance(0)
    expect(second.error).toMatchObject({ code: 'closed' })
    await expect(one.ready).rejects.toMatchObject({ code: 'aborted' })
    expect(clock.timers).toBe(0)
  })
})

describe('a message without a reply', () => {
  it('is sent again', async () => {
    const { clock, server, presence } = await made({ answer: () => undefined })
    const handle = presence.enter(room)
    await clock.advance(25_000)
    expect(server.count('presence:join')).toBe(3)
    handle()
    await clock.advance(25_000)
    expect([server.count('presence:join'), server.count('presence:leave')]).toEqual([3, 3])
  })

  it('is not sent again if it is no longer wanted', async () => {
    let answers = true
    const { clock, presence, actions } = await made({ answer: () => (answers ? 'ok' : undefined) })
    presence.enter(room)
    await clock.advance(0)
    answers = false
    presence.enter(room)()
    await clock.advance(0)
    const handle = presence.enter('elsewhere')
    await clock.advance(0)
    handle()
    await clock.advance(5_000)
    answers = true
    presence.enter('elsewhere')
    await clock.advance(60_000)
    expect(actions()).toEqual(['join', 'join', 'leave', 'join'])
  })
})

describe('a backend that needs heartbeats', () => {
  it('receives one per resource, at the interval of its dialect', async () => {
    const { clock, server, presence, actions } = await made({
      dialect: { presets: { presenceHeartbeatMs: 25_000 } },
    })
    presence.enter('a')
    const b = presence.enter('b')
    await clock.advance(25_000)
    expect(actions()).toEqual(['join', 'join', 'heartbeat', 'heartbeat'])
    b()
    await clock.advance(25_000)
    expect(actions().slice(4)).toEqual(['leave', 'heartbeat'])
    server.drop()
    await clock.advance(20_000)
    expect(actions().slice(6)).toEqual(['join'])
    await clock.advance(25_000)
    expect(actions().slice(7)).toEqual(['heartbeat'])
  })

  it('is the only one that receives them', async () => {
    const { clock, presence, actions } = await made()
    presence.enter('a')
    await clock.advance(300_000)
    expect(actions()).toEqual(['join'])
  })
})

describe('watching a resource', () => {
  it('begins with the first listener, and ends shortly after the last', async () => {
    const { clock, server, presence } = await made()
    const users = presence.of(room)
    expect(presence.of(room)).toBe(users)
    await clock.advance(0)
    expect(server.subscribed.has(channel)).toBe(false)
    const offs = [users.listen(() => {}), users.subscribe(() => {})]
    await clock.advance(0)
    expect(server.subscribed.has(channel)).toBe(true)
    offs[0]?.()
    offs[0]?.()
    await clock.advance(1_000)
    expect(server.subscribed.has(channel)).toBe(true)
    offs[1]?.()
    await clock.advance(1_000)
    expect(server.subscribed.has(channel)).toBe(false)
    expect(server.count('presence:join')).toBe(0)
  })

  it('shows the users, by resource and for all resources', async () => {
    const { clock, server, presence, sync } = await made()
    const shown: unknown[] = []
    presence.of(room).subscribe((users) => shown.push(ids(users)))
    presence.of('elsewhere').subscribe(() => {})
    await clock.advance(0)
    sync(user('a'), user('b'))
    server.publish(channel, 'presence:join', { user: user('c') })
    server.publish(channel, 'presence:leave', { user: user('a') })
    await clock.advance(0)
    expect(shown).toEqual([[], ['a', 'b'], ['a', 'b', 'c'], ['b', 'c']])
    const all = [...presence.members.get()].map(([resource, users]) => [resource, ids(users)])
    expect(all).toEqual([
      [room, ['b', 'c']],
      ['elsewhere', []],
    ])
  })

  it('reports changes and heartbeats separately', async () => {
    const { clock, server, presence, sync } = await made()
    const reported: string[] = []
    presence.on('changed', ({ resource, kind, user: { id } }) =>
      reported.push(`${resource} ${kind} ${id}`),
    )
    const off = presence.on('seen', ({ user: { id, lastSeen } }) =>
      reported.push(`seen ${id} ${lastSeen}`),
    )
    let shown = 0
    presence.of(room).listen(() => shown++)
    await clock.advance(0)
    let notified = 0
    presence.members.listen(() => notified++)
    sync(user('a'))
    server.publish(channel, 'presence:heartbeat', { user: { id: 'a', lastSeen: 7 } })
    server.publish(channel, 'presence:update', { user: user('a', 2) })
    server.publish(channel, 'presence:join', { user: user('b') })
    await clock.advance(0)
    expect(reported).toEqual(['seen a 7', `${room} updated a`, `${room} joined b`])
    expect([shown, notified]).toEqual([3, 3])
    off()
    server.publish(channel, 'presence:heartbeat', { user: { id: 'a', lastSeen: 9 } })
    await clock.advance(0)
    expect(reported).toHaveLength(3)
  })

  it('continues after a disconnect, which causes no joins or leaves', async () => {
    const { clock, server, presence, sync } = await made()
    const reported: string[] = []
    presence.on('changed', ({ kind, user: { id } }) => reported.push(`${kind} ${id}`))
    presence.of(room).subscribe(() => {})
    await clock.advance(0)
    sync(user('a'), user('b'))
    server.publish(channel, 'presence:join', { user: user('c') })
    await clock.advance(0)
    server.drop()
    server.publish(channel, 'presence:leave', { user: user('a') })
    await clock.advance(5_000)
    expect(reported).toEqual(['joined c', 'left a'])
    server.forget('e2')
    server.drop()
    await clock.advance(5_000)
    sync(user('b'), user('d'))
    await clock.advance(0)
    expect(reported.slice(2)).toEqual(['joined d', 'left c'])
    expect(ids(presence.of(room).get())).toEqual(['b', 'd'])
  })

  it('is live again with the sync after its history was lost', async () => {
    const { clock, server, channels, presence, sync } = await made()
    presence.of(room).subscribe(() => {})
    const { status } = channels.subscribe(channel, () => {})
    await clock.advance(0)
    sync(user('a'))
    await clock.advance(0)
    server.forget('e2')
    server.drop()
    await clock.advance(5_000)
    expect(status.get().name).toBe('gap')
    sync(user('a'))
    await clock.advance(0)
    expect(status.get().name).toBe('live')
  })

  it('requests the whole list again if the channel already has other handlers', async () => {
    const { clock, server, channels, presence, sync } = await made()
    channels.subscribe(channel, () => {})
    await clock.advance(0)
    sync(user('a'))
    server.publish(channel, 'presence:join', { user: user('b') })
    await clock.advance(0)
    presence.of(room).subscribe(() => {})
    await clock.advance(0)
    expect(server.count('subscribe')).toBe(2)
    expect(server.messages.at(-1)).toMatchObject({ payload: { channels: [channel] } })
    sync(user('a'), user('b'))
    server.publish(channel, 'presence:join', { user: user('c') })
    await clock.advance(0)
    expect(ids(presence.of(room).get())).toEqual(['a', 'b', 'c'])
  })

  it('misses and requests nothing if it is interrupted briefly', async () => {
    const { clock, server, presence, sync } = await made()
    const off = presence.of(room).subscribe(() => {})
    await clock.advance(0)
    sync(user('a'))
    await clock.advance(0)
    off()
    server.publish(channel, 'presence:join', { user: user('b') })
    await clock.advance(200)
    presence.of(room).subscribe(() => {})
    await clock.advance(1_000)
    expect(ids(presence.of(room).get())).toEqual(['a', 'b'])
    expect(server.count('subscribe')).toBe(1)
  })

  it('requests the whole list again if it returns during the unsubscribe', async () => {
    const { clock, server, presence, sync } = await made()
    const off = presence.of(room).subscribe(() => {})
    await clock.advance(0)
    sync(user('a'))
    await clock.advance(0)
    off()
    server.silent = true
    await clock.advance(500)
    expect(server.count('unsubscribe')).toBe(1)
    presence.of(room).subscribe(() => {})
    await clock.advance(0)
    server.silent = false
    const { requestId } = server.messages.at(-1) ?? {}
    server.send({ type: 'unsubscribed', requestId })
    await clock.advance(0)
    const refused = server.messages.filter(({ type }) => type === 'subscribe')
    expect(refused.map(({ payload }) => payload)).toEqual([
      { channels: [channel] },
      { channels: [channel] },
    ])
  })

  it('begins anew with a store that is used again much later', async () => {
    const { clock, presence, sync } = await made()
    const users = presence.of(room)
    users.subscribe(() => {})()
    await clock.advance(1_000)
    expect(presence.members.get().size).toBe(0)
    users.subscribe(() => {})
    await clock.advance(0)
    sync(user('a'))
    await clock.advance(0)
    expect(ids(users.get())).toEqual(['a'])
    expect(presence.of(room)).toBe(users)
    expect([...presence.members.get().keys()]).toEqual([room])
  })

  it('shows no users of the former user to another', async () => {
    const { clock, server, presence, sync, client } = await made()
    server.welcome = { userId: 'anna' }
    server.drop()
    await clock.advance(5_000)
    presence.of(room).subscribe(() => {})
    await clock.advance(0)
    sync(user('a'))
    await clock.advance(0)
    server.drop()
    await clock.advance(0)
    server.welcome = { userId: 'ben' }
    server.silent = true
    await clock.advance(2_000)
    server.send({ type: 'error', payload: { code: 'identity-changed', message: '' } })
    await clock.advance(0)
    expect(presence.of(room).get()).toEqual([])
    client.close()
    await settle()
  })

  it('works if the backend does not support own presence', async () => {
    const { clock, presence, server } = await made({
      dialect: { capabilities: { ...native().capabilities, presence: false, recovery: false } },
    })
    presence.of(room).subscribe(() => {})
    await clock.advance(0)
    server.send({ type: 'presence:sync', channel, payload: { users: ['anna', 'ben'] } })
    await clock.advance(0)
    expect(ids(presence.of(room).get())).toEqual(['anna', 'ben'])
  })
})

describe('a presence manager', () => {
  it('can be created once per client', async () => {
    const { channels } = await made()
    expect(() => new PresenceManager(channels)).toThrow(
      'This client already has a PresenceManager. Create one per client, and share it.',
    )
  })

  it('leaves no subscriptions, members or timers', async () => {
    const { clock, client, server, channels, presence } = await made()
    for (let n = 0; n < 1_000; n++) {
      const off = presence.of(`room ${n % 40}`).subscribe(() => {})
      const handle = presence.enter(`room ${n % 30}`, n)
      if (n % 7 === 0) await clock.advance(10)
      if (n % 250 === 0) server.drop()
      handle.update(-n)
      if (n % 3) handle.ready.catch(() => {})
      off()
      handle()
    }
    await clock.advance(20_000)
    expect([channels.size, server.subscribed.size, presence.members.get().size]).toEqual([0, 0, 0])
    // One timer remains: the heartbeat of the connection.
    expect(clock.timers).toBe(1)
    client.close()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('reports listeners that throw, and continues', async () => {
    const { clock, server, presence, sync, errors } = await made()
    presence.on('changed', () => {
      throw new Error('broken')
    })
    presence.of(room).subscribe(() => {})
    await clock.advance(0)
    sync()
    server.publish(channel, 'presence:join', { user: user('a') })
    server.publish(channel, 'presence:join', { user: user('b') })
    await clock.advance(0)
    expect(errors).toEqual([new Error('broken'), new Error('broken')])
    expect(ids(presence.of(room).get())).toEqual(['a', 'b'])
  })

  it('sends one join and one subscribe if a caller enters and watches at once', async () => {
    const { clock, presence, server } = await made()
    const before = server.messages.length
    presence.enter(room)
    presence.of(room).subscribe(() => {})
    await clock.advance(1_000)
    const sent = server.messages.slice(before).map(({ type }) => type)
    expect(sent).toEqual(['presence:join', 'subscribe'])
  })
})
