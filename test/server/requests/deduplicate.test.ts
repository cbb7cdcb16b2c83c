import { describe, expect, it } from 'vitest'
import type { RealtimeServerOptions, ReplyLookup, ReplyStore } from 'wirefold/server'
import { MemoryBroker, refuse } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import type { Message } from '../raw-client.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

const add: Message = { type: 'add', requestId: 'r', payload: { by: 2, to: [1, null] } }
const publish: Message = {
  type: 'publish',
  channel: 'a',
  id: 'e',
  requestId: 'p',
  payload: { type: 'moved', payload: { x: 1 } },
}

/** Creates a server that takes the token as the user id, and has a handler that adds up numbers. */
async function counting(options: RealtimeServerOptions = {}) {
  const served = await serve({
    authenticate: ({ token }) => (token === undefined ? null : { id: token }),
    ...options,
  })
  let total = 0
  served.server.handle('add', async (payload, { publish }) => {
    total += (payload as { by: number }).by
    await publish('sums', 'sum', total)
    return total
  })
  return { ...served, total: () => total }
}

/** Creates a memory broker whose reply store has other methods. */
function broker(replies: Partial<ReplyStore>): MemoryBroker {
  const memory = new MemoryBroker()
  const { begin, finish } = memory.replies
  const both = { begin: begin.bind(memory.replies), finish: finish.bind(memory.replies) }
  Object.defineProperty(memory, 'replies', { value: { ...both, ...replies } })
  return memory
}

describe('a repeated request', () => {
  it('gets the same reply, and does not run again', async () => {
    const { url, total } = await counting()
    const client = await RawClient.greeted(url, { senderId: 's' })
    client.send(add)
    const first = await client.text()
    client.send(add)
    expect(await client.text()).toBe(first)
    expect(JSON.parse(first)).toMatchObject({ payload: 2, at: [{ channel: 'sums', offset: 1 }] })
    expect(total()).toBe(2)
  })

  it('is recognised on another connection, and on another server that shares the broker', async () => {
    const shared = new MemoryBroker()
    const [one, two] = [await counting({ broker: shared }), await counting({ broker: shared })]
    const before = await RawClient.greeted(one.url, { token: 'ada' })
    const first = await before.request(add)
    before.ws.terminate()
    for (const { url } of [one, two]) {
      const again = await RawClient.greeted(url, { token: 'ada', senderId: 'anything' })
      expect(await again.request(add)).toEqual(first)
    }
    expect([one.total(), two.total()]).toEqual([2, 0])
  })

  it('is recognised with another timestamp and another order of the payload’s fields', async () => {
    const { url, total } = await counting()
    const client = await RawClient.greeted(url)
    await client.request({ ...add, timestamp: 1 })
    const again = { ...add, timestamp: 2, payload: { to: [1, null], by: 2 } }
    expect((await client.request(again)).payload).toBe(2)
    expect(total()).toBe(2)
  })

  it('waits for the first one if that still runs, also on another connection', async () => {
    const { server, url } = await serve()
    const runs: ReturnType<typeof deferred<string>>[] = []
    server.handle('slow', () => {
      const run = deferred<string>()
      runs.push(run)
      return run.promise
    })
    const slow = { type: 'slow', requestId: 'r' }
    const first = await RawClient.greeted(url, { senderId: 's' })
    first.send([slow, slow])
    await first.settled()
    const second = await RawClient.greeted(url, { senderId: 's' })
    second.send(slow)
    expect(await second.settled()).toEqual([])
    runs[0]?.resolve('done')
    for (const answer of [...(await first.take(2)), await second.next()]) {
      expect(answer).toEqual({ type: 'reply', requestId: 'r', payload: 'done' })
    }
    expect(runs).toHaveLength(1)
  })

  it('gets a reply that was made after the first connection was gone', async () => {
    const { server, url } = await serve()
    const [began, goOn] = [deferred<AbortSignal>(), deferred<void>()]
    let runs = 0
    server.handle('slow', async (_, { signal }) => {
      began.resolve(signal)
      await goOn.promise
      return ++runs
    })
    const slow = { type: 'slow', requestId: 'r' }
    const first = await RawClient.greeted(url, { senderId: 's' })
    first.send(slow)
    const signal = await began.promise
    first.ws.terminate()
    await expect.poll(() => signal.aborted).toBe(true)
    const second = await RawClient.greeted(url, { senderId: 's' })
    second.send(slow)
    expect(await second.settled()).toEqual([])
    goOn.resolve()
    expect(await second.next('reply')).toMatchObject({ payload: 1 })
    const third = await RawClient.greeted(url, { senderId: 's' })
    expect((await third.request(slow)).payload).toBe(1)
    expect(runs).toBe(1)
  })

  it('gets the stored reply even if the permission was revoked since', async () => {
    let may = true
    const { url, total } = await counting({ authorize: () => may })
    const client = await RawClient.greeted(url, { token: 'ada' })
    const about = { ...add, channel: 'sums' }
    const first = await client.request(about)
    const published = await client.request(publish)
    may = false
    expect(await client.request(about)).toEqual(first)
    expect(await client.request(publish)).toEqual(published)
    expect((await client.request({ ...about, requestId: 'new' })).payload).toMatchObject({
      code: 'forbidden',
    })
    expect(total()).toBe(2)
  })

  it('gets a stored final refusal, even once it would be allowed', async () => {
    let may = false
    let runs = 0
    const { server, url, errors } = await serve({ authorize: () => may })
    server.handle('fail', () => {
      runs += 1
      throw runs === 1 ? refuse('sold-out', 'Sold out.') : new Error('bug')
    })
    const client = await RawClient.greeted(url)
    const codeOf = async (message: Message) =>
      ((await client.request(message)).payload as { code: string }).code
    expect(await codeOf(publish)).toBe('forbidden')
    may = true
    expect(await codeOf(publish)).toBe('forbidden')
    for (const [requestId, code] of [
      ['a', 'sold-out'],
      ['b', 'handler-failed'],
    ]) {
      const message = { type: 'fail', requestId: `${requestId}` }
      expect([await codeOf(message), await codeOf(message)]).toEqual([code, code])
    }
    expect([runs, errors.length]).toEqual([2, 1])
  })

  it('runs again after a retryable refusal', async () => {
    const { server, url } = await serve()
    let runs = 0
    server.handle('busy', () => {
      runs += 1
      if (runs < 3) throw refuse('rate-limited', 'Busy.', { retryable: true, retryAfterMs: 5 })
      return runs
    })
    const client = await RawClient.greeted(url)
    const busy = { type: 'busy', requestId: 'r' }
    const answers = []
    for (let n = 0; n < 4; n++) answers.push((await client.request(busy)).type)
    expect(answers).toEqual(['error', 'error', 'reply', 'reply'])
    expect(runs).toBe(3)
  })

  it('is a conflict if its id was used for another request', async () => {
    const { url, total } = await counting({ authorize: () => true })
    const client = await RawClient.greeted(url, { senderId: 's' })
    await client.request(add)
    await client.request(publish)
    const others: readonly Message[] = [
      { ...add, payload: { by: 3, to: [1, null] } },
      { ...add, payload: undefined },
      { ...add, channel: 'sums' },
      { ...add, type: 'multiply' },
      { ...add, id: 'an event' },
      { ...publish, requestId: 'r' },
      { ...publish, id: 'another' },
      { ...publish, channel: 'b' },
      { ...publish, payload: { type: 'moved', payload: { x: 2 } } },
    ]
    for (const other of others) {
      expect(await client.request(other)).toEqual({
        type: 'error',
        requestId: other.requestId,
        payload: {
          code: 'conflict',
          message: 'Another request was sent under this id. Use a new id.',
          retryable: false,
        },
      })
    }
    // A conflict does not affect the first request.
    expect((await client.request(add)).payload).toBe(2)
    expect(total()).toBe(2)
  })

  it('is recognised for 10 minutes', async () => {
    const clock = new ManualClock()
    const { url, total } = await counting({ clock, heartbeatMs: 3_600_000 })
    const client = await RawClient.greeted(url)
    await client.request(add)
    await clock.advance(10 * 60_000 - 1)
    expect((await client.request(add)).payload).toBe(2)
    await clock.advance(1)
    expect((await client.request(add)).payload).toBe(4)
    expect(total()).toBe(4)
  })

  it('is recognised for the dedupeMs of the welcome', async () => {
    const clock = new ManualClock()
    const { url, total } = await counting({ clock, limits: { dedupeMs: 1_000 } })
    await clock.advance(5_000)
    const client = await RawClient.open(url)
    client.send([{ type: 'hello' }, add])
    expect((await client.next('welcome')).payload).toMatchObject({ limits: { dedupeMs: 1_000 } })
    await client.next('reply')
    await clock.advance(1_000)
    await client.request(add)
    expect(total()).toBe(4)
  })
})

describe('the welcome', () => {
  it('limits dedupeMs to the age of the reply store', async () => {
    const clock = new ManualClock()
    const { url } = await counting({ clock })
    const welcomes: unknown[] = []
    for (const waitMs of [0, 7_000, 600_000]) {
      await clock.advance(waitMs)
      const client = await RawClient.open(url)
      client.send({ type: 'hello' })
      welcomes.push((await client.next('welcome')).payload)
    }
    expect(welcomes).toMatchObject(
      [0, 7_000, 600_000].map((dedupeMs) => ({ limits: { dedupeMs } })),
    )
  })
})

describe('a stored reply', () => {
  it('never reaches another user, with any sender id', async () => {
    const { url, total } = await counting()
    const greetings = [
      { token: 'ada', senderId: 's' },
      { token: 'bob', senderId: 's' },
      { senderId: 's' },
      { senderId: 'ada' },
      { senderId: 'user","ada' },
      {},
      {},
    ]
    for (const [n, hello] of greetings.entries()) {
      const client = await RawClient.greeted(url, hello)
      expect((await client.request(add)).payload).toBe(2 * (n + 1))
    }
    expect(total()).toBe(2 * greetings.length)
  })

  it('of an anonymous client without a sender id is for its connection only', async () => {
    const { url, total } = await counting()
    const client = await RawClient.greeted(url)
    await client.request(add)
    await client.request(add)
    expect(total()).toBe(2)
  })
})

describe('a repeated publish', () => {
  const allow = { authorize: () => true }

  it('gets the position of the first one, and is not appended again', async () => {
    const { url } = await serve(allow)
    const reader = await RawClient.greeted(url)
    await reader.subscribe('a')
    const client = await RawClient.greeted(url, { senderId: 's' })
    const first = await client.request(publish)
    client.ws.terminate()
    const again = await RawClient.greeted(url, { senderId: 's' })
    expect(await again.request(publish)).toEqual(first)
    expect(first.at).toMatchObject([{ channel: 'a', offset: 1 }])
    expect(await reader.settled()).toMatchObject([
      { type: 'moved', id: expect.stringMatching(/:e$/), offset: 1 },
    ])
  })

  it('without a requestId is another event', async () => {
    const { server, url } = await serve(allow)
    const client = await RawClient.greeted(url)
    const { requestId: _, ...silent } = publish
    client.send([silent, silent])
    await client.settled()
    expect(await server.publish('a', 'x')).toMatchObject({ offset: 3 })
  })

  it('succeeds after the broker has failed', async () => {
    const failing = new MemoryBroker()
    const append = failing.publish.bind(failing)
    let broken = true
    failing.publish = (channel, event) =>
      broken ? Promise.reject(new Error('redis')) : append(channel, event)
    const { url } = await serve({ ...allow, broker: failing })
    const client = await RawClient.greeted(url)
    expect((await client.request(publish)).payload).toMatchObject({
      code: 'internal',
      retryable: true,
    })
    broken = false
    expect(await client.request(publish)).toMatchObject({ at: [{ offset: 1 }] })
  })
})

describe('a reply store', () => {
  const lookup = (found: ReplyLookup) => ({ begin: async () => found })

  it('gets keys of at most 129 bytes, however long the ids are, one for each sender and id', async () => {
    const keys: string[] = []
    const { url } = await counting({
      broker: broker({
        begin: async (key) => {
          keys.push(key)
          return { state: 'lost' }
        },
      }),
    })
    const ids = ['r', 'r'.repeat(128), '€'.repeat(128), `${'€'.repeat(127)}r`]
    for (const token of ['ada', 'a'.repeat(500)]) {
      const client = await RawClient.greeted(url, { token })
      for (const requestId of ids) await client.request({ ...add, requestId })
    }
    expect(new Set(keys).size).toBe(8)
    expect(new Set(keys.map((key) => key.split('\t')[0])).size).toBe(2)
    expect(Math.max(...keys.map((key) => Buffer.byteLength(key)))).toBeLessThanOrEqual(129)
  })

  it('that lost a result makes a repeat fail with outcome-unknown', async () => {
    const lost = lookup({ state: 'started', record: Promise.resolve(undefined) })
    const { url, total } = await counting({ broker: broker(lost) })
    const client = await RawClient.greeted(url)
    expect((await client.request(add)).payload).toEqual({
      code: 'outcome-unknown',
      message:
        'The request may have been carried out, but its result is lost. Check before you repeat it.',
      retryable: false,
    })
    expect(total()).toBe(0)
  })

  it('that throws a refusal has it sent to the client', async () => {
    const { url, total, errors } = await counting({
      broker: broker({
        begin: () => Promise.reject(refuse('unavailable', 'Later.', { retryable: true })),
      }),
    })
    const client = await RawClient.greeted(url)
    expect((await client.request(add)).payload).toEqual({
      code: 'unavailable',
      message: 'Later.',
      retryable: true,
    })
    expect([total(), errors]).toEqual([0, []])
  })

  it('that fails prevents the run, and the request may be repeated', async () => {
    const error = new Error('redis')
    const failures: readonly Partial<ReplyStore>[] = [
      { begin: () => Promise.reject(error) },
      { begin: async () => ({ state: 'started', record: Promise.reject(error) }) },
    ]
    for (const answers of failures) {
      const { url, total, errors } = await counting({ broker: broker(answers) })
      const client = await RawClient.greeted(url)
      expect((await client.request(add)).payload).toMatchObject({
        code: 'internal',
        retryable: true,
      })
      expect([total(), errors]).toEqual([0, [error]])
    }
  })

  it('that cannot store a reply does not withhold it from the client', async () => {
    const error = new Error('redis')
    const forgetful = broker({ finish: () => Promise.reject(error) })
    const { url, errors } = await counting({ broker: forgetful })
    const client = await RawClient.greeted(url)
    expect((await client.request(add)).payload).toBe(2)
    expect(errors).toEqual([error])
  })
})
