import { describe, expect, it } from 'vitest'
import { duui } from 'wirefold/dialects/duui'
import type { CanReceive } from 'wirefold/server'
import { ChannelEvent, duuiMount, nativeServer } from 'wirefold/server'
import type { Message } from '../raw-client.ts'
import { RawClient, serve } from '../raw-client.ts'

/** Allows events addressed to the user, and events without an addressee. */
const addressed: CanReceive = (user, _, { payload }) => {
  const { to } = (payload ?? {}) as { to?: string }
  return to === undefined || to === user?.id
}

async function filtering(canReceive: CanReceive = addressed) {
  const served = await serve({
    canReceive,
    families: ['agent'],
    authenticate: ({ token }) => (token === undefined ? null : { id: token }),
  })
  const join = async (token?: string) => RawClient.greeted(served.url, { token })
  return { ...served, join }
}

const offsetsOf = (messages: readonly Message[]) =>
  messages.map(({ offset, prev }) => (prev === undefined ? [offset] : [offset, prev]))

describe('a filter', () => {
  it('withholds events, and sends the previous offset with the next one', async () => {
    const { server, join } = await filtering()
    const [ada, bob] = [await join('ada'), await join('bob')]
    for (const client of [ada, bob]) await client.subscribe('a')
    for (const to of ['ada', 'bob', 'bob', undefined, 'ada', 'ada']) {
      await server.publish('a', 'x', { to })
    }
    expect(offsetsOf(await ada.settled())).toEqual([[1], [4, 1], [5], [6]])
    expect(offsetsOf(await bob.settled())).toEqual([[2, 0], [3], [4]])
  })

  it('keeps the text the same for all members that received the previous event', async () => {
    const { server, join } = await filtering()
    const clients = [await join('ada'), await join('ada'), await join()]
    for (const client of clients) await client.subscribe('a')
    await server.publish('a', 'x', { to: 'ada' })
    await server.publish('a', 'y')
    const [one, two, other] = clients
    for (const client of [one, two]) await client?.next('x')
    const texts = await Promise.all([one, two].map((client) => client?.text()))
    expect(texts[0]).toBe(texts[1])
    expect(texts[0]).not.toContain('prev')
    expect(await other?.text()).toContain('"prev":0')
  })

  it('applies to replayed events', async () => {
    const { server, join } = await filtering()
    const sent = ['ada', 'bob', 'bob', 'ada', undefined, 'bob']
    const positions = []
    for (const to of sent) positions.push(await server.publish('a', 'x', { to }))
    const [epoch] = positions.map((position) => position.epoch)
    const resume = async (offset: number) => {
      const client = await join('ada')
      const payload = { since: [[epoch, ['a', offset]]] }
      const { at } = (await client.request({ type: 'subscribe', payload })).payload as {
        at: object
      }
      await server.publish('a', 'x', { to: 'bob' })
      await server.publish('a', 'x', { to: 'ada' })
      return { at, received: offsetsOf(await client.settled()) }
    }
    expect(await resume(1)).toEqual({ at: { a: [epoch, 5] }, received: [[4, 1], [5], [8, 5]] })
    // Offset 9 is addressed to Bob, so Ada missed nothing.
    await server.publish('a', 'x', { to: 'bob' })
    expect(await resume(8)).toEqual({ at: {}, received: [[11, 8]] })
  })

  it('does not change the position by filtered events', async () => {
    const { server, join } = await filtering()
    const ada = await join('ada')
    await ada.subscribe('a')
    const offsets = async () => {
      ada.send({ type: 'ping', timestamp: 1 })
      return ((await ada.next('pong')).payload as { offsets?: unknown }).offsets
    }
    const { epoch } = await server.publish('a', 'x', { to: 'ada' })
    await server.publish('a', 'x', { to: 'bob' })
    await ada.next('x')
    expect(await offsets()).toEqual({ a: [epoch, 1] })
    await server.publish('a', 'x', { to: 'bob' })
    expect(await offsets()).toBeUndefined()
    // A repeated subscribe returns the receiver's position, not the newest one.
    expect((await ada.subscribe('a')).payload).toEqual({ at: { a: [epoch, 1] } })
  })

  it('is called with the original channel, also for a family', async () => {
    const calls: unknown[] = []
    const { server, join } = await filtering((user, channel, event) => {
      calls.push([user?.id, channel, { ...event, payload: event.payload }])
      return channel === 'agent:2'
    })
    const ada = await join('ada')
    await ada.subscribe('agent:*')
    await server.publish('agent:1', 'x', { n: 1 }, { id: 'e' })
    await server.publish('agent:2', 'x')
    expect(await ada.settled()).toMatchObject([
      { channel: 'agent:2', via: 'agent:*', offset: 2, prev: 0 },
    ])
    expect(calls).toMatchObject([
      ['ada', 'agent:1', { type: 'x', payload: { n: 1 }, id: 'e', timestamp: expect.any(Number) }],
      ['ada', 'agent:2', { type: 'x', payload: undefined, id: undefined }],
    ])
  })

  const notYes: readonly [string, () => unknown][] = [
    ['returns a truthy value', () => 1],
    ['returns a promise', async () => true],
    ['returns nothing', () => undefined],
  ]
  it.each(notYes)('that %s denies', async (_, hook) => {
    const { server, join } = await filtering(hook as CanReceive)
    const client = await join()
    await client.subscribe('a')
    await server.publish('a', 'x')
    expect(await client.settled()).toEqual([])
  })

  it('that throws denies, and does not affect other members', async () => {
    const { server, join, errors } = await filtering((user) => {
      if (user?.id === 'bob') throw new Error('no')
      return true
    })
    const [bob, ada] = [await join('bob'), await join('ada')]
    for (const client of [bob, ada]) await client.subscribe('a')
    await server.publish('a', 'x')
    await ada.next('x')
    expect(await bob.settled()).toEqual([])
    expect(errors).toMatchObject([{ code: 'handler-failed', detail: { where: 'canReceive' } }])
  })

  it('applies to a DUUI stream, to its history and its live events', async () => {
    const { server, url } = await filtering((user, channel, { type, id }) => {
      expect([type, channel]).toEqual(['event', 'process:p'])
      return user?.id === 'ada' || id === 'p_2'
    })
    const mount = duuiMount({ snapshot: true })
    server.mount('/p/:id', mount)
    const context = {
      kind: 'DriverContext',
      event_id: '',
      status: '',
      thread: '',
      driver: '',
    } as const
    const publish = (n: number) => {
      const event = { _id: `p_${n}`, process_id: 'p', sender: null, message: '', level: 'INFO' }
      return mount.publish({ timestamp: n, event: { ...event, context } })
    }
    for (const n of [1, 2]) await publish(n)
    const base = url.slice(0, -'/ws'.length)
    const read = async (token: string, count: number) => {
      const client = await RawClient.open(`${base}/p/p?token=${token}`)
      const messages = await client.take(count)
      return messages
        .map((message) => duui().decode(message))
        .map((frame) => (frame as { id: string }).id)
    }
    expect(await read('ada', 2)).toEqual(['p_1', 'p_2'])
    expect(await read('bob', 1)).toEqual(['p_2'])
  })
})

describe('the text of an event', () => {
  it('contains the previous offset only after a gap in the offsets', () => {
    const about = { source: 'a', type: 'n', json: '1', id: undefined, timestamp: 0 }
    const event = new ChannelEvent('a', { epoch: 'e', offset: 5 }, about)
    const plain = '{"type":"n","channel":"a","offset":5,"timestamp":0,"payload":1}'
    expect(event.text(nativeServer)).toBe(plain)
    expect(event.text(nativeServer, 4)).toBe(plain)
    expect(event.text(nativeServer, 2)).toBe(plain.replace('5,', '5,"prev":2,'))
    expect(event.text(nativeServer)).toBe(plain)
  })
})
