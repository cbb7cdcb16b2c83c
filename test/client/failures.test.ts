import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, isWirefoldError, PresenceManager, RealtimeClient } from 'wirefold'
import { ManualClock, ScriptedServer, settle } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'

const printed: unknown[] = []
beforeEach(() => {
  printed.length = 0
  vi.spyOn(console, 'error').mockImplementation((error) => printed.push(error))
})
afterEach(() => vi.restoreAllMocks())

/** A client without listeners; the server refuses every greeting as the native server does. */
function refusing(options: ClientOptions = {}, url = 'ws://test/') {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock })
  server.silent = true
  const lines: string[] = []
  const client = new RealtimeClient(url, {
    ...{ transport: server.transport, clock, random: () => 0.5, auth: () => 'stale' },
    logger: (area, line) => lines.push(`${area} ${line}`),
    ...options,
  })
  client.state.listen((state) => {
    if (state.name !== 'connecting' || state.phase !== 'greeting') return
    server.send({ type: 'error', payload: { code: 'not-authenticated', message: 'Unknown.' } })
    server.drop(4401, 'not-authenticated')
  })
  return { clock, server, client, lines }
}

const throwing = (cause: unknown): ClientOptions['transport'] => ({
  name: 'mine',
  open() {
    throw cause
  },
})

describe('a refused login', () => {
  it('rejects the promise of connect(), with the refusal as its cause, and prints nothing', async () => {
    const { clock, client, lines } = refusing()
    const connected = outcomeOf(client.connect())
    await clock.advance(60_000)
    expect(connected.error).toMatchObject({
      code: 'failed',
      message: expect.stringContaining('4401 not-authenticated'),
      cause: { code: 'not-authenticated' },
    })
    expect(printed).toEqual([])
    expect(lines.some((line) => line.startsWith('errors '))).toBe(true)
  })

  it('rejects pending requests and subscriptions, and prints nothing', async () => {
    const waits: ((client: RealtimeClient) => Promise<unknown>)[] = [
      (client) => client.request('x'),
      (client) => new ChannelSubscriber(client).subscribe('c', () => {}).ready,
      (client) => new PresenceManager(new ChannelSubscriber(client)).enter('doc:1').ready,
    ]
    for (const wait of waits) {
      const { clock, client } = refusing()
      const outcome = outcomeOf(wait(client))
      await clock.advance(5_000)
      expect(outcome.error).toMatchObject({ code: 'failed' })
      expect(printed).toEqual([])
    }
  })

  it('is one error of the client if no promise is pending, and printed without an `error` listener', async () => {
    for (const listens of [true, false]) {
      const { clock, client } = refusing()
      const errors: unknown[] = []
      if (listens) client.on('error', (error) => errors.push(error))
      new ChannelSubscriber(client).subscribe('c', () => {})
      // The ignored promise of connect() does not count as a recipient.
      void client.connect()
      await clock.advance(60_000)
      const received = listens ? errors : printed
      expect(received).toMatchObject([{ code: 'failed' }])
      expect([...errors, ...printed]).toHaveLength(1)
      printed.length = 0
    }
  })

  it('always emits `failed`', async () => {
    const { clock, client } = refusing()
    const failed: unknown[] = []
    client.on('failed', (error) => failed.push(error))
    client.connect().catch(() => {})
    await clock.advance(60_000)
    expect(failed).toHaveLength(1)
    expect(printed).toEqual([])
  })
})

describe('a refusal without a channel', () => {
  it('is an error of the client if the connection is open, since no close may follow', async () => {
    const clock = new ManualClock()
    const server = new ScriptedServer({ clock })
    const client = new RealtimeClient('ws://test/', { transport: server.transport, clock })
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    await Promise.all([client.connect(), clock.advance(1)])
    server.send({ type: 'error', payload: { code: 'rate-limited' } })
    await clock.advance(1)
    expect(errors).toMatchObject([{ code: 'rate-limited' }])
    server.silent = true
    server.drop()
    await clock.advance(2_000)
    server.send({ type: 'error', payload: { code: 'odd' } })
    server.send({ type: 'welcome', payload: {} })
    await clock.advance(1)
    expect(client.state.get().name).toBe('open')
    expect(errors).toMatchObject([{ code: 'rate-limited' }, { code: 'odd' }])
    client.close()
  })
})

describe('credentials that expire on an open connection', () => {
  const expired = { type: 'error', payload: { code: 'not-authenticated', message: 'Expired.' } }

  /** A client whose server refuses its credentials, then closes; `renewed` are accepted again. */
  async function expiring(renewed: boolean) {
    const { clock, server, client, errors } = scripted({}, { auth: () => 'token' })
    const dropped: unknown[] = []
    client.on('dropped', (close) => dropped.push(close))
    await Promise.all([client.connect(), clock.advance(60_000)])
    server.silent = !renewed
    server.send(expired)
    await clock.advance(500)
    server.drop(4401, 'not-authenticated')
    await clock.advance(2_500)
    if (!renewed) server.drop(4401, 'not-authenticated')
    await clock.advance(60_000)
    client.close()
    return { client, errors, dropped }
  }

  it('are no error while auth() has others: the event `dropped` has the refusal', async () => {
    const { errors, dropped } = await expiring(true)
    expect(errors).toEqual([])
    expect(dropped).toMatchObject([{ code: 4401, cause: { code: 'not-authenticated' } }])
  })

  it('are one error where the next are refused, too', async () => {
    const { errors } = await expiring(false)
    expect(errors).toMatchObject([{ code: 'failed', detail: { closeCode: 4401 } }])
  })

  it('are an error where the connection goes on for 2 s after their refusal', async () => {
    const { clock, server, client, errors } = scripted()
    await Promise.all([client.connect(), clock.advance(1)])
    server.send(expired)
    server.send({ type: 'error', payload: { code: 'odd' } })
    await clock.advance(1_900)
    expect(errors).toMatchObject([{ code: 'odd' }])
    await clock.advance(200)
    expect(errors).toMatchObject([{ code: 'odd' }, { code: 'not-authenticated' }])
    server.send(expired)
    client.close()
    await clock.advance(10_000)
    expect([errors.length, clock.timers]).toEqual([2, 0])
  })
})

describe('an address or a transport that fails to open', () => {
  it('rejects connect() with the cause in the message, and prints nothing', async () => {
    const cases: readonly (readonly [string, ClientOptions, string, string])[] = [
      ['ftp://x', {}, 'bad-url', 'ftp://x cannot be opened. Use an address of ws: or wss:'],
      ['ws://192.0.2.1/', {}, 'bad-url', 'is not encrypted'],
      ['ws://test/', { transport: throwing(new Error('no radio')) }, 'bad-url', 'no radio'],
      ['ws://test/', { transport: throwing('unplugged') }, 'bad-url', 'unplugged'],
      ['ws://localhost/', { WebSocket: ThrowingSocket }, 'bad-url', 'The subprotocol is invalid'],
    ]
    for (const [url, options, code, message] of cases) {
      const client = new RealtimeClient(url, { clock: new ManualClock(), ...options })
      let error: unknown
      try {
        await client.connect()
      } catch (cause) {
        error = cause
      }
      expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
      const attempts: unknown = await client.request('x').catch((cause: unknown) => cause)
      expect(attempts).toBe(error)
    }
    expect(printed).toEqual([])
  })

  it('includes the error of the last attempt once the client gives up', async () => {
    const cause = Object.assign(new Event('error'), { message: 'connect ECONNREFUSED 127.0.0.1:1' })
    const client = new RealtimeClient('ws://test/', {
      backoff: { maxRetries: 0 },
      transport: {
        name: 'mine',
        open: (_url, _protocols, { closed }) => {
          queueMicrotask(() => closed({ code: 1006, reason: '', cause }))
          return { bufferedAmount: 0, send() {}, close() {} }
        },
      },
    })
    const error: unknown = await client.connect().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: expect.stringContaining('1006 connect ECONNREFUSED') })
  })
})

describe('the promise of connect()', () => {
  const client = (): RealtimeClient => new RealtimeClient('ftp://x', { clock: new ManualClock() })
  it('rejects for every kind of await', async () => {
    const forwarded = async () => client().connect()
    await Promise.all([
      expect(client().connect()).rejects.toMatchObject({ code: 'bad-url' }),
      expect(Promise.all([client().connect()])).rejects.toMatchObject({ code: 'bad-url' }),
      expect(forwarded()).rejects.toMatchObject({ code: 'bad-url' }),
      client()
        .connect()
        .finally(() => {})
        .catch(() => {}),
    ])
    await settle()
    expect(printed).toEqual([])
  })

  it('prints the failure once if the promise is ignored', async () => {
    void client().connect()
    await settle()
    expect(printed).toMatchObject([{ code: 'bad-url' }])
  })
})

describe('an auth() that rejects', () => {
  it('is reported for each attempt but the last, whose error fails the client', async () => {
    const clock = new ManualClock()
    const errors: unknown[] = []
    let attempts = 0
    const client = new RealtimeClient('ws://test/', {
      ...{ clock, random: () => 0.5, backoff: { maxRetries: 2 } },
      auth: () => Promise.reject(new Error(`signed out ${++attempts}`)),
    })
    client.on('error', (error) => errors.push(error))
    const connected = outcomeOf(client.connect())
    await clock.advance(60_000)
    expect(errors).toMatchObject([{ message: 'signed out 1' }, { message: 'signed out 2' }])
    const { error } = connected
    expect(isWirefoldError(error, 'failed') && error.message).toContain(
      'auth() failed: signed out 3',
    )
    expect(printed).toEqual([])
  })
})

class ThrowingSocket {
  binaryType = ''
  readonly bufferedAmount = 0
  onopen = null
  onmessage = null
  onerror = null
  onclose = null
  constructor() {
    throw new SyntaxError('The subprotocol is invalid')
  }
  send(): void {}
  close(): void {}
}
