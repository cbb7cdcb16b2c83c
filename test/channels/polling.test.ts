import { describe, expect, it } from 'vitest'
import type { ClientOptions, EnvironmentEvent, PollingOptions } from 'wirefold'
import { pollWhileDown } from 'wirefold'
import { scripted } from '../support/scripted.ts'

/** A client that retries every second, and polls for the number of its fetches so far. */
function polling(options: Partial<PollingOptions<number>> = {}, client: ClientOptions = {}) {
  const backoff = { minMs: 1_000, initialMs: 0, jitter: 'none' } as const
  const parts = scripted({}, { backoff: { ...backoff, maxRetries: 5 }, ...client })
  parts.client.on('failed', () => {})
  const states: number[] = []
  const signals: AbortSignal[] = []
  const stop = pollWhileDown(parts.client, {
    poll: async (signal) => ({ state: signals.push(signal) }),
    into: { reset: (state) => states.push(state) },
    intervalMs: 400,
    ...options,
  })
  return { ...parts, states, signals, stop }
}

describe('polling', () => {
  it('begins after several failures, repeats at its interval, and stops when the client is open', async () => {
    const { clock, server, client, states } = polling()
    await clock.advance(10_000)
    expect(states).toEqual([])
    client.connect()
    await clock.advance(10)
    server.transport.refusing = true
    server.drop()
    // The disconnect is the first failure; each retry follows after 1 s.
    await clock.advance(1_990)
    expect(states).toEqual([])
    await clock.advance(10)
    expect(states).toEqual([1])
    await clock.advance(800)
    expect(states).toEqual([1, 2, 3])
    server.transport.refusing = false
    await clock.advance(200)
    expect(client.state.get().name).toBe('open')
    await clock.advance(10_000)
    expect(states).toEqual([1, 2, 3])
  })

  it('continues after the client has failed, and ends with its close()', async () => {
    const { clock, server, client, states } = polling({ intervalMs: 60_000 })
    server.transport.refusing = true
    client.connect().catch(() => {})
    await clock.advance(100_000)
    expect(client.state.get().name).toBe('failed')
    expect(states).toEqual([1, 2])
    client.close()
    await clock.advance(1_000_000)
    expect(states).toEqual([1, 2])
    expect(clock.timers).toBe(0)
  })

  it('runs one fetch at a time, and drops its result once the client is open', async () => {
    const open: ((state: number) => void)[] = []
    const { clock, server, client, states } = polling({
      afterFailures: 1,
      poll: () =>
        new Promise((resolve) => {
          open.push((state) => resolve({ state }))
        }),
    })
    client.connect()
    await clock.advance(10)
    server.transport.refusing = true
    server.drop()
    await clock.advance(3_500)
    expect(open).toHaveLength(1)
    open[0]?.(7)
    await clock.advance(400)
    expect(states).toEqual([7])
    expect(open).toHaveLength(2)
    server.transport.refusing = false
    await clock.advance(1_000)
    open[1]?.(8)
    await clock.advance(5_000)
    expect(states).toEqual([7])
    expect(open).toHaveLength(2)
  })

  it('aborts the pending fetch when the client opens, and when polling is released', async () => {
    const aborted: string[] = []
    const never = (name: string) => (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(name)
          reject(signal.reason)
        })
      })
    const { clock, server, client, errors, stop } = polling({
      afterFailures: 1,
      poll: never('until open'),
    })
    const other = new AbortController()
    pollWhileDown(client, {
      poll: never('until released'),
      into: { reset() {} },
      afterFailures: 1,
      signal: other.signal,
    })
    client.connect()
    await clock.advance(10)
    server.transport.refusing = true
    server.drop()
    await clock.advance(500)
    other.abort()
    expect(aborted).toEqual(['until released'])
    server.transport.refusing = false
    await clock.advance(1_000)
    expect(aborted).toEqual(['until released', 'until open'])
    server.drop()
    await clock.advance(500)
    stop()
    stop()
    expect(aborted).toEqual(['until released', 'until open', 'until open'])
    expect(errors).toEqual([])
  })

  it('times out a fetch that never settles, and starts the next', async () => {
    const signals: AbortSignal[] = []
    const answers: ((state: number) => void)[] = []
    const { clock, server, client, states, errors } = polling({
      afterFailures: 1,
      poll: (signal) => {
        signals.push(signal)
        return new Promise((resolve) => answers.push((state) => resolve({ state })))
      },
    })
    server.transport.refusing = true
    client.connect().catch(() => {})
    await clock.advance(40_000)
    expect(errors).toMatchObject([{ code: 'timeout', detail: { timeoutMs: 30_000 } }])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    answers[0]?.(1)
    answers[1]?.(2)
    await clock.advance(1)
    expect(states).toEqual([2])
    client.close()
    expect(signals).toHaveLength(2)
    expect(clock.timers).toBe(0)
  })

  it('reports the same failure once, and again after a success', async () => {
    const outcomes = ['down', 'down', 'broken', 'down', '', 'down', 'down']
    const reported: string[] = []
    const { clock, server, client, states } = polling({
      afterFailures: 1,
      poll: async () => {
        const outcome = outcomes.shift()
        if (outcome) throw new Error(outcome)
        return { state: 1 }
      },
      onError: (error) => {
        reported.push(String(error))
        throw error
      },
      intervalMs: 100,
    })
    const print = console.error
    const printed: unknown[] = []
    console.error = (error) => printed.push(error)
    server.transport.refusing = true
    client.connect()
    await clock.advance(650)
    console.error = print
    expect(outcomes).toEqual([])
    expect(states).toEqual([1])
    expect(reported).toEqual(['Error: down', 'Error: broken', 'Error: down', 'Error: down'])
    expect(printed).toHaveLength(4)
  })

  it('reports an exception of its target to the client, and continues', async () => {
    const { clock, server, client, errors, signals } = polling({
      afterFailures: 1,
      into: {
        reset() {
          throw new Error('no room')
        },
      },
    })
    server.transport.refusing = true
    client.connect()
    await clock.advance(900)
    expect(errors).toEqual([new Error('no room')])
    expect(signals.length).toBeGreaterThan(1)
  })

  it('begins if the platform reports no network, too, but not on a hidden page', async () => {
    let happen: (event: EnvironmentEvent) => void = () => {}
    const environment = {
      online: false,
      follow: (listener: typeof happen) => {
        happen = listener
        return () => {}
      },
      debug: '',
    }
    const { clock, server, client, states } = polling({}, { environment })
    server.transport.refusing = true
    client.connect().catch(() => {})
    await clock.advance(30_000)
    expect(client.state.get().name).toBe('offline')
    expect(states.length).toBeGreaterThan(1)
    happen('hide')
    const before = states.length
    await clock.advance(100_000)
    expect(client.state.get()).toMatchObject({ name: 'offline', retryAt: undefined })
    expect(states).toHaveLength(before)
  })

  it('fetches nothing once its signal is aborted', async () => {
    const { clock, server, client, states } = polling({ signal: AbortSignal.abort() })
    server.transport.refusing = true
    client.connect().catch(() => {})
    await clock.advance(100_000)
    expect(states).toEqual([])
  })
})
