import { describe, expect, it, vi } from 'vitest'
import { native } from 'wirefold'
import type { Mark, StoredRequest } from 'wirefold/indexeddb'
import { MemoryOutboxDatabase, memoryOutboxStorage } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { DEDUPE_MS, tabs } from './tabs.ts'

const LEASE_MS = 30_000
const LOOK_MS = 10_000
const DAY_MS = 24 * 60 * 60_000

const types = (messages: readonly Readonly<Record<string, unknown>>[]) =>
  messages.map(({ type }) => type).filter((type) => type !== 'hello' && type !== 'ping')

/** Tabs whose server is unreachable, and a function that makes it reachable. */
function disconnected(database = new MemoryOutboxDatabase()) {
  const world = tabs(database)
  world.server.transport.refusing = true
  const back = async () => {
    world.server.transport.refusing = false
    await world.clock.advance(20_000)
  }
  return { ...world, database, back }
}

describe('a stored outbox', () => {
  it('stores a request, marks it before it is sent, and deletes it when it is settled', async () => {
    const steps: string[] = []
    class Recording extends MemoryOutboxDatabase {
      override async put(request: StoredRequest, leaseUntil: number) {
        await super.put(request, leaseUntil)
        steps.push(`put ${server.count('a')}`)
      }
      override async mark(mark: Mark) {
        const marked = await super.mark(mark)
        steps.push(`mark ${server.count('a')}`)
        return marked
      }
      override async delete(requestId: string) {
        await super.delete(requestId)
        steps.push(`delete ${server.count('a')}`)
      }
    }
    const { clock, server, open, behaviour } = tabs(new Recording())
    behaviour.answers = false
    const { client } = open()
    await Promise.all([client.connect(), clock.advance(1)])
    const result = outcomeOf(client.request('a'))
    await clock.advance(1)
    expect([steps, server.count('a')]).toEqual([['put 0', 'mark 0'], 1])
    server.send({ type: 'reply', requestId: server.messages.at(-1)?.requestId, payload: 'done' })
    await clock.advance(1)
    expect(result).toEqual({ value: 'done' })
    expect(steps.at(-1)).toBe('delete 1')
  })

  it('sends the requests of a killed tab, each once and in order', async () => {
    const { clock, applied, log, open, back } = disconnected()
    const first = open()
    for (let n = 0; n < 10; n++) outcomeOf(first.client.request(`r${n}`))
    await clock.advance(100)
    first.kill()
    await back()
    const second = open()
    void second.client.connect()
    await clock.advance(LEASE_MS + LOOK_MS)
    expect(log).toEqual(Array.from({ length: 10 }, (_, n) => `r${n}`))
    expect([...applied.values()]).toEqual(Array(10).fill(1))
    expect(second.settled.map(({ reply }) => reply?.payload)).toEqual(log)
    second.client.close()
  })

  it('sends the requests of a closed tab before new ones', async () => {
    const { clock, log, open, back, database } = disconnected()
    const first = open()
    const result = ['a', 'b'].map((type) =>
      outcomeOf(first.client.request(type, undefined, { ordering: 'document' })),
    )
    await clock.advance(100)
    first.client.close()
    await clock.advance(0)
    expect(result.map(({ error }) => error)).toMatchObject([{ code: 'closed' }, { code: 'closed' }])
    expect(database.requests.size).toBe(2)
    const second = open()
    outcomeOf(second.client.request('c', undefined, { ordering: 'document' }))
    await clock.advance(1)
    expect(second.client.pending.get()).toEqual({ queued: 3, sent: 0 })
    await back()
    expect(log).toEqual(['a', 'b', 'c'])
    expect(database.requests.size).toBe(0)
    second.client.close()
  })

  it('stores the sender id, and the expected user', async () => {
    const { clock, server, open } = tabs()
    server.welcome = { userId: 'ada' }
    for (const _ of [1, 2]) {
      const { client } = open()
      await Promise.all([client.connect(), clock.advance(1)])
      client.close()
    }
    const [first, second] = server.messages.map(({ payload }) => payload as Record<string, string>)
    expect(second?.senderId).toBe(first?.senderId)
    expect(second?.clientId).not.toBe(first?.clientId)
    expect([first?.expectUser, second?.expectUser]).toEqual([undefined, 'ada'])
  })

  it('sends unanswered requests again, while the server deduplicates them', async () => {
    const { clock, applied, open, behaviour } = tabs()
    behaviour.answers = false
    const first = open()
    outcomeOf(first.client.request('a'))
    await clock.advance(1)
    first.kill()
    behaviour.answers = true
    const second = open()
    void second.client.connect()
    await clock.advance(LEASE_MS + LOOK_MS)
    expect([...applied.values()]).toEqual([1])
    expect(second.settled).toMatchObject([{ request: { type: 'a' }, reply: { payload: 'a' } }])
    second.client.close()
  })

  it('reports an unknown outcome once the server does not deduplicate any more', async () => {
    const { clock, server, open, behaviour } = tabs()
    behaviour.answers = false
    const first = open()
    outcomeOf(first.client.request('a'))
    outcomeOf(first.client.request('b', undefined, { idempotent: true }))
    await clock.advance(1)
    first.kill()
    await clock.advance(DEDUPE_MS)
    behaviour.answers = true
    const second = open()
    void second.client.connect()
    await clock.advance(1)
    expect(second.settled).toMatchObject([
      { request: { type: 'a' }, error: { code: 'outcome-unknown' } },
      { request: { type: 'b' }, reply: { payload: 'b' } },
    ])
    expect(types(server.messages)).toEqual(['a', 'b', 'b'])
    second.client.close()
  })

  it('sends only idempotent requests again to a backend that does not deduplicate', async () => {
    const { clock, server, open, behaviour } = tabs()
    const dialect = () => {
      const inner = native()
      return { ...inner, capabilities: { ...inner.capabilities, dedupes: false } }
    }
    behaviour.answers = false
    const first = open({ dialect })
    outcomeOf(first.client.request('a'))
    outcomeOf(first.client.request('b', undefined, { idempotent: true }))
    await clock.advance(1)
    first.client.close()
    const second = open({ dialect })
    void second.client.connect()
    await clock.advance(1)
    expect(types(server.messages)).toEqual(['a', 'b', 'b'])
    expect(second.settled).toMatchObject([
      { request: { type: 'a' }, error: { code: 'outcome-unknown' } },
    ])
    second.client.close()
  })

  it('treats the age of a request as unknown after the clock was set back', async () => {
    const { clock, server, open, behaviour } = tabs()
    behaviour.answers = false
    const first = open()
    outcomeOf(first.client.request('a'))
    await clock.advance(LEASE_MS)
    first.client.close()
    clock.shiftWall(-LEASE_MS - 1)
    const second = open()
    void second.client.connect()
    await clock.advance(1)
    expect(second.settled).toMatchObject([{ error: { code: 'outcome-unknown' } }])
    expect(server.count('a')).toBe(1)
    second.client.close()
  })

  it('uses the server’s time if it is known, regardless of changes of the wall clock', async () => {
    for (const [passedMs, setMs, outcome] of [
      [DEDUPE_MS, -DEDUPE_MS / 2, { error: { code: 'outcome-unknown' } }],
      [DEDUPE_MS / 2, DAY_MS / 2, { reply: { payload: 'a' } }],
      [DEDUPE_MS / 2, -DAY_MS, { reply: { payload: 'a' } }],
    ] as const) {
      const { clock, server, applied, open, behaviour } = tabs()
      server.welcome = {
        limits: { dedupeMs: DEDUPE_MS },
        get serverTime() {
          return clock.wall() + server.clockOffsetMs
        },
      }
      behaviour.answers = false
      const first = open()
      outcomeOf(first.client.request('a'))
      await clock.advance(1)
      first.client.close()
      await clock.advance(passedMs)
      clock.shiftWall(setMs)
      server.clockOffsetMs -= setMs
      behaviour.answers = true
      const second = open()
      void second.client.connect()
      await clock.advance(1)
      expect(second.settled).toMatchObject([outcome])
      expect([...applied.values()]).toEqual([1])
      second.client.close()
    }
  })

  it('does not extend the time to live of a request if the clock was set back', async () => {
    const { clock, log, open, back } = disconnected()
    const first = open({ outbox: { ttlMs: 60_000 } })
    outcomeOf(first.client.request('a'))
    await clock.advance(1)
    first.client.close()
    clock.shiftWall(-DAY_MS)
    const second = open()
    void second.client.connect()
    await clock.advance(60_000)
    await back()
    expect(log).toEqual([])
    second.client.close()
  })

  it('does not send an expired request, and reports it to the next client', async () => {
    const { clock, log, open, back, database } = disconnected()
    const first = open({ outbox: { ttlMs: 60_000 } })
    outcomeOf(first.client.request('short', undefined, { ttlMs: 20_000 }))
    outcomeOf(first.client.request('long'))
    await clock.advance(100)
    first.kill()
    await clock.advance(50_000)
    const second = open()
    await back()
    void second.client.connect()
    await clock.advance(1)
    expect(second.settled).toMatchObject([
      {
        request: { type: 'short' },
        error: { code: 'request-timeout', detail: { sent: false, timeoutMs: 20_000 } },
      },
      { request: { type: 'long' }, error: { code: 'request-timeout' } },
    ])
    expect([log, database.requests.size]).toEqual([[], 0])
    second.client.close()
  })

  it('does not send an expired request while the page is open, even after the machine slept', async () => {
    for (const slept of [false, true]) {
      const { clock, log, open, back } = disconnected()
      const { client, settled } = open({ outbox: { ttlMs: 60_000 } })
      const result = outcomeOf(client.request('a'))
      await clock.advance(10_000)
      expect(result.error).toMatchObject({
        code: 'request-timeout',
        detail: { timeoutMs: 10_000, sent: false, stored: true },
      })
      // The monotonic clock may stop during sleep; then no timer fires.
      if (slept) clock.sleep(60_000, false)
      else await clock.advance(60_000)
      await back()
      expect(log).toEqual([])
      expect(settled).toMatchObject([{ error: { code: 'request-timeout' } }])
      client.close()
    }
  })

  it('keeps unsent requests for a day by default', async () => {
    for (const [waitedMs, sent] of [
      [DAY_MS - 60_000, ['a']],
      [DAY_MS, []],
    ] as const) {
      const { clock, log, open, back } = disconnected()
      const first = open()
      outcomeOf(first.client.request('a'))
      await clock.advance(1)
      first.kill()
      await clock.advance(waitedMs)
      const second = open()
      void second.client.connect()
      await back()
      expect(log).toEqual(sent)
      second.client.close()
    }
  })

  it('continues a request after its promise has timed out, and emits its outcome', async () => {
    const { clock, open, back } = disconnected()
    const { client, settled } = open()
    const result = outcomeOf(client.request('a', { n: 1 }, { timeoutMs: 100 }))
    await clock.advance(100)
    expect(result.error).toMatchObject({ code: 'request-timeout', detail: { stored: true } })
    expect(client.pending.get()).toEqual({ queued: 1, sent: 0 })
    await back()
    expect(settled).toMatchObject([
      { request: { type: 'a', payload: { n: 1 } }, reply: { payload: 'a' }, error: undefined },
    ])
    client.close()
  })

  it('reports a failure without a waiting caller or a listener as an error', async () => {
    const { clock, client, server, errors } = scripted(
      {
        answer: () => {
          throw new Error('forbidden')
        },
      },
      { outbox: { storage: memoryOutboxStorage() } },
    )
    server.transport.refusing = true
    const result = outcomeOf(client.request('a', undefined, { timeoutMs: 100 }))
    await clock.advance(100)
    server.transport.refusing = false
    await clock.advance(20_000)
    expect(result.error).toMatchObject({ code: 'request-timeout' })
    expect(errors).toMatchObject([{ code: 'forbidden' }])
    client.close()
  })

  it('deletes an aborted request', async () => {
    const { clock, log, open, back, database } = disconnected()
    const { client } = open()
    const controller = new AbortController()
    const result = outcomeOf(client.request('a', undefined, { signal: controller.signal }))
    await clock.advance(1)
    expect(database.requests.size).toBe(1)
    controller.abort('changed my mind')
    await clock.advance(1)
    expect(result.error).toMatchObject({ code: 'aborted', cause: 'changed my mind' })
    expect(database.requests.size).toBe(0)
    const late = outcomeOf(client.request('b', undefined, { signal: controller.signal }))
    await back()
    expect(late.error).toMatchObject({ code: 'aborted' })
    expect(log).toEqual([])
    client.close()
  })

  it('does not store a volatile request', async () => {
    const { clock, open, database } = disconnected()
    const { client } = open()
    const result = outcomeOf(client.request('a', undefined, { volatile: true }))
    await clock.advance(1)
    expect(result.error).toMatchObject({ code: 'disconnected' })
    expect(database.requests.size).toBe(0)
    client.close()
  })

  it('stores a publish too', async () => {
    const { clock, server, open, back } = disconnected()
    const first = open()
    outcomeOf(first.client.publish('room', 'note', 'hello'))
    await clock.advance(1)
    first.kill()
    await clock.advance(LEASE_MS)
    const second = open()
    void second.client.connect()
    await back()
    expect(server.messages.find(({ type }) => type === 'publish')).toMatchObject({
      channel: 'room',
      payload: { type: 'note', payload: 'hello' },
    })
    second.client.close()
  })

  it('sends the original payload, even if it is changed meanwhile', async () => {
    const { clock, server, open, back } = disconnected()
    const { client } = open()
    const payload = { n: 1 }
    outcomeOf(client.request('a', payload))
    await clock.advance(1)
    payload.n = 2
    await back()
    expect(server.messages.find(({ type }) => type === 'a')?.payload).toEqual({ n: 1 })
    client.close()
  })

  it('keeps unsent requests when the connection fails for good', async () => {
    const { clock, server, log, open, database } = tabs()
    server.silent = true
    const first = open()
    const result = outcomeOf(first.client.request('a'))
    await clock.advance(1)
    server.drop(4403)
    await clock.advance(1)
    expect(result.error).toMatchObject({ code: 'failed' })
    expect(database).toMatchObject({ requests: { size: 1 } })
    expect(clock.timers).toBe(0)
    server.silent = false
    void first.client.connect()
    await clock.advance(1)
    expect(log).toEqual(['a'])
    expect(first.settled).toMatchObject([{ reply: { payload: 'a' } }])
    first.client.close()
  })
})

describe('a stored outbox and its users', () => {
  it('keeps the requests of another user until that user is back', async () => {
    const { clock, server, log, open } = tabs()
    const as = async (userId: string) => {
      server.welcome = { userId, limits: { dedupeMs: DEDUPE_MS } }
      const tab = open()
      void tab.client.connect()
      await clock.advance(1)
      return tab
    }
    const ada = await as('ada')
    server.transport.refusing = true
    server.drop()
    await clock.advance(1)
    outcomeOf(ada.client.request('adas'))
    await clock.advance(1)
    ada.client.close()
    server.transport.refusing = false
    const eve = await as('eve')
    await clock.advance(LEASE_MS + LOOK_MS)
    expect([log, eve.settled, eve.errors]).toEqual([[], [], []])
    eve.client.close()
    const again = await as('ada')
    expect(log).toEqual(['adas'])
    expect(again.settled).toMatchObject([{ request: { type: 'adas' } }])
    again.client.close()
  })

  it('rejects the promises of a user who signed out, and keeps the requests', async () => {
    const { clock, server, log, open, back, database } = disconnected()
    server.transport.refusing = false
    server.welcome = { userId: 'ada' }
    const { client, settled } = open()
    await Promise.all([client.connect(), clock.advance(1)])
    server.transport.refusing = true
    server.drop()
    await clock.advance(1)
    const result = outcomeOf(client.request('adas', undefined, { timeoutMs: DAY_MS }))
    await clock.advance(1)
    server.welcome = { userId: 'eve' }
    await back()
    expect(result.error).toMatchObject({ code: 'identity-changed' })
    expect([log, settled, database.requests.size]).toEqual([[], [], 1])
    server.welcome = { userId: 'ada' }
    server.drop()
    await clock.advance(LEASE_MS + LOOK_MS)
    expect(log).toEqual(['adas'])
    client.close()
  })

  it('deletes requests made before another user turned out to be signed in', async () => {
    const { clock, server, log, open, database } = tabs()
    server.welcome = { userId: 'ada' }
    const adas = open()
    await Promise.all([adas.client.connect(), clock.advance(1)])
    adas.client.close()
    server.welcome = { userId: 'eve' }
    const eves = open()
    const early = outcomeOf(eves.client.request('a'))
    await clock.advance(1)
    expect(early.error).toMatchObject({ code: 'identity-changed' })
    expect([log, database]).toMatchObject([[], { requests: { size: 0 } }])
    const known = outcomeOf(eves.client.request('b'))
    await clock.advance(1)
    expect([known.value, log]).toEqual(['b', ['b']])
    eves.client.close()
  })

  it('sends requests made without a user as the first user to sign in', async () => {
    const { clock, server, log, open, back } = disconnected()
    const first = open()
    outcomeOf(first.client.request('a'))
    await clock.advance(1)
    first.kill()
    await clock.advance(LEASE_MS)
    server.welcome = { userId: 'ada' }
    const second = open()
    void second.client.connect()
    await back()
    expect(log).toEqual(['a'])
    second.client.close()
  })

  it('does not send a request again as a user if it was sent without one', async () => {
    const { clock, server, open, behaviour } = tabs()
    behaviour.answers = false
    const first = open()
    outcomeOf(first.client.request('a'))
    await clock.advance(1)
    first.client.close()
    server.welcome = { userId: 'ada' }
    const second = open()
    void second.client.connect()
    await clock.advance(LEASE_MS + LOOK_MS)
    expect(server.count('a')).toBe(1)
    second.client.close()
  })
})

describe('tabs that share a stored outbox', () => {
  it('send no request twice, and take over from each other', async () => {
    const { clock, server, applied, open, back } = disconnected()
    const [one, other] = [open(), open()]
    for (let n = 0; n < 5; n++) {
      outcomeOf(one.client.request(`one ${n}`))
      outcomeOf(other.client.request(`other ${n}`))
    }
    await clock.advance(DEDUPE_MS)
    one.kill()
    await back()
    expect(types(server.messages).length).toBe(5)
    await clock.advance(LEASE_MS + LOOK_MS)
    expect(types(server.messages)).toHaveLength(10)
    expect([...applied.values()]).toEqual(Array(10).fill(1))
    expect(other.settled).toHaveLength(10)
    other.client.close()
  })

  it('hand over at once when the page is hidden, which resumes when it is shown again', async () => {
    const { clock, log, open, back } = disconnected()
    const hidden = open()
    outcomeOf(hidden.client.request('a'))
    const shown = open()
    outcomeOf(shown.client.request('b'))
    await clock.advance(1)
    shown.happen('hide')
    hidden.happen('hide')
    await clock.advance(1)
    shown.happen('show')
    const next = open()
    // It claims both requests, since they are free; the tab shown again has lost its own.
    void next.client.connect()
    await back()
    expect(log.sort()).toEqual(['a', 'b'])
    expect(next.settled).toHaveLength(2)
    shown.client.close()
    next.client.close()
  })

  it('resume their own requests when shown again, if no other tab has claimed them', async () => {
    const { clock, log, open, back } = disconnected()
    const { client, happen } = open()
    const result = outcomeOf(client.request('a', undefined, { timeoutMs: DAY_MS }))
    await clock.advance(1)
    happen('hide')
    await clock.advance(LEASE_MS)
    happen('show')
    await back()
    expect(log).toEqual(['a'])
    expect(result).toEqual({ value: 'a' })
    client.close()
  })

  it('do not send requests that were claimed while they were frozen', async () => {
    const { clock, server, log, open, back, database } = disconnected()
    const { client } = open()
    const result = outcomeOf(client.request('a', undefined, { timeoutMs: DAY_MS }))
    await clock.advance(1)
    await database.claim({
      ...{ owner: 'another', userId: undefined, limit: 9 },
      now: clock.wall() + LEASE_MS,
      leaseUntil: clock.wall() + DAY_MS,
    })
    server.transport.refusing = false
    await back()
    expect(log).toEqual([])
    expect(result.error).toMatchObject({ code: 'outcome-unknown' })
    expect(database.requests.size).toBe(1)
    client.close()
  })

  it('claim requests of a closed tab only up to the limit of the outbox', async () => {
    const { clock, log, open, database, back } = disconnected()
    const dead = open()
    for (let n = 0; n < 6; n++) outcomeOf(dead.client.request(`r${n}`))
    await clock.advance(1)
    dead.kill()
    await clock.advance(LEASE_MS)
    const heir = open({ outbox: { limit: 4 } })
    void heir.client.connect()
    await clock.advance(1)
    expect(heir.client.pending.get().queued).toBe(4)
    expect(database.requests.size).toBe(6)
    await back()
    await clock.advance(LOOK_MS)
    expect(log).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5'])
    expect(heir.errors).toEqual([])
    heir.client.close()
  })

  it('drop a claimed request if a newer one with the same key is waiting', async () => {
    const { clock, server, log, open, database } = disconnected()
    const dead = open()
    outcomeOf(dead.client.request('old', undefined, { supersede: 'cursor' }))
    await clock.advance(1)
    dead.kill()
    const { client, settled } = open()
    outcomeOf(client.request('new', undefined, { supersede: 'cursor' }))
    await clock.advance(LEASE_MS)
    expect(database.requests.size).toBe(2)
    // The lease has ended when the client is welcomed; until then no reply arrives.
    server.transport.refusing = false
    await clock.advance(20_000)
    expect(log).toEqual(['new'])
    expect(settled).toMatchObject([
      { request: { type: 'old' }, error: { code: 'superseded' } },
      { request: { type: 'new' } },
    ])
    client.close()
  })
})

describe('a stored outbox with many requests', () => {
  it('marks the requests of one tick together, and sends them as one frame', async () => {
    const { clock, server, open, database } = tabs()
    const { client } = open()
    await Promise.all([client.connect(), clock.advance(1)])
    const mark = vi.spyOn(database, 'mark')
    for (let n = 0; n < 20; n++) outcomeOf(client.request(`r${n}`))
    await clock.advance(1)
    expect(mark).toHaveBeenCalledTimes(1)
    expect(server.transport.last.received).toHaveLength(2)
    client.close()
  })

  it('does not count requests that are being marked against the limit', async () => {
    const { clock, open, applied } = tabs()
    const { client } = open()
    await Promise.all([client.connect(), clock.advance(1)])
    const result = Array.from({ length: 300 }, (_, n) => outcomeOf(client.request(`r${n}`)))
    await clock.advance(10)
    expect(result.filter(({ value }) => value)).toHaveLength(300)
    expect(applied.size).toBe(300)
    client.close()
  })

  it('has the same limit as an outbox in memory, and deletes dropped requests', async () => {
    const { clock, open, database } = disconnected()
    const { client } = open({ outbox: { limit: 3 } })
    const result = ['a', 'b', 'c', 'd'].map((type) => outcomeOf(client.request(type)))
    await clock.advance(1)
    expect(result[0]?.error).toMatchObject({ code: 'outbox-full' })
    expect([...database.requests.values()].map(({ outgoing: request }) => request)).toMatchObject([
      { type: 'b' },
      { type: 'c' },
      { type: 'd' },
    ])
    client.close()
  })
})

describe('a storage that fails', () => {
  const full = Object.assign(new Error('full'), { name: 'QuotaExceededError' })

  it('rejects a request that it cannot store, online or not, and does not send it', async () => {
    const { clock, log, open, database } = tabs()
    const { client, errors } = open()
    await Promise.all([client.connect(), clock.advance(1)])
    vi.spyOn(database, 'put').mockRejectedValueOnce(full)
    const refused = outcomeOf(client.request('a'))
    const stored = outcomeOf(client.request('b'))
    await clock.advance(1)
    expect(refused.error).toMatchObject({
      code: 'not-stored',
      cause: full,
      detail: { requestId: expect.any(String) },
    })
    expect([log, stored.value, errors]).toEqual([['b'], 'b', []])
    client.close()
  })

  it('rejects a request that is not plain JSON', async () => {
    const { clock, open } = tabs()
    const { client } = open()
    const result = outcomeOf(client.request('a', 1n))
    await clock.advance(1)
    expect(result.error).toMatchObject({ code: 'not-stored', cause: expect.any(TypeError) })
    client.close()
  })

  it('makes the client fall back to memory, and reports it', async () => {
    const { clock, log, open, database } = tabs()
    vi.spyOn(database, 'identify').mockRejectedValue(full)
    const { client, errors } = open()
    const result = outcomeOf(client.request('a'))
    await clock.advance(1)
    expect(errors).toMatchObject([{ code: 'not-stored', cause: full }])
    expect([result.value, log]).toEqual(['a', ['a']])
    client.close()
    await clock.advance(1)
    expect(clock.timers).toBe(0)
  })

  it('does not block the connection if it never responds', async () => {
    const { clock, open, database } = tabs()
    vi.spyOn(database, 'identify').mockReturnValue(new Promise(() => {}))
    const { client, errors } = open()
    const result = outcomeOf(client.request('a'))
    await clock.advance(4_999)
    expect(client.state.get().name).toBe('connecting')
    await clock.advance(2)
    expect(errors).toMatchObject([{ code: 'not-stored' }])
    expect(result.value).toBe('a')
    client.close()
  })

  it('sends no request that it could not mark, reports it, and tries again', async () => {
    const { clock, server, log, open, database } = tabs()
    const { client, errors } = open()
    await Promise.all([client.connect(), clock.advance(1)])
    const mark = vi.spyOn(database, 'mark').mockRejectedValue(full)
    const result = outcomeOf(client.request('a', undefined, { timeoutMs: DAY_MS }))
    await clock.advance(LOOK_MS)
    expect([server.count('a'), result]).toEqual([0, {}])
    mark.mockRestore()
    await clock.advance(LOOK_MS)
    expect([log, result.value]).toEqual([['a'], 'a'])
    expect(errors[0]).toMatchObject({ code: 'not-stored', cause: full })
    client.close()
  })

  it('marks a new request at once, together with those whose mark failed', async () => {
    const { clock, log, open, database } = tabs()
    const { client } = open()
    await Promise.all([client.connect(), clock.advance(1)])
    const mark = vi.spyOn(database, 'mark').mockRejectedValueOnce(full)
    const result = [outcomeOf(client.request('a'))]
    await clock.advance(10)
    result.push(outcomeOf(client.request('b')))
    await clock.advance(10)
    expect([log, result.map(({ value }) => value)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(mark).toHaveBeenCalledTimes(2)
    client.close()
  })

  it('releases requests that were claimed too late to be sent', async () => {
    const { clock, open, back, database, log } = disconnected()
    const first = open()
    outcomeOf(first.client.request('a'))
    await clock.advance(1)
    first.client.close()
    await clock.advance(1)
    const identify = database.identify.bind(database)
    const late = vi.spyOn(database, 'identify').mockImplementation(async (senderId) => {
      await new Promise<void>((resolve) => clock.after(6_000, resolve))
      return identify(senderId)
    })
    const second = open()
    void second.client.connect()
    await clock.advance(7_000)
    late.mockRestore()
    expect(second.errors).toMatchObject([{ code: 'not-stored' }])
    const third = open()
    void third.client.connect()
    await clock.advance(1)
    expect(third.client.pending.get().queued).toBe(1)
    await back()
    expect(log).toEqual(['a'])
    for (const { client } of [second, third]) client.close()
  })
})

describe('a client with a stored outbox', () => {
  it('leaves stored requests to the next client if closed while reading them', async () => {
    const { clock, log, open, back, database } = disconnected()
    const first = open()
    outcomeOf(first.client.request('a'))
    await clock.advance(1)
    first.client.close()
    await clock.advance(1)
    const claim = database.claim.bind(database)
    const late = vi.spyOn(database, 'claim').mockImplementation(async (wanted) => {
      const claimed = await claim(wanted)
      await new Promise<void>((resolve) => clock.after(100, resolve))
      return claimed
    })
    const second = open()
    const result = outcomeOf(second.client.request('b'))
    await clock.advance(1)
    second.client.close()
    await clock.advance(200)
    late.mockRestore()
    expect(result.error).toMatchObject({ code: 'closed' })
    expect([database.requests.size, second.settled]).toEqual([1, []])
    const third = open()
    void third.client.connect()
    await back()
    expect(log).toEqual(['a'])
    third.client.close()
    await clock.advance(1)
    expect(clock.timers).toBe(0)
  })

  it('opens no database before it is used, and leaves no timers or listeners', async () => {
    const { clock, open, database } = disconnected()
    const identify = vi.spyOn(database, 'identify')
    const { client } = open()
    await clock.advance(1)
    expect([clock.timers, identify.mock.calls]).toEqual([0, []])
    outcomeOf(client.request('a'))
    await clock.advance(LOOK_MS)
    client.close()
    await clock.advance(1)
    expect(clock.timers).toBe(0)
  })

  it('stops its timer while there is no request and no connection', async () => {
    const { clock, server, open } = tabs()
    const { client } = open({ backoff: { minMs: 3_600_000 } })
    await Promise.all([client.connect(), clock.advance(1)])
    server.transport.refusing = true
    server.drop()
    await clock.advance(LOOK_MS)
    // One timer remains: the wait for the next attempt.
    expect(clock.timers).toBe(1)
    client.close()
  })
})
