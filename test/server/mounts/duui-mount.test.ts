import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import { duui } from 'wirefold/dialects/duui'
import type {
  DuuiMountOptions,
  Position,
  RealtimeServer,
  RealtimeServerOptions,
} from 'wirefold/server'
import { createRealtimeServer, duuiMount, MemoryTimelineStore } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { duuiServer } from '../../../src/dialects/duui/server.ts'
import { refusedUpgrade } from '../http/refused-upgrade.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

function envelope(n: number, processId = 'p1', fields: object = {}): DUUIEnvelope {
  const context = {
    kind: 'DriverContext',
    event_id: `${n}`,
    status: 'Idle',
    thread: 'main',
  } as const
  const event = { _id: `${processId}_${n}`, process_id: processId, sender: null, message: 'ü\n' }
  const driver = { ...context, driver: 'DUUIDockerDriver', ...fields }
  return { timestamp: 1_768_471_200_000 + n, event: { ...event, level: 'INFO', context: driver } }
}

async function gateway(options: DuuiMountOptions = {}, serverOptions: RealtimeServerOptions = {}) {
  const served = await serve(serverOptions)
  const mount = duuiMount(options)
  served.server.mount('/ws/processes/:id/events', mount)
  const address = (id: string, query = '') => `${served.url}/processes/${id}/events${query}`
  const watch = async (id: string, query = '') => {
    const client = await RawClient.open(address(id, query))
    // An open socket was upgraded, but perhaps not yet authenticated.
    await expect
      .poll(() => client.ws.readyState !== 1 || following(served.server, `process:${id}`))
      .toBe(true)
    return client
  }
  return { ...served, mount, address, watch }
}

const following = (server: Awaited<ReturnType<typeof serve>>['server'], channel: string) =>
  server.connections().some(({ channels }) => channels.includes(channel))

describe('the stream of a process', () => {
  it('consists of the stored JSON', async () => {
    const { mount, watch } = await gateway()
    const client = await watch('p1')
    await mount.publish(envelope(1))
    await mount.publish(envelope(2, 'p1', { nested: { b: 1, a: [null, { 2: 'x', 1: 'y' }] } }))
    const stored = await mount.timeline('p1')
    expect(stored).toEqual([
      envelope(1),
      envelope(2, 'p1', { nested: { b: 1, a: [null, { 2: 'x', 1: 'y' }] } }),
    ])
    for (const record of stored) expect(await client.text()).toBe(JSON.stringify(record))
  })

  it('is decoded by the client as events of its channel', async () => {
    const { mount, watch } = await gateway()
    const client = await watch('p1')
    await mount.publish(envelope(1))
    expect(duui().decode(await client.next())).toMatchObject({
      kind: 'event',
      channel: 'process:p1',
      type: 'event',
      id: 'p1_1',
      payload: envelope(1).event,
      timestamp: envelope(1).timestamp,
    })
  })

  it('contains the events of one process, for all its sockets', async () => {
    const { mount, watch } = await gateway()
    const clients = [await watch('p1'), await watch('p1'), await watch('p2')]
    await mount.publish(envelope(1, 'p1'))
    await mount.publish(envelope(2, 'p2'))
    const seen = await Promise.all(clients.map(async (client) => (await client.next()).timestamp))
    expect(seen).toEqual([1, 1, 2].map((n) => envelope(n).timestamp))
  })

  it('is a channel of the native protocol too', async () => {
    const { mount, url } = await gateway()
    const client = await RawClient.greeted(url)
    await client.subscribe('process:p1')
    await mount.publish(envelope(1))
    expect(await client.next()).toMatchObject({
      type: 'event',
      channel: 'process:p1',
      id: 'p1_1',
      offset: 1,
      timestamp: envelope(1).timestamp,
      payload: envelope(1).event,
    })
  })

  it('ignores and counts messages of clients', async () => {
    const { mount, watch } = await gateway()
    const client = await watch('p1')
    client.send('{"type":"hello"}')
    client.send(new Uint8Array([1, 2]))
    client.send('{')
    await expect.poll(() => mount.ignored).toBe(3)
    await mount.publish(envelope(1))
    await client.next()
  })

  it('begins with the next event without the snapshot option', async () => {
    const { mount, watch } = await gateway()
    await mount.publish(envelope(1))
    const client = await watch('p1')
    await mount.publish(envelope(2))
    expect(await client.next()).toEqual(envelope(2))
  })

  it('begins with the stored timeline with the snapshot option, then continues live', async () => {
    const { mount, watch } = await gateway({ snapshot: true })
    for (const n of [1, 2, 3]) await mount.publish(envelope(n))
    // Envelopes are not deduplicated.
    await mount.publish(envelope(3))
    const client = await watch('p1')
    await mount.publish(envelope(4))
    const seen = await client.take(5)
    expect(seen).toEqual([1, 2, 3, 3, 4].map((n) => envelope(n)))
    expect(seen).toEqual(await mount.timeline('p1'))
  })

  it('begins where the grant does: at a time, or at a position of the channel', async () => {
    let since: Date | Position | undefined
    const authorize = () => (since ? { since } : true)
    const { mount, watch, server } = await gateway({ snapshot: true }, { authorize })
    for (const n of [1, 2, 3]) await mount.publish(envelope(n))
    const { epoch } = await server.channels.head('process:p1')
    let last = 3
    const begins = async (start: Date | Position, ...past: readonly number[]) => {
      since = start
      const client = await watch('p1')
      last += 1
      await mount.publish(envelope(last))
      const due = [...past, last].map((n) => envelope(n))
      expect(await client.take(due.length)).toEqual(due)
    }
    await begins(new Date(envelope(2).timestamp), 2, 3)
    await begins({ epoch, offset: 2 }, 3, 4)
    await begins(new Date(envelope(9).timestamp))
    await begins({ epoch, offset: 9 })
    await begins({ epoch: 'of a lost history', offset: 0 })
  })

  it('loses and repeats nothing for sockets that open while envelopes are published', async () => {
    const memory = new MemoryTimelineStore()
    const pause = () => new Promise((resolve) => setTimeout(resolve, 2))
    const { mount, address } = await gateway({
      snapshot: true,
      store: {
        async append(record) {
          await pause()
          memory.append(record)
          await pause()
        },
        async timeline(processId) {
          await pause()
          const timeline = memory.timeline(processId)
          await pause()
          return timeline
        },
      },
    })
    const count = 60
    const publishes = Array.from({ length: count }, (_, n) => mount.publish(envelope(n)))
    const clients = []
    for (let n = 0; n < 8; n++) {
      clients.push(await RawClient.open(address('p1')))
      await pause()
    }
    await Promise.all(publishes)
    const due = Array.from({ length: count }, (_, n) => envelope(n))
    for (const client of clients) expect(await client.take(count)).toEqual(due)
    expect(clients.flatMap(({ texts }) => texts)).toEqual([])
  })

  it('can be mounted again after a restart, with the stored envelopes', async () => {
    const duui = duuiMount({ snapshot: true })
    const first = await serve()
    first.server.mount('/processes/:id', duui)
    const second = await serve()
    expect(() => second.server.mount('/processes/:id', duui)).toThrow('in use')
    await second.server.close()
    await duui.publish(envelope(1))
    await first.server.close()
    await expect(duui.publish(envelope(2))).rejects.toThrow('not mounted')
    const third = await serve()
    third.server.mount('/processes/:id', duui)
    const client = await RawClient.open(third.url.replace('/ws', '/processes/p1'))
    expect(JSON.parse(await client.text())).toEqual(envelope(1))
  })

  it('releases its channel with its last socket', async () => {
    const { server, watch } = await gateway()
    const client = await watch('p1')
    expect(server.stats().channels).toBe(1)
    expect(server.connections()).toMatchObject([
      { dialect: 'duui', user: null, channels: ['process:p1'] },
    ])
    client.ws.close()
    await expect
      .poll(() => server.stats())
      .toMatchObject({ connections: 0, channels: 0, subscriptions: 0 })
  })
})

describe('a socket of the stream', () => {
  it('is authenticated with the token of the query', async () => {
    const { server, watch } = await gateway(
      {},
      { authenticate: ({ token }) => (token === 'se cret' ? { id: 'ada' } : undefined) },
    )
    await watch('p1', '?token=se%20cret')
    expect(server.connections()[0]?.user).toEqual({ id: 'ada' })
  })

  it('is closed with the code of a refusal', async () => {
    const { address } = await gateway(
      {},
      {
        authenticate: ({ token }) => (token ? { id: token } : undefined),
        authorize: (_, channel) => channel === 'process:p1',
      },
    )
    const outcome = async (id: string, query = '') =>
      (await RawClient.open(address(id, query))).closed
    expect(await outcome('p1')).toEqual({ code: 4401, reason: 'not-authenticated' })
    expect(await outcome('p2', '?token=ada')).toEqual({ code: 4403, reason: 'forbidden' })
  })

  it('is refused with 400 if its path names no process', async () => {
    const { address } = await gateway()
    const client = new RawClient(address('a%00b'))
    const answer = await new Promise((resolve) =>
      client.ws.on('unexpected-response', (_, response) =>
        response.on('data', (body) =>
          resolve([response.statusCode, JSON.parse(String(body)).code]),
        ),
      ),
    )
    expect(answer).toEqual([400, 'bad-path'])
  })

  it('is closed with 4408 if the hook takes too long', async () => {
    const clock = new ManualClock()
    const { address } = await gateway({}, { clock, authenticate: () => new Promise(() => {}) })
    const client = await RawClient.open(address('p1'))
    await expect.poll(() => clock.timers).toBe(3)
    await clock.advance(10_000)
    expect(await client.closed).toEqual({ code: 4408, reason: 'not authenticated in time' })
  })

  it('is closed with 1011 if the store fails', async () => {
    const store = new MemoryTimelineStore()
    const { address, errors } = await gateway({
      snapshot: true,
      store: {
        append: (record) => store.append(record),
        timeline: () => Promise.reject(new Error('mongo')),
      },
    })
    const client = await RawClient.open(address('p1'))
    expect(await client.closed).toEqual({ code: 1011, reason: 'internal' })
    expect(errors).toMatchObject([{ message: 'mongo' }])
  })

  it('that closes before it is authorized leaves nothing behind', async () => {
    const may = deferred<boolean>()
    const { server, address } = await gateway({}, { authorize: () => may.promise })
    const client = await RawClient.open(address('p1'))
    client.ws.terminate()
    await expect.poll(() => server.stats().connections).toBe(0)
    may.resolve(true)
    await new Promise(setImmediate)
    expect(server.stats().channels).toBe(0)
  })
})

describe('an envelope', () => {
  const { event } = envelope(1)
  const unfit: readonly [string, unknown][] = [
    ['event.context.kind', { timestamp: 1, event: { ...event, context: { status: 'Idle' } } }],
    ['event.context.kind', { timestamp: 1, event: { ...event, context: { kind: '' } } }],
    ['event.context.kind', { timestamp: 1, event: { ...event, context: null } }],
    ['event.process_id', { timestamp: 1, event: { ...event, process_id: '' } }],
    ['event.process_id', { timestamp: 1, event: { ...event, process_id: { $oid: 'x' } } }],
    ['timestamp', { timestamp: 'now', event }],
    ['timestamp', null],
    ['event is not JSON', { timestamp: 1, event: { ...event, big: 1n } }],
  ]
  it.each(unfit)('is refused at publish for its %s', async (reason, value) => {
    const { mount, watch } = await gateway()
    const client = await watch('p1')
    await expect(mount.publish(value as DUUIEnvelope)).rejects.toMatchObject({
      code: 'bad-frame',
      message: expect.stringContaining(reason),
    })
    await mount.publish(envelope(2))
    expect(await client.next()).toEqual(envelope(2))
    expect(await mount.timeline('p1')).toEqual([envelope(2)])
  })

  it('that cannot be stored is not sent', async () => {
    let broken = true
    const { mount, watch } = await gateway({
      store: {
        append: () => (broken ? Promise.reject(new Error('mongo')) : undefined),
        timeline: () => [],
      },
    })
    const client = await watch('p1')
    await expect(mount.publish(envelope(1))).rejects.toThrow('mongo')
    broken = false
    await mount.publish(envelope(2))
    expect(await client.next()).toEqual(envelope(2))
  })

  it('needs a server, and a mount serves one path', async () => {
    await expect(duuiMount().publish(envelope(1))).rejects.toMatchObject({ code: 'bad-option' })
    const { server, mount } = await gateway()
    expect(() => server.mount('/again', mount)).toThrow(/This mount is in use/)
  })

  it('may be changed by the caller afterwards', async () => {
    const { mount } = await gateway()
    const fields = { progress: 1 }
    await mount.publish(envelope(1, 'p1', { fields }))
    fields.progress = 2
    expect((await mount.timeline('p1'))[0]).toEqual(envelope(1, 'p1', { fields: { progress: 1 } }))
  })

  test.prop([fc.dictionary(fc.string(), fc.jsonValue())], { numRuns: 50 })(
    'is stored as it is sent, with any fields',
    async (fields) => {
      const mount = duuiMount()
      const server = createRealtimeServer()
      const sent: unknown[] = []
      server.mount('/:id', mount)
      const receiver = { dialect: duuiServer, user: null, send: (text: string) => sent.push(text) }
      const joined = await server.channels.join('process:any', receiver, () => {})
      if ('code' in joined) throw new Error(joined.code)
      joined.deliverFrom({ epoch: '', offset: 0 })
      await mount.publish(envelope(1, 'any', { fields }))
      const [record] = await mount.timeline('any')
      expect(sent).toEqual([JSON.stringify(record)])
      expect(record).toEqual(JSON.parse(JSON.stringify(envelope(1, 'any', { fields }))))
      await server.close()
    },
  )
})

describe('a socket of a process', () => {
  it('passes the checks of a subscribe: validateChannel, and no family', async () => {
    const { url, address, server } = await gateway(
      {},
      { validateChannel: (name) => name !== 'process:secret', families: ['process'] },
    )
    for (const id of ['*', '%2A', 'a:*']) {
      expect((await refusedUpgrade(address(id))).body.code).toBe('bad-path')
    }
    const client = await RawClient.open(`${url}/processes/secret/events`)
    expect(await client.closed).toEqual({ code: 1008, reason: 'bad-channel' })
    expect(server.stats().subscriptions).toBe(0)
  })

  it.each([
    ['revokeUser', 4403, (of: RealtimeServer) => of.revokeUser('ada', 'process:p1')],
    ['disconnectUser', 4401, (of: RealtimeServer) => of.disconnectUser('ada')],
  ] as const)('does not watch if %s comes while authorize runs', async (_, code, end) => {
    const called = deferred<void>()
    const may = deferred<boolean>()
    const { address, server } = await gateway(
      {},
      {
        authenticate: () => ({ id: 'ada' }),
        authorize: () => {
          called.resolve()
          return may.promise
        },
      },
    )
    const client = await RawClient.open(address('p1'))
    await called.promise
    end(server)
    may.resolve(true)
    expect((await client.closed).code).toBe(code)
    expect(server.stats().subscriptions).toBe(0)
  })
})

describe('a timeline in memory', () => {
  it('keeps 10,000 envelopes of a process and 100,000 in all, and drops the least recently used process', () => {
    const store = new MemoryTimelineStore()
    const fill = (processId: string, count: number) => {
      for (let n = 0; n < count; n++) store.append(envelope(n, processId))
    }
    fill('long', 10_005)
    expect(store.timeline('long')).toHaveLength(10_000)
    expect(store.timeline('long')[0]).toEqual(envelope(5, 'long'))
    for (let n = 0; n < 9; n++) fill(`p${n}`, 10_000)
    fill('long', 1)
    expect(store.timeline('p0')).toHaveLength(10_000)
    fill('one more', 1)
    expect(store.timeline('p0')).toEqual([])
    expect(store.timeline('p1')).toHaveLength(10_000)
    expect(store.timeline('long')).toHaveLength(10_000)
  })
})
