import { describe, expect, it } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { createRealtimeServer, refuse } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { asFields } from '../../../src/protocol/fields.ts'
import { partsOf, WiredClient } from '../wired.ts'

/**
 * Creates a server with a manual clock; its requests of type `job` run until the test ends them.
 */
async function working(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const parts = partsOf({ clock, ...options })
  const running: { readonly payload: unknown; readonly end: () => void }[] = []
  parts.handlers.add(
    'job',
    (payload) =>
      new Promise<void>((resolve) => {
        running.push({ payload, end: () => resolve(undefined) })
      }),
  )
  const client = async () => {
    const wired = new WiredClient(parts)
    wired.send({ type: 'hello' })
    await clock.advance(0)
    wired.received.length = 0
    return wired
  }
  const started = () => running.map(({ payload }) => payload)
  return { clock, parts, running, client, started }
}

const jobs = (...numbers: (string | number)[]) =>
  numbers.map((payload) => ({ type: 'job', requestId: `r${payload}`, payload }))

describe('a handler with a timeout', () => {
  it('aborts its signal, and the client and every repeat get outcome-unknown', async () => {
    const { clock, parts, client } = await working()
    const signals: AbortSignal[] = []
    const options = { timeoutMs: 1_000 }
    const slow = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      signals.push(signal)
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')))
      })
    }
    parts.handlers.add('slow', slow, options)
    const ada = await client()
    ada.send({ type: 'slow', requestId: 'r' })
    await clock.advance(999)
    expect([ada.received, signals[0]?.aborted]).toEqual([[], false])
    await clock.advance(1)
    const unknown = { requestId: 'r', payload: { code: 'outcome-unknown', retryable: false } }
    expect(ada.received).toMatchObject([unknown])
    expect(signals[0]?.aborted).toBe(true)
    ada.send({ type: 'slow', requestId: 'r' })
    await clock.advance(0)
    expect(ada.received).toMatchObject([unknown, unknown])
    expect(signals).toHaveLength(1)
    ada.disconnect()
  })

  it('that returns in time leaves no timer', async () => {
    const { clock, parts, client } = await working()
    parts.handlers.add('quick', () => 1, { timeoutMs: 1_000 })
    const ada = await client()
    ada.send({ type: 'quick', requestId: 'r' })
    await clock.advance(0)
    expect(ada.received).toMatchObject([{ type: 'reply', payload: 1 }])
    expect(clock.timers).toBe(0)
  })

  it.each([0, -1, Number.NaN, '5', null])('of %s ms is a mistake', (timeoutMs) => {
    // @ts-expect-error some come from a caller without types
    const add = () => createRealtimeServer().handle('x', () => {}, { timeoutMs })
    expect(add).toThrow(expect.objectContaining({ code: 'bad-option' }))
  })
})

describe('the options of a handler', () => {
  it.each([
    [{ timeout: 5 }, 'timeout', 'Use timeoutMs'],
    [{ timeoutMS: 5 }, 'timeoutMS', 'Use timeoutMs'],
    [{ once: true }, 'once', 'Use one of timeoutMs, idempotent'],
    [{ idempotent: 'yes' }, 'idempotent', 'Give true or false'],
    [null, 'options', 'Give an object'],
    [5, 'options', 'Give an object'],
  ])('%j are refused', (options, option, advice) => {
    const server = createRealtimeServer()
    // @ts-expect-error a caller without types
    const add = () => server.handle('x', () => {}, options)
    const message = expect.stringContaining(advice)
    expect(add).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option }, message }),
    )
    server.handle('x', () => {}, { timeoutMs: undefined, idempotent: true })
  })
})

describe('running requests', () => {
  it('of one connection have a limit; further ones wait in order', async () => {
    const { clock, client, running, started } = await working({ limits: { runningRequests: 2 } })
    const [ada, bob] = [await client(), await client()]
    ada.send(...jobs(1, 2, 3, 4))
    bob.send(...jobs('b'))
    await clock.advance(0)
    expect(started()).toEqual([1, 2, 'b'])
    running[1]?.end()
    await clock.advance(0)
    running[0]?.end()
    await clock.advance(0)
    expect(started()).toEqual([1, 2, 'b', 3, 4])
    for (const { end } of running) end()
    await clock.advance(0)
    expect(ada.received.map(({ requestId }) => requestId)).toEqual(['r2', 'r1', 'r3', 'r4'])
  })

  it('of all connections have a limit; further ones wait in order', async () => {
    const { clock, client, running, started } = await working({
      limits: { runningRequestsInAll: 2 },
    })
    const clients = [await client(), await client(), await client(), await client()]
    for (const [n, one] of clients.entries()) {
      one.send(...jobs(n))
      await clock.advance(0)
    }
    expect(started()).toEqual([0, 1])
    // The turn of a closed connection goes to the next one.
    clients[2]?.disconnect()
    running[0]?.end()
    await clock.advance(0)
    expect(started()).toEqual([0, 1, 3])
  })

  it('do not delay publishes; at most 1,000 wait', async () => {
    const limits = { runningRequests: 1, messagesPerSecond: Number.POSITIVE_INFINITY }
    const { clock, client, started } = await working({ limits, authorize: () => true })
    const ada = await client()
    ada.send(...jobs(...Array.from({ length: 1_002 }, (_, n) => n)))
    ada.send({ type: 'publish', channel: 'a', requestId: 'p', payload: { type: 'x' } })
    await clock.advance(0)
    expect(started()).toEqual([0])
    const refused = ada.received.filter(({ type }) => type === 'error')
    expect(refused.map(({ requestId }) => requestId)).toEqual(['r1001'])
    expect(asFields(refused[0]?.payload)).toMatchObject({
      ...{ code: 'rate-limited', retryable: true, retryAfterMs: 1_000 },
    })
    expect(ada.received).toContainEqual(expect.objectContaining({ type: 'reply', requestId: 'p' }))
  })
})

describe('a server that closes', () => {
  it('leaves no timer of a hook or handler that hangs, and reports none of them', async () => {
    const errors: unknown[] = []
    const never = () => new Promise<never>(() => {})
    const hooks = [() => null, never]
    const { clock, parts, client } = await working({
      authenticate: () => hooks.shift()?.(),
      authorize: never,
      onError: (error) => errors.push(error),
    })
    parts.handlers.add('hangs', never, { timeoutMs: 60_000 })
    const ada = await client()
    ada.send(
      { type: 'subscribe', requestId: 's', payload: { channels: ['a'] } },
      { type: 'job', requestId: 'j', channel: 'a' },
    )
    const bob = new WiredClient(parts)
    bob.send({ type: 'hello' })
    await clock.advance(0)
    expect(clock.timers).toBeGreaterThan(1)
    ada.disconnect()
    bob.disconnect()
    await parts.channels.close()
    await clock.advance(0)
    expect([clock.timers, errors]).toEqual([0, []])
  })
})

describe('a refusal of the store of replies', () => {
  it('is counted like any other', async () => {
    const { clock, parts, client } = await working()
    parts.broker.replies.begin = async () => {
      throw refuse('unavailable', 'The store is away.', { retryable: true })
    }
    const ada = await client()
    ada.send({ type: 'job', requestId: 'r' })
    await clock.advance(0)
    expect(parts.counters.refusals).toEqual({ unavailable: 1 })
  })
})
