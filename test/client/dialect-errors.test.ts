import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber, native, RealtimeClient } from 'wirefold'
import { type Dialect, type DialectFactory, type Intent, jsonCodec } from 'wirefold/dialects'
import { actioncable } from 'wirefold/dialects/actioncable'
import { entity } from 'wirefold/dialects/entity'
import { jsonDialect } from 'wirefold/dialects/json'
import { phoenix } from 'wirefold/dialects/phoenix'
import { pusher } from 'wirefold/dialects/pusher'
import { settle } from 'wirefold/testing'
import { dialled } from '../support/dialled.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'

const printed: unknown[] = []
beforeEach(() => {
  printed.length = 0
  vi.spyOn(console, 'error').mockImplementation((error) => printed.push(error))
})
afterEach(() => {
  vi.restoreAllMocks()
  expect(printed).toEqual([])
})

const cause = new TypeError('id is undefined')
const fail = (): never => {
  throw cause
}

/** The native dialect with other parts. */
const altered =
  (alter: (dialect: Dialect) => Partial<Dialect>): DialectFactory =>
  () => {
    const dialect = native()
    return { ...dialect, ...alter(dialect) }
  }

/** The native dialect, which throws at intents of this kind while `throws` returns true. */
const throwingAt = (kind: Intent['kind'], throws = () => true) =>
  altered(({ encode }) => ({
    encode: (intent) => (intent.kind === kind && throws() ? fail() : encode(intent)),
  }))

/** The error for a method of the native dialect that has thrown. */
const failure = (method: string, dialect = 'native') => ({
  code: 'dialect-failed',
  message: expect.stringContaining(
    `The dialect ${dialect} threw in ${method === 'factory' ? 'its factory' : `${method}()`}: id is undefined.`,
  ),
  detail: { dialect, method },
  cause,
})

describe('an option `dialect` that is none', () => {
  const made = (dialect: unknown) => () =>
    new RealtimeClient('ws://test/', { dialect: dialect as DialectFactory })

  it('is refused where a function with options was not called', () => {
    for (const options of [phoenix, actioncable]) {
      const right = `Use ${options.name}().`
      expect(made(options)).toThrow(
        expect.objectContaining({ code: 'bad-option', message: expect.stringContaining(right) }),
      )
    }
  })

  it('is refused where a dialect was made already', () => {
    expect(made(pusher())).toThrow(/^The dialect is no function\. Use one, such as phoenix\.$/)
  })
})

describe('a factory of a dialect that throws', () => {
  it('makes the constructor of the client throw', () => {
    function broken(): Dialect {
      return fail()
    }
    for (const connectTimeoutMs of [undefined, 5_000]) {
      let error: unknown
      try {
        new RealtimeClient('ws://test/', { dialect: broken, connectTimeoutMs })
      } catch (thrown) {
        error = thrown
      }
      expect(error).toMatchObject(failure('factory', 'broken'))
    }
  })

  it('rejects connect(), if it throws for a socket, and a later connect() tries again', async () => {
    let broken = false
    const dialect: DialectFactory = () => (broken ? fail() : native())
    const { clock, client, errors } = scripted({}, { dialect })
    broken = true
    const connected = outcomeOf(client.connect())
    await clock.advance(1)
    expect(connected.error).toMatchObject(failure('factory'))
    expect(client.state.get()).toMatchObject({ name: 'failed' })
    broken = false
    await Promise.all([client.connect(), clock.advance(1)])
    expect(errors).toEqual([])
    client.close()
  })
})

describe('url() that throws', () => {
  it('rejects connect() with the exception as the cause', async () => {
    const { clock, client, errors } = scripted({}, { dialect: altered(() => ({ url: fail })) })
    const connected = outcomeOf(client.connect())
    await clock.advance(60_000)
    expect(connected.error).toMatchObject(failure('url'))
    expect(errors).toEqual([])
  })

  it('is reported once if no promise is awaited', async () => {
    const { clock, client, errors } = scripted({}, { dialect: altered(() => ({ url: fail })) })
    new ChannelSubscriber(client).subscribe('news', () => {})
    await clock.advance(60_000)
    expect(errors).toMatchObject([failure('url')])
  })
})

describe('encode() that throws', () => {
  it('at the greeting rejects connect(), requests and subscriptions, and closes the socket', async () => {
    const { clock, server, client, errors } = scripted({}, { dialect: throwingAt('hello') })
    const outcomes = [client.connect(), client.request('x')].map(outcomeOf)
    outcomes.push(outcomeOf(new ChannelSubscriber(client).subscribe('news', () => {}).ready))
    await clock.advance(60_000)
    for (const { error } of outcomes) expect(error).toMatchObject(failure('encode'))
    expect(errors).toEqual([])
    expect(server.messages).toEqual([])
    expect(clock.timers).toBe(0)
  })

  it('rejects the request', async () => {
    const { clock, client, errors } = scripted({}, { dialect: throwingAt('request') })
    const asked = outcomeOf(client.request('x'))
    await clock.advance(1)
    expect(asked.error).toMatchObject(failure('encode'))
    expect(errors).toEqual([])
    client.close()
  })

  it('rejects `ready` of the subscription', async () => {
    const { clock, client, errors } = scripted({}, { dialect: throwingAt('subscribe') })
    const { ready } = new ChannelSubscriber(client).subscribe('news', () => {})
    const awaited = outcomeOf(ready)
    await clock.advance(1)
    expect(awaited.error).toMatchObject(failure('encode'))
    expect(errors).toEqual([])
    client.close()
  })

  it('at a ping is reported', async () => {
    const { clock, client, errors } = scripted({}, { dialect: throwingAt('ping') })
    await Promise.all([client.connect(), clock.advance(1)])
    await clock.advance(25_000)
    expect(errors).toMatchObject([failure('encode')])
    client.close()
  })
})

describe.each([
  ['the factory', 'factory'],
  ['url()', 'url'],
  ['encode() of the greeting', 'encode'],
])('during a handoff, %s that throws', (_, method) => {
  it('is reported once, and the client stays on its connection', async () => {
    let broken = false
    const inner = native()
    const dialect: DialectFactory = () => {
      if (broken && method === 'factory') fail()
      return {
        ...inner,
        url: (base) => (broken && method === 'url' ? fail() : base),
        encode: (intent) =>
          broken && method === 'encode' && intent.kind === 'hello' ? fail() : inner.encode(intent),
      }
    }
    const { clock, server, client, errors } = scripted({ answer: (type) => type }, { dialect })
    await Promise.all([client.connect(), clock.advance(10_000)])
    broken = true
    const goaway = { type: 'goaway', payload: { deadlineMs: 20_000, windowMs: 100 } }
    const first = server.transport.last
    first.send(JSON.stringify(goaway))
    await clock.advance(15_000)
    expect(errors).toMatchObject([failure(method)])
    const asked = outcomeOf(client.request('x'))
    await clock.advance(1)
    expect(asked).toEqual({ value: 'x' })
    // A later request of the server is tried again.
    broken = false
    first.send(JSON.stringify(goaway))
    await clock.advance(1_000)
    expect(server.messages.filter(({ type }) => type === 'hello')).toHaveLength(2)
    expect(errors).toHaveLength(1)
    client.close()
  })
})

describe('decode() that throws', () => {
  it('is reported once for a message, and later messages arrive', async () => {
    const dialect = altered(({ decode }) => ({
      decode: (wire) => (JSON.stringify(wire).includes('poison') ? fail() : decode(wire)),
    }))
    const { clock, server, client, errors } = scripted({}, { dialect })
    const received: unknown[] = []
    new ChannelSubscriber(client).subscribe('news', (payload) => received.push(payload))
    await clock.advance(1)
    server.send({ type: 'poison' })
    server.publish('news', 'note', 1)
    await clock.advance(1)
    expect(errors).toMatchObject([failure('decode')])
    expect(received).toEqual([1])
    client.close()
  })

  it('is not blamed for an exception of the codec', async () => {
    const decode = (data: unknown) =>
      String(data).includes('poison') ? fail() : jsonCodec.decode(data)
    const { clock, server, client, errors } = scripted({}, { codec: { ...jsonCodec, decode } })
    await Promise.all([client.connect(), clock.advance(1)])
    server.send({ type: 'poison' })
    await clock.advance(1)
    expect(errors).toEqual([cause])
    client.close()
  })
})

describe('match() that throws', () => {
  it('is reported, does not match, and the channel itself gets its event', async () => {
    const dialect: DialectFactory = () => ({
      ...native(),
      capabilities: { ...native().capabilities, families: false },
      match: fail,
    })
    const { clock, server, client, errors } = scripted({}, { dialect })
    const channels = new ChannelSubscriber(client)
    const received: unknown[] = []
    channels.subscribe('agent:*', () => received.push('family'))
    channels.subscribe('agent:1', () => received.push('channel'))
    await clock.advance(1)
    // As a server without families sends it.
    server.send({ type: 'note', channel: 'agent:1', payload: 1 })
    await clock.advance(1)
    expect(received).toEqual(['channel'])
    expect(errors).toMatchObject([failure('match')])
    client.close()
  })
})

describe('channelOf() that throws', () => {
  it('makes subscribe() throw, and leaves no channel behind', () => {
    const { client, errors } = scripted({}, { dialect: altered(() => ({ channelOf: fail })) })
    const channels = new ChannelSubscriber(client)
    let error: unknown
    try {
      channels.subscribe('news', () => {}, { params: {} })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject(failure('channelOf'))
    expect([channels.size, errors]).toEqual([0, []])
    channels.subscribe('news', () => {})
    client.close()
  })
})

it('keeps the codes of wirefold’s own errors that a dialect lets through', async () => {
  const dialect: DialectFactory = () => ({
    ...entity(),
    url: () => {
      throw Object.assign(new Error('no ids'), { name: 'WirefoldError', code: 'no-crypto' })
    },
  })
  const { client } = scripted({}, { dialect })
  const connected = outcomeOf(client.connect())
  await settle()
  expect(connected.error).toMatchObject({ code: 'no-crypto' })
})

describe('a subscribe of several channels, of which the dialect cannot encode one', () => {
  const bad: Readonly<Record<string, () => readonly [] | undefined>> = {
    'throws for': fail,
    'does not support': () => undefined,
  }
  it.each(Object.entries(bad))(
    'is sent for the others where it %s that one',
    async (_, encodeBad) => {
      const dialect = altered(({ encode }) => ({
        encode: (intent) =>
          intent.kind === 'subscribe' && intent.channels.includes('bad')
            ? encodeBad()
            : encode(intent),
      }))
      const { clock, client, server } = scripted({}, { dialect })
      const channels = new ChannelSubscriber(client, { lingerMs: 0 })
      const onError = (): void => {}
      const all = ['a', 'bad', 'b'].map((name) => channels.subscribe(name, () => {}, { onError }))
      await clock.advance(10)
      expect(all.map(({ status }) => status.get().name)).toEqual(['live', 'refused', 'live'])
      expect([...server.subscribed]).toEqual(['a', 'b'])
      for (const release of all) release()
      await clock.advance(10)
      expect([...server.subscribed]).toEqual([])
    },
  )

  it('sends none of its messages twice', async () => {
    const { clock, client, channels, sent } = dialled(
      jsonDialect({
        receive: { event: { channel: 'room', type: 'event' } },
        send: {
          subscribe: ({ channel }) => ({ join: channel, ...(channel === 'bad' && { large: 1n }) }),
        },
      }),
    )
    const onError = (): void => {}
    const all = ['a', 'bad', 'b'].map((name) => channels.subscribe(name, () => {}, { onError }))
    void client.connect()
    await clock.advance(10)
    expect(sent).toEqual([{ join: 'a' }, { join: 'b' }])
    expect(all.map(({ status }) => status.get().name)).toEqual(['live', 'refused', 'live'])
    client.close()
  })
})
