import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClientOptions, Environment, EnvironmentEvent } from 'wirefold'
import { RealtimeClient } from 'wirefold'
import type { FarEnd } from 'wirefold/testing'
import { ManualClock, MemoryPair, seeded } from 'wirefold/testing'

const CLIENTS = 200
/** Upper bound of the time, as a multiple of what the server needs without wasted work. */
const MOST_TIMES = 4
const WELCOME = JSON.stringify({ type: 'welcome', payload: { connectionId: 'c' } })

/**
 * A server that works on one job at a time, in order of arrival: half the work of a welcome is to
 * accept the socket, the other half to reply to the greeting. A socket that the client has given up
 * costs as much as any other, since the server notices only when its job is due. Welcomed clients
 * cost nothing more.
 */
class BusyServer {
  readonly transport: MemoryPair
  readonly #clock: ManualClock
  readonly #jobMs: number
  #freeAt = 0

  constructor(clock: ManualClock, welcomeMs: number) {
    this.#clock = clock
    this.#jobMs = welcomeMs / 2
    this.transport = new MemoryPair({
      clock,
      autoAccept: false,
      onConnect: (end) => this.#met(end),
    })
  }

  #met(end: FarEnd): void {
    end.onMessage = () => this.#work(() => end.send(WELCOME))
    this.#work(() => end.accept())
  }

  #work(job: () => void): void {
    this.#freeAt = Math.max(this.#freeAt, this.#clock.now()) + this.#jobMs
    this.#clock.after(this.#freeAt - this.#clock.now(), job)
  }
}

/** Connects all clients at once to a server that needs `workMs` to welcome all of them. */
async function crowd(workMs: number, seed: number) {
  const clock = new ManualClock()
  const { transport } = new BusyServer(clock, workMs / CLIENTS)
  const chance = seeded(seed)
  const random = () => chance.below(1_000_000) / 1_000_000
  const clients = Array.from(
    { length: CLIENTS },
    () => new RealtimeClient('ws://test/', { transport, clock, random, heartbeat: false }),
  )
  const open = () => clients.filter((client) => client.state.get().name === 'open').length
  for (const client of clients) client.connect().catch(() => {})
  while (open() < CLIENTS && clock.now() < MOST_TIMES * workMs) await clock.advance(1_000)
  const welcomed = open()
  for (const client of clients) client.close()
  return { welcomed, dialsEach: transport.ends.length / CLIENTS }
}

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

describe('two hundred clients that connect at once', () => {
  it('are welcomed at the first attempt if the server needs less time than the deadline', async () => {
    expect(await crowd(8_000, 1)).toEqual({ welcomed: CLIENTS, dialsEach: 1 })
  })

  for (const seconds of [15, 20, 40, 60]) {
    it(`are welcomed within four times the ${seconds} s that the server needs for its welcomes`, async () => {
      for (const seed of [1, 2]) {
        const { welcomed, dialsEach } = await crowd(seconds * 1_000, seed)
        expect(welcomed).toBe(CLIENTS)
        expect(dialsEach).toBeLessThan(5)
      }
    })
  }
})

/** A client whose server never answers, with the duration of each of its attempts, in seconds. */
function unanswered(options: ClientOptions = {}) {
  const clock = new ManualClock()
  const transport = new MemoryPair({ clock, autoAccept: false })
  const around = new Set<(event: EnvironmentEvent) => void>()
  const environment: Environment = {
    online: true,
    debug: '',
    follow: (listener) => {
      around.add(listener)
      return () => around.delete(listener)
    },
  }
  const client = new RealtimeClient('ws://test/', {
    transport,
    clock,
    environment,
    random: () => 0,
    ...options,
  })
  const lasted: number[] = []
  let since = 0
  client.state.listen(({ name }) => {
    if (name === 'connecting') since = clock.now()
    else if (name === 'waiting' || name === 'failed')
      lasted.push(Math.round(clock.now() - since) / 1_000)
  })
  client.connect().catch(() => {})
  const happens = (event: EnvironmentEvent) => {
    for (const listener of around) listener(event)
  }
  return { clock, transport, client, lasted, happens }
}

describe('the connect deadline', () => {
  it('doubles with each attempt that times out, up to 80 s', async () => {
    const { clock, client, lasted } = unanswered()
    await clock.advance(320_000)
    expect(lasted).toEqual([10, 20, 40, 80, 80, 80])
    client.close()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('is reset by a welcome', async () => {
    const { clock, transport, client, lasted } = unanswered({ heartbeat: false })
    await clock.advance(32_000)
    expect(lasted).toEqual([10, 20])
    while (client.state.get().name !== 'connecting') await clock.advance(100)
    transport.last.accept()
    await clock.advance(0)
    transport.last.send(WELCOME)
    await clock.advance(100)
    expect(client.state.get().name).toBe('open')
    transport.last.close(1006)
    await clock.advance(20_000)
    expect(lasted[3]).toBe(10)
    client.close()
  })

  it('grows while a client moves to another server, too', async () => {
    const { clock, transport, client } = unanswered({ heartbeat: false })
    transport.last.accept()
    await clock.advance(0)
    transport.last.send(WELCOME)
    transport.last.send('{"type":"goaway","payload":{"deadlineMs":90000,"windowMs":10000}}')
    await clock.advance(0)
    const dialled: number[] = []
    for (let known = 1; clock.now() < 80_000; await clock.advance(1_000)) {
      if (transport.ends.length > known) dialled.push(clock.now() / 1_000)
      known = transport.ends.length
    }
    expect(dialled).toEqual([0, 10, 30, 70])
    client.close()
  })

  for (const event of ['online', 'wake'] as const) {
    it(`is reset, and restarted, at '${event}'`, async () => {
      const { clock, client, lasted, happens } = unanswered()
      await clock.advance(35_000)
      expect(lasted).toEqual([10, 20])
      happens(event)
      happens(event)
      await clock.advance(9_000)
      expect(lasted).toHaveLength(2)
      await clock.advance(1_000)
      // The attempt was about four seconds old.
      expect(lasted[2]).toBe(14.1)
      await clock.advance(21_000)
      expect(lasted.slice(3)).toEqual([20])
      client.close()
    })
  }

  it('stays constant if attempts are limited, since the application waits for the last of them', async () => {
    const { clock, client, lasted } = unanswered({ backoff: { maxRetries: 3 } })
    client.on('failed', () => {})
    await clock.advance(400_000)
    expect(lasted).toEqual([10, 10, 10, 10])
  })
})
