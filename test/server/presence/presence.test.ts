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
  let asked = 0
  /** Says something, and gives the answer. */
  const say = async (client: WiredClient, message: Message): Promise<Message | undefined> => {
    const requestId = `r${asked++}`
    client.send({ ...message, requestId })
    await clock.advance(0)
    return client.heard.find((answer) => answer.requestId === requestId)
  }
  /** A client of a user on a device. */
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
  return { clock, broker, errors, core, server, say, client, presence, subscribe, present }
}

/** What a client was told of users: the word, and whom it is about. */
const told = ({ heard }: WiredClient) =>
  heard
    .filter(({ type }) => type?.startsWith('presence:'))
    .map(({ type = '', payload }) => {
      const { user, users } = asFields(payload)
      const ids = Array.isArray(users) ? users.map(({ id }) => id) : [asFields(user).id]
      return `${type.slice('presence:'.length)} ${ids.join()}`
    })

describe('being somewhere', () => {
  it('is answered, and told to those who watch with what was given', async () => {
    const { say, client, presence, subscribe } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await say(ben, subscribe(channel))
    expect(await say(anna, presence('join', { typing: true }))).toMatchObject({ type: 'reply' })
    const [event] = ben.heard.filter(({ type }) => type === 'presence:join')
    expect(event).toMatchObject({
      ...{ channel, offset: 1 },
      payload: {
        user: { id: 'anna', name: 'ANNA', meta: { typing: true }, devices: [{ id: 'anna-tab' }] },
      },
    })
    await say(anna, presence('update', { typing: false }))
    await say(anna, presence('leave'))
    expect(told(ben)).toEqual(['sync ', 'join anna', 'update anna', 'leave anna'])
  })

  it('is not watching', async () => {
    const { say, client, presence } = made()
    const anna = await client('anna')
    await say(anna, presence('join'))
    expect(told(anna)).toEqual([])
  })

  it('needs somebody to be: without a user it is refused', async () => {
    const { say, client, presence, present } = made()
    const nobody = await client()
    expect(await say(nobody, presence('join'))).toMatchObject({
      type: 'error',
      payload: { code: 'not-authenticated' },
    })
    expect(await present()).toEqual([])
  })

  it('is refused where the application says so, each time it is asked', async () => {
    let allowed = false
    const asked: unknown[] = []
    const { say, client, presence, present } = made({
      authorize: (user, name, action) => {
        asked.push([user?.id, name, action])
        return allowed
      },
    })
    const anna = await client('anna')
    expect(await say(anna, presence('join'))).toMatchObject({ payload: { code: 'forbidden' } })
    expect(await present()).toEqual([])
    expect(asked).toEqual([['anna', channel, 'presence']])
    allowed = true
    await say(anna, presence('join', 1))
    allowed = false
    expect(await say(anna, presence('update', 2))).toMatchObject({ payload: { code: 'forbidden' } })
    expect(await say(anna, presence('leave'))).toMatchObject({ type: 'reply' })
    expect(await present()).toEqual([])
  })

  it('is refused for what is no resource, and for a meta that is too large', async () => {
    const { say, client, presence, present } = made()
    const anna = await client('anna')
    for (const on of ['presence:', 'presence:*', 'presence:a:*', 'room', '', 'presence:\n']) {
      expect(await say(anna, presence('join', 1, on))).toMatchObject({
        payload: { code: 'bad-channel' },
      })
    }
    const large = presence('join', 'x'.repeat(4095))
    expect(await say(anna, large)).toMatchObject({ payload: { code: 'too-large' } })
    expect(await present()).toEqual([])
  })

  it('is limited to as many places as there are subscriptions, and registers nothing beyond', async () => {
    const { say, client, presence, present, subscribe } = made({ limits: { subscriptions: 2 } })
    const anna = await client('anna')
    await say(anna, subscribe('a', 'b'))
    for (const resource of ['1', '2']) await say(anna, presence('join', 1, `presence:${resource}`))
    expect(await say(anna, presence('join', 1, 'presence:3'))).toMatchObject({
      payload: { code: 'subscription-limit' },
    })
    expect(await present('3')).toEqual([])
    expect(await say(anna, presence('join', 2, 'presence:2'))).toMatchObject({ type: 'reply' })
    await say(anna, presence('leave', undefined, 'presence:2'))
    expect(await say(anna, presence('join', 1, 'presence:3'))).toMatchObject({ type: 'reply' })
  })

  it('is not affected where its channel cannot be subscribed to', async () => {
    const { say, client, presence, present, subscribe } = made({ limits: { subscriptions: 1 } })
    const anna = await client('anna')
    const answer = await say(anna, subscribe('a', channel))
    expect(answer).toMatchObject({ payload: { refused: { [channel]: 'subscription-limit' } } })
    expect(await present()).toEqual([])
    await say(anna, presence('join'))
    expect(await present()).toEqual(['anna'])
    expect(told(anna)).toEqual([])
  })

  it('is changed and kept alive only by who is there', async () => {
    const { say, client, presence } = made()
    const anna = await client('anna')
    const absent = { type: 'error', payload: { code: 'not-present' } }
    expect(await say(anna, presence('update', 1))).toMatchObject(absent)
    expect(await say(anna, presence('heartbeat'))).toMatchObject(absent)
    expect(await say(anna, presence('leave'))).toMatchObject({ type: 'reply' })
    await say(anna, presence('join'))
    expect(await say(anna, presence('heartbeat'))).toMatchObject({ type: 'reply' })
  })

  it('needs no answer', async () => {
    const { clock, client, presence, present } = made()
    const anna = await client('anna')
    anna.send(presence('join'), presence('heartbeat'))
    await clock.advance(0)
    expect(await present()).toEqual(['anna'])
    expect(anna.heard.map(({ type }) => type)).toEqual(['welcome'])
  })

  it('rides in the frame of the greeting', async () => {
    const { clock, core, presence, present } = made()
    const anna = new WiredClient(core)
    const hello = { type: 'hello', payload: { token: 'anna', clientId: 'tab' } }
    const subscribe = { type: 'subscribe', requestId: '1', payload: { channels: [channel] } }
    anna.send(hello, subscribe, { ...presence('join'), requestId: '2' })
    await clock.advance(0)
    expect(anna.heard.map(({ type }) => type)).toEqual([
      ...['welcome', 'subscribed', 'presence:sync', 'presence:join', 'reply'],
    ])
    expect(await present()).toEqual(['anna'])
  })

  it('tells the application of a store that fails, and the client to ask again', async () => {
    const { errors, broker, say, client, presence } = made()
    const anna = await client('anna')
    broker.presence.join = async () => {
      throw new Error('away')
    }
    expect(await say(anna, presence('join'))).toMatchObject({
      payload: { code: 'internal', retryable: true },
    })
    expect(errors).toEqual([new Error('away')])
  })
})

describe('watching', () => {
  it('begins with who is there, right behind the answer and before what follows', async () => {
    const { clock, say, client, presence, subscribe } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await say(anna, presence('join'))
    const eva = await client('eva')
    await say(eva, subscribe(channel))
    await say(ben, presence('join'))
    await clock.advance(0)
    const [, subscribed, sync, join] = eva.heard
    expect(subscribed).toMatchObject({ payload: { at: { [channel]: [expect.any(String), 1] } } })
    expect(sync).toMatchObject({ type: 'presence:sync', channel })
    expect(sync).not.toHaveProperty('offset')
    expect(join).toMatchObject({ type: 'presence:join', offset: 2 })
    expect(told(eva)).toEqual(['sync anna', 'join ben'])
  })

  it('that is resumed brings what was missed, and who is there only where that is not known', async () => {
    const { say, client, presence, subscribe, broker } = made()
    const anna = await client('anna')
    await say(anna, presence('join'))
    const { epoch } = await broker.head(channel)
    const since = (place: [string, number]) => ({
      type: 'subscribe',
      payload: { since: [[place[0], [channel, place[1]]]] },
    })
    const resumed = await client('ben')
    await say(resumed, since([epoch, 0]))
    expect(told(resumed)).toEqual(['join anna'])
    const level = await client('ben')
    await say(level, since([epoch, 1]))
    expect(told(level)).toEqual([])
    const lost = await client('ben')
    const answer = await say(lost, since(['another', 7]))
    expect(answer).toMatchObject({ payload: { gaps: [channel], at: { [channel]: [epoch, 1] } } })
    expect(told(lost)).toEqual(['sync anna'])
    await say(lost, subscribe(channel))
    expect(told(lost)).toEqual(['sync anna', 'sync anna'])
  })

  it('shows only who may be seen, without a hole for the others', async () => {
    const { clock, say, client, presence, subscribe } = made({
      canSee: (viewer, member, resource) => {
        expect([resource, member.name]).toEqual([room, member.id.toUpperCase()])
        return viewer?.id === 'eva' || member.id !== 'anna'
      },
    })
    const [anna, ben, eva] = [await client('anna'), await client('ben'), await client('eva')]
    for (const watcher of [ben, eva, anna]) await say(watcher, subscribe(channel))
    await say(anna, presence('join'))
    await say(ben, presence('join'))
    await say(anna, presence('update', 1))
    await say(ben, presence('leave'))
    await say(anna, presence('leave'))
    await clock.advance(0)
    expect(told(ben)).toEqual(['sync ', 'join ben', 'leave ben'])
    const offsets = ben.heard.flatMap(({ offset, prev }) => (offset ? [[prev, offset]] : []))
    expect(offsets).toEqual([
      [1 - 1, 2],
      [2, 4],
    ])
    const all = ['join anna', 'join ben', 'update anna', 'leave ben', 'leave anna']
    expect(told(eva)).toEqual(['sync ', ...all])
    expect(told(anna)).toEqual(['sync ', ...all])
    await say(anna, presence('join'))
    const late = await client('ben')
    await say(late, subscribe(channel))
    expect(told(late)).toEqual(['sync '])
  })

  it('shows nobody where the hook throws, or nothing may be received', async () => {
    const { errors, say, client, presence, subscribe } = made({
      canSee: () => {
        throw new Error('broken')
      },
      canReceive: (user) => user?.id !== 'eva',
    })
    const anna = await client('anna')
    await say(anna, presence('join'))
    const [ben, eva] = [await client('ben'), await client('eva')]
    await say(ben, subscribe(channel))
    await say(eva, subscribe(channel))
    expect(told(ben)).toEqual(['sync '])
    expect(told(eva)).toEqual([])
    expect(errors.length).toBeGreaterThan(0)
  })
})

describe('a connection that is gone', () => {
  it('leaves its members for 15 s, and not longer', async () => {
    const { clock, say, client, presence, subscribe, present } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await say(ben, subscribe(channel))
    await say(anna, presence('join'))
    anna.cut()
    await clock.advance(14_999)
    expect(await present()).toEqual(['anna'])
    await clock.advance(1)
    expect(await present()).toEqual([])
    expect(told(ben)).toEqual(['sync ', 'join anna', 'leave anna'])
  })

  it('is taken over within that time, and nobody hears of it', async () => {
    const { clock, server, say, client, presence, subscribe, present } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await say(ben, subscribe(channel))
    await say(anna, presence('join', { a: 1 }))
    anna.cut()
    await clock.advance(10_000)
    const again = await client('anna', 'anna-tab', server())
    await say(again, presence('join', { a: 1 }))
    await clock.advance(300_000)
    expect(await present()).toEqual(['anna'])
    expect(told(ben)).toEqual(['sync ', 'join anna'])
  })

  it('or says goodbye, changes nothing where a newer one has taken over', async () => {
    const { clock, server, say, client, presence, subscribe, present } = made()
    const ben = await client('ben')
    await say(ben, subscribe(channel))
    const old = await client('anna')
    await say(old, presence('join', 1))
    const fresh = await client('anna', 'anna-tab', server())
    await say(fresh, presence('join', 1))
    await say(old, presence('leave'))
    old.cut()
    await clock.advance(100_000)
    expect(await present()).toEqual(['anna'])
    expect(told(ben)).toEqual(['sync ', 'join anna'])
  })

  it('that was taken over and then ended elsewhere does not bring its member back', async () => {
    const { clock, server, say, client, presence, present } = made()
    const old = await client('anna')
    await say(old, presence('join', 1))
    const fresh = await client('anna', 'anna-tab', server())
    await say(fresh, presence('join', 1))
    await say(fresh, presence('leave'))
    await clock.advance(100_000)
    expect(await present()).toEqual([])
  })

  it('is one of two tabs: the user stays with the other, whichever it was', async () => {
    for (const closed of [0, 1]) {
      const { clock, say, client, presence, subscribe, present } = made()
      const ben = await client('ben')
      await say(ben, subscribe(channel))
      const tabs = [await client('anna', 'old'), await client('anna', 'new')]
      for (const tab of tabs) await say(tab, presence('join'))
      tabs[closed]?.cut()
      await clock.advance(60_000)
      expect(await present()).toEqual(['anna'])
      expect(told(ben)).toEqual(['sync ', 'join anna', 'update anna', 'update anna'])
      tabs[1 - closed]?.cut()
      await clock.advance(60_000)
      expect(told(ben).slice(4)).toEqual(['leave anna'])
    }
  })

  it('while it asks to be somewhere is nowhere', async () => {
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
    anna.cut()
    allow(true)
    await clock.advance(0)
    expect(await present()).toEqual([])
  })
})

describe('a connection that is silent', () => {
  it('is asked for a sign of life every 15 s while it is somewhere, and stays as long as it answers', async () => {
    const { clock, say, client, presence, present } = made()
    const anna = await client('anna')
    await clock.advance(100_000)
    expect(anna.pings).toBe(0)
    await say(anna, presence('join'))
    await clock.advance(150_000)
    expect(anna.pings).toBe(10)
    expect([await present(), anna.closed]).toEqual([['anna'], undefined])
    await say(anna, presence('leave'))
    await clock.advance(100_000)
    expect(anna.pings).toBe(10)
  })

  it('for 30 s is nowhere at once, and is closed', async () => {
    const { clock, say, client, presence, present } = made()
    const anna = await client('anna')
    await say(anna, presence('join'))
    anna.frozen = true
    await clock.advance(29_999)
    expect(await present()).toEqual(['anna'])
    await clock.advance(1)
    expect([await present(), anna.closed]).toEqual([[], 4408])
  })

  it('is not one that says anything', async () => {
    const { clock, say, client, presence, present } = made()
    const anna = await client('anna')
    await say(anna, presence('join'))
    anna.frozen = true
    for (let n = 0; n < 10; n++) {
      await clock.advance(14_000)
      anna.send({ type: 'ping', timestamp: n })
    }
    expect([await present(), anna.pings]).toEqual([['anna'], 0])
  })

  it('tells nobody but who asks when it was seen', async () => {
    const { clock, say, client, presence, subscribe, broker } = made()
    const [anna, ben] = [await client('anna'), await client('ben')]
    await say(ben, subscribe(channel))
    await say(anna, presence('join'))
    const start = clock.wall()
    await clock.advance(100_000)
    const { users } = await broker.presence.present(room)
    expect(users[0]?.lastSeen).toBeGreaterThanOrEqual(start + 80_000)
    expect(told(ben)).toEqual(['sync ', 'join anna'])
  })
})

describe('a server that is gone', () => {
  it('takes its members with it within 30 s, by the work of those that are left', async () => {
    const { clock, broker, server, say, client, presence, subscribe, present } = made()
    const dead = server()
    const anna = await client('anna', 'tab', dead)
    await say(anna, presence('join'))
    const ben = await client('ben')
    await say(ben, subscribe(channel))
    await say(ben, presence('join'))
    await clock.advance(60_000)
    // No word of it: its timers stop, and nobody tells the store.
    dead.attendance.close()
    const { touch } = broker.presence
    broker.presence.touch = async (claims, ttlMs) =>
      touch.call(
        broker.presence,
        claims.filter(({ userId }) => userId !== 'anna'),
        ttlMs,
      )
    await clock.advance(30_000)
    expect(await present()).toEqual(['ben'])
    expect(told(ben)).toEqual(['sync anna', 'join ben', 'leave anna'])
  })

  it('only for a while finds its members again: it has them join anew', async () => {
    const { clock, broker, say, client, presence, present } = made()
    const anna = await client('anna')
    await say(anna, presence('join', 1))
    await clock.advance(7_000)
    // It stands still while others sweep.
    clock.sleep(29_000)
    await broker.presence.sweep()
    expect(await present()).toEqual([])
    await clock.advance(10_000)
    expect(await present()).toEqual(['anna'])
    expect(anna.closed).toBe(undefined)
  })

  it('has no timer left', async () => {
    const { clock, core, say, client, presence } = made()
    const anna = await client('anna')
    await say(anna, presence('join'))
    anna.cut()
    await clock.advance(0)
    core.attendance.close()
    expect(clock.timers).toBe(0)
  })
})
