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
  /** What was said of presence so far: word and meta. */
  const said = () =>
    server.messages.flatMap(({ type, payload, channel: where }) =>
      typeof type === 'string' && type.startsWith('presence:')
        ? [[type.slice('presence:'.length), asFields(payload).meta, where]]
        : [],
    )
  const words = () => said().map(([word]) => word)
  const sync = (...users: unknown[]) =>
    server.send({ type: 'presence:sync', channel, payload: { users } })
  return { ...parts, channels, presence, said, words, sync }
}

const ids = (users: readonly PresenceUser[]) => users.map(({ id }) => id)

describe('being somewhere', () => {
  it('is said once, with the meta, and ready once it is answered', async () => {
    const { clock, presence, said } = await made()
    const here = presence.enter(room, { typing: true })
    const ready = outcomeOf(here.ready)
    await clock.advance(0)
    expect(said()).toEqual([['join', { typing: true }, channel]])
    expect(ready).toEqual({ value: undefined })
    expect('value' in ready).toBe(true)
    await clock.advance(60_000)
    expect(said()).toHaveLength(1)
  })

  it('ends with the call of what entering returned, however it is called', async () => {
    for (const leave of ['call', 'dispose', 'using', 'signal']) {
      const { clock, presence, words } = await made()
      const controller = new AbortController()
      const here = presence.enter(room, 1, { signal: controller.signal })
      await clock.advance(0)
      if (leave === 'call') here()
      if (leave === 'dispose') here.dispose()
      if (leave === 'using') here[Symbol.dispose]()
      if (leave === 'signal') controller.abort()
      here()
      await clock.advance(0)
      expect(words()).toEqual(['join', 'leave'])
    }
  })

  it('is counted: the last to leave ends it, and the last meta given is sent', async () => {
    const { clock, presence, said, words } = await made()
    const [one, two] = [presence.enter(room, 1), presence.enter(room, 2)]
    await clock.advance(0)
    expect(said()).toEqual([['join', 2, channel]])
    one()
    one()
    await clock.advance(0)
    one.update(3)
    await clock.advance(5_000)
    expect(words()).toEqual(['join'])
    two()
    await clock.advance(0)
    expect(words()).toEqual(['join', 'leave'])
  })

  it('keeps its meta where another part enters with a signal that has fired', async () => {
    const { clock, presence, said, words } = await made()
    presence.enter(room, 1)
    const late = presence.enter(room, 2, { signal: AbortSignal.abort() })
    await expect(late.ready).rejects.toMatchObject({ code: 'aborted' })
    await clock.advance(5_000)
    expect(said()).toEqual([['join', 1, channel]])
    presence.enter('elsewhere', 2, { signal: AbortSignal.abort() })
    await clock.advance(5_000)
    expect(words()).toEqual(['join'])
  })

  it('that comes, goes and comes again in one turn costs one message', async () => {
    const { clock, presence, words } = await made()
    presence.enter(room)()
    presence.enter(room)
    await clock.advance(0)
    presence.enter('elsewhere')()
    await clock.advance(0)
    expect(words()).toEqual(['join'])
  })

  it('can begin before there is a connection, and connects', async () => {
    const { clock, server, client } = scripted({ answer: () => 'ok' })
    const presence = new PresenceManager(new ChannelSubscriber(client))
    const ready = outcomeOf(presence.enter(room, 1).ready)
    await clock.advance(1)
    expect(server.count('presence:join')).toBe(1)
    expect('value' in ready).toBe(true)
  })

  it('rides behind the subscribes in the frame of the greeting, with the newest meta', async () => {
    const { clock, server, presence } = await made()
    presence.of(room).subscribe(() => {})
    const here = presence.enter(room, 1)
    await clock.advance(0)
    server.drop()
    await clock.advance(0)
    here.update(2)
    here.update(3)
    await clock.advance(5_000)
    const [frame = ''] = server.transport.last.received
    const types = [...frame.matchAll(/"type":"([a-z:]+)"/g)].map(([, type]) => type)
    expect(types).toEqual(['hello', 'subscribe', 'presence:join'])
    expect(frame).toContain('"payload":{"meta":3}')
    await clock.advance(5_000)
    expect(server.count('presence:update')).toBe(0)
  })

  it('is not sent again where it was left while there was no connection', async () => {
    const { clock, server, presence, words } = await made()
    const here = presence.enter(room)
    await clock.advance(0)
    server.drop()
    await clock.advance(0)
    here()
    await clock.advance(5_000)
    expect(words()).toEqual(['join'])
  })

  it('moves with the connection to another server', async () => {
    const { clock, server, presence, said } = await made()
    presence.enter(room, 1)
    await clock.advance(6_000)
    server.send({ type: 'goaway', payload: { deadlineMs: 2_000, windowMs: 1_000, reason: '' } })
    await clock.advance(3_000)
    expect(server.transport.ends).toHaveLength(2)
    expect(said()).toEqual([
      ['join', 1, channel],
      ['join', 1, channel],
    ])
  })
})

describe('an update', () => {
  it('is sent at once, further ones at most once a second, the last of them', async () => {
    const { clock, presence, said } = await made()
    const here = presence.enter(room, 0)
    await clock.advance(0)
    here.update(1)
    await clock.advance(0)
    for (let n = 2; n <= 20; n++) {
      here.update(n)
      await clock.advance(100)
    }
    await clock.advance(5_000)
    expect(said().map(([word, meta]) => `${word} ${meta}`)).toEqual([
      ...['join 0', 'update 1', 'update 11', 'update 20'],
    ])
  })

  it('takes another pace', async () => {
    const { clock, presence, said } = await made({ throttleMs: 50 })
    const here = presence.enter(room, 0)
    await clock.advance(0)
    for (let n = 1; n <= 10; n++) {
      here.update(n)
      await clock.advance(10)
    }
    await clock.advance(100)
    expect(said().map(([, meta]) => meta)).toEqual([0, 1, 5, 10])
  })

  it('of a join under way is sent once the join is answered', async () => {
    let answers = false
    const { clock, server, presence, said } = await made({
      answer: () => (answers ? 'ok' : undefined),
    })
    const here = presence.enter(room, 0)
    await clock.advance(0)
    here.update(1)
    await clock.advance(100)
    expect(said()).toHaveLength(1)
    answers = true
    const { requestId } = server.messages.at(-1) ?? {}
    server.send({ type: 'reply', requestId, payload: 'ok' })
    await clock.advance(0)
    expect(said().map(([word, meta]) => `${word} ${meta}`)).toEqual(['join 0', 'update 1'])
  })

  it('with the same meta is none', async () => {
    const { clock, presence, words } = await made()
    const meta = {}
    const here = presence.enter(room, meta)
    await clock.advance(0)
    here.update(meta)
    await clock.advance(5_000)
    expect(words()).toEqual(['join'])
  })

  it('that is refused goes to the client’s errors, and we remain present', async () => {
    const { clock, presence, errors, words } = await made({
      answer: (type) => {
        if (type === 'presence:update') throw new Error('too-large')
        return 'ok'
      },
    })
    const here = presence.enter(room, 0)
    await clock.advance(0)
    here.update('much')
    await clock.advance(60_000)
    expect(errors).toMatchObject([{ code: 'too-large' }])
    expect(words()).toEqual(['join', 'update'])
    expect('value' in outcomeOf(here.ready)).toBe(false)
    await expect(here.ready).resolves.toBe(undefined)
  })

  it('of a presence the server no longer has makes us enter again', async () => {
    const { clock, presence, said, errors } = await made({
      answer: (type) => {
        if (type === 'presence:update') throw new Error('not-present')
        return 'ok'
      },
    })
    const here = presence.enter(room, 0)
    await clock.advance(0)
    here.update(1)
    await clock.advance(2_000)
    expect(said().map(([word, meta]) => `${word} ${meta}`)).toEqual([
      ...['join 0', 'update 1', 'join 1'],
    ])
    expect(errors).toEqual([])
  })
})

describe('being refused', () => {
  it('rejects `ready`, and else is an error of the client, until it is wanted anew', async () => {
    let allowed = false
    const { clock, server, presence, errors, words } = await made({
      answer: () => {
        if (!allowed) throw new Error('forbidden')
        return 'ok'
      },
    })
    const asked = presence.enter(room)
    const first = outcomeOf(asked.ready)
    await clock.advance(0)
    expect(first.error).toMatchObject({ code: 'forbidden' })
    await expect(asked.ready).rejects.toMatchObject({ code: 'forbidden' })
    expect(errors).toEqual([])
    presence.enter('elsewhere')
    await clock.advance(0)
    expect(errors).toMatchObject([{ code: 'forbidden' }])
    server.drop()
    await clock.advance(60_000)
    expect(words()).toEqual(['join', 'join'])
    allowed = true
    const again = presence.enter(room)
    await clock.advance(0)
    await expect(again.ready).resolves.toBe(undefined)
    await expect(asked.ready).resolves.toBe(undefined)
    asked()
    again()
    await clock.advance(0)
    expect(words()).toEqual(['join', 'join', 'join', 'leave'])
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

  it('rejects with `unsupported` where the backend does not support it', async () => {
    const words = native()
    const { clock, presence } = await made({
      dialect: {
        encode: (intent) => (intent.kind === 'presence' ? undefined : words.encode(intent)),
      },
    })
    const ready = outcomeOf(presence.enter(room).ready)
    await clock.advance(0)
    expect(ready.error).toMatchObject({ code: 'unsupported' })
  })

  it('is not the outcome of a handle released before, or whose client ends', async () => {
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

describe('a message that is not answered', () => {
  it('is said again', async () => {
    const { clock, server, presence } = await made({ answer: () => undefined })
    const here = presence.enter(room)
    await clock.advance(25_000)
    expect(server.count('presence:join')).toBe(3)
    here()
    await clock.advance(25_000)
    expect([server.count('presence:join'), server.count('presence:leave')]).toEqual([3, 3])
  })

  it('is not said again where it is not wanted any more', async () => {
    let answers = true
    const { clock, presence, words } = await made({ answer: () => (answers ? 'ok' : undefined) })
    presence.enter(room)
    await clock.advance(0)
    answers = false
    presence.enter(room)()
    await clock.advance(0)
    const here = presence.enter('elsewhere')
    await clock.advance(0)
    here()
    await clock.advance(5_000)
    answers = true
    presence.enter('elsewhere')
    await clock.advance(60_000)
    expect(words()).toEqual(['join', 'join', 'leave', 'join'])
  })
})

describe('a backend that needs heartbeats', () => {
  it('gets one for each resource, as often as its dialect says', async () => {
    const { clock, server, presence, words } = await made({
      dialect: { presets: { presenceHeartbeatMs: 25_000 } },
    })
    presence.enter('a')
    const b = presence.enter('b')
    await clock.advance(25_000)
    expect(words()).toEqual(['join', 'join', 'heartbeat', 'heartbeat'])
    b()
    await clock.advance(25_000)
    expect(words().slice(4)).toEqual(['leave', 'heartbeat'])
    server.drop()
    await clock.advance(20_000)
    expect(words().slice(6)).toEqual(['join'])
    await clock.advance(25_000)
    expect(words().slice(7)).toEqual(['heartbeat'])
  })

  it('is the only one that is', async () => {
    const { clock, presence, words } = await made()
    presence.enter('a')
    await clock.advance(300_000)
    expect(words()).toEqual(['join'])
  })
})

describe('watching', () => {
  it('begins with the first who follows, and ends a little after the last', async () => {
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

  it('shows who is there, by resource and all together', async () => {
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

  it('reports changes and signs of life separately', async () => {
    const { clock, server, presence, sync } = await made()
    const told: string[] = []
    presence.on('changed', ({ resource, kind, user: { id } }) =>
      told.push(`${resource} ${kind} ${id}`),
    )
    const off = presence.on('seen', ({ user: { id, lastSeen } }) =>
      told.push(`seen ${id} ${lastSeen}`),
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
    expect(told).toEqual(['seen a 7', `${room} updated a`, `${room} joined b`])
    expect([shown, notified]).toEqual([3, 3])
    off()
    server.publish(channel, 'presence:heartbeat', { user: { id: 'a', lastSeen: 9 } })
    await clock.advance(0)
    expect(told).toHaveLength(3)
  })

  it('continues after a disconnect, which reports no joins or leaves', async () => {
    const { clock, server, presence, sync } = await made()
    const told: string[] = []
    presence.on('changed', ({ kind, user: { id } }) => told.push(`${kind} ${id}`))
    presence.of(room).subscribe(() => {})
    await clock.advance(0)
    sync(user('a'), user('b'))
    server.publish(channel, 'presence:join', { user: user('c') })
    await clock.advance(0)
    server.drop()
    server.publish(channel, 'presence:leave', { user: user('a') })
    await clock.advance(5_000)
    expect(told).toEqual(['joined c', 'left a'])
    server.forget('e2')
    server.drop()
    await clock.advance(5_000)
    sync(user('b'), user('d'))
    await clock.advance(0)
    expect(told.slice(2)).toEqual(['joined d', 'left c'])
    expect(ids(presence.of(room).get())).toEqual(['b', 'd'])
  })

  it('that loses its history is live again with the sync', async () => {
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

  it('of a channel with other handlers requests the whole list again', async () => {
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

  it('that pauses for a moment misses nothing and asks for nothing', async () => {
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

  it('that returns while the channel is being left requests the whole list again', async () => {
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
    const asked = server.messages.filter(({ type }) => type === 'subscribe')
    expect(asked.map(({ payload }) => payload)).toEqual([
      { channels: [channel] },
      { channels: [channel] },
    ])
  })

  it('of a store that was held for long begins anew', async () => {
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

  it('shows nothing of the former user’s to another', async () => {
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

  it('works where the backend does not support own presence', async () => {
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
  it('is one for each client', async () => {
    const { channels } = await made()
    expect(() => new PresenceManager(channels)).toThrow(
      'This client already has a PresenceManager. Create one per client, and share it.',
    )
  })

  it('leaves nothing behind', async () => {
    const { clock, client, server, channels, presence } = await made()
    for (let n = 0; n < 1_000; n++) {
      const off = presence.of(`room ${n % 40}`).subscribe(() => {})
      const here = presence.enter(`room ${n % 30}`, n)
      if (n % 7 === 0) await clock.advance(10)
      if (n % 250 === 0) server.drop()
      here.update(-n)
      if (n % 3) here.ready.catch(() => {})
      off()
      here()
    }
    await clock.advance(20_000)
    expect([channels.size, server.subscribed.size, presence.members.get().size]).toEqual([0, 0, 0])
    // The heartbeat of the connection.
    expect(clock.timers).toBe(1)
    client.close()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('reports listeners that throw, and goes on', async () => {
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

  it('sends a join and a subscribe where a caller enters and watches at once', async () => {
    const { clock, presence, server } = await made()
    const before = server.messages.length
    presence.enter(room)
    presence.of(room).subscribe(() => {})
    await clock.advance(1_000)
    const said = server.messages.slice(before).map(({ type }) => type)
    expect(said).toEqual(['presence:join', 'subscribe'])
  })
})
