import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DEDUPE_MS = 600_000

/** A client whose server carries out `pay` and replies from the second time on. */
async function paying({ times = false, timeoutMs = DAY_MS } = {}, options: ClientOptions = {}) {
  let carriedOut = 0
  const parts = scripted(
    { latencyMs: 20, answer: () => (++carriedOut > 1 ? 'paid' : undefined) },
    { requestTimeoutMs: timeoutMs, ...options },
  )
  const { clock, server, client } = parts
  server.welcome = {
    limits: { dedupeMs: DEDUPE_MS },
    get serverTime() {
      return times ? clock.wall() + server.clockOffsetMs : undefined
    },
  }
  await Promise.all([client.connect(), clock.advance(100)])
  const paid = outcomeOf(client.request('pay'))
  await clock.advance(100)
  /** Sets the wall clock of the client, but not the server's. */
  const setClock = (ms: number): void => {
    clock.shiftWall(ms)
    server.clockOffsetMs -= ms
  }
  const reconnect = async (): Promise<void> => {
    server.drop()
    await clock.advance(2_000)
  }
  return { ...parts, paid, setClock, reconnect }
}

describe('a request sent before the machine slept', () => {
  it('is not sent again once the server has forgotten its reply, even if a clock stood still', async () => {
    for (const times of [false, true]) {
      for (const monotonic of [false, true]) {
        const { clock, server, client, paid, reconnect } = await paying({ times })
        clock.sleep(DEDUPE_MS, monotonic)
        await reconnect()
        expect(paid.error).toMatchObject({ code: 'outcome-unknown' })
        expect([server.count('pay'), client.state.get().name]).toEqual([1, 'open'])
      }
    }
  })

  it('is sent again while the server remembers its reply', async () => {
    for (const times of [false, true]) {
      const { clock, server, paid, reconnect } = await paying({ times })
      clock.sleep(DEDUPE_MS - 60_000, false)
      await reconnect()
      expect([paid, server.count('pay')]).toEqual([{ value: 'paid' }, 2])
    }
  })

  it('times out if its deadline passed meanwhile, and reports that it was sent', async () => {
    const { clock, paid } = await paying({ timeoutMs: 10_000 })
    clock.sleep(HOUR_MS, false)
    await clock.advance(1_000)
    expect(paid.error).toMatchObject({ code: 'request-timeout', detail: { sent: true } })
  })
})

describe('a change of the wall clock', () => {
  it('does not affect a sent request if the server sends its own time', async () => {
    for (const ms of [DAY_MS / 2, -DAY_MS]) {
      const { server, paid, setClock, reconnect } = await paying({ times: true })
      setClock(ms)
      await reconnect()
      expect([paid, server.count('pay')]).toEqual([{ value: 'paid' }, 2])
    }
  })

  it('back on the client hides no sleep if the server sends its own time', async () => {
    const { clock, server, paid, setClock, reconnect } = await paying({ times: true })
    clock.sleep(DEDUPE_MS, false)
    setClock(-HOUR_MS)
    await reconnect()
    expect(paid.error).toMatchObject({ code: 'outcome-unknown' })
    expect(server.count('pay')).toBe(1)
  })

  it('back on the server does not cause a request to be carried out twice', async () => {
    const { clock, server, paid, reconnect } = await paying({ times: true })
    await clock.advance(DEDUPE_MS)
    server.clockOffsetMs = -HOUR_MS
    await reconnect()
    expect(paid.error).toMatchObject({ code: 'outcome-unknown' })
    expect(server.count('pay')).toBe(1)
  })

  it('forward rejects a sent request as outcome-unknown, and has no other effect', async () => {
    const { clock, server, client, paid, setClock, reconnect } = await paying()
    const channels = new ChannelSubscriber(client)
    const news = channels.subscribe('news', () => {})
    await clock.advance(1_000)
    setClock(HOUR_MS)
    await clock.advance(60_000)
    expect(server.transport.ends).toHaveLength(1)
    expect(news.status.get().name).toBe('live')
    expect([server.count('subscribe'), server.count('pay')]).toEqual([1, 1])
    await reconnect()
    expect(paid.error).toMatchObject({ code: 'outcome-unknown' })
    expect(server.count('pay')).toBe(1)
  })

  it('back extends no deadline', async () => {
    const { clock, paid, setClock } = await paying({ timeoutMs: 10_000 })
    setClock(-DAY_MS)
    await clock.advance(9_000)
    expect(paid).toEqual({})
    await clock.advance(1_000)
    expect(paid.error).toMatchObject({ code: 'request-timeout' })
  })
})

describe('a queued request while the machine sleeps', () => {
  it('is not sent after its time to live, even if the connection opens before its timer fires', async () => {
    const { clock, server, client } = scripted({ answer: (type) => type })
    server.transport.refusing = true
    const waits = outcomeOf(client.request('late', undefined, { timeoutMs: DAY_MS }))
    const keeps = outcomeOf(client.request('kept', undefined, { timeoutMs: DAY_MS, ttlMs: DAY_MS }))
    await clock.advance(500)
    clock.sleep(HOUR_MS, false)
    server.transport.refusing = false
    void client.connect()
    await clock.advance(0)
    expect(client.state.get().name).toBe('open')
    expect(waits.error).toMatchObject({
      code: 'request-timeout',
      detail: { sent: false, timeoutMs: 60_000 },
    })
    expect([server.count('late'), keeps]).toEqual([0, { value: 'kept' }])
  })
})
