import { describe, expect, it } from 'vitest'
import type { ClientOptions, EnvironmentEvent, PollingOptions } from 'wirefold'
import { pollWhileDown } from 'wirefold'
import { scripted } from '../support/scripted.ts'

/** A client that connects every second, and polls for the number of its fetches so far. */
function polling(options: Partial<PollingOptions<number>> = {}, client: ClientOptions = {}) {
  const backoff = { minMs: 1_000, initialMs: 0, jitter: 'none' } as const
  const parts = scripted({}, { backoff: { ...backoff, maxAttempts: 5 }, ...client })
  parts.client.on('failed', () => {})
  const told: number[] = []
  const signals: AbortSignal[] = []
  const stop = pollWhileDown(parts.client, {
    poll: async (signal) => ({ state: signals.push(signal) }),
    into: { reset: (state) => told.push(state) },
    intervalMs: 400,
    ...options,
  })
  return { ...parts, told, signals, stop }
}

describe('polling', () => {
  it('begins after so many failures, goes on by its interval, and stops when the client is open', async () => {
    const { clock, server, client, told } = polling()
    await clock.advance(10_000)
    expect(told).toEqual([])
    client.connect()
    await clock.advance(10)
    server.transport.refusing = true
    server.drop()
    // The loss is the first failure; the next attempts are after 1 s each.
    await clock.advance(1_990)
    expect(told).toEqual([])
    await clock.advance(10)
    expect(told).toEqual([1])
    await clock.advance(800)
    expect(told).toEqual([1, 2, 3])
    server.transport.refusing = false
    await clock.advance(200)
    expect(client.state.get().name).toBe('open')
    await clock.advance(10_000)
    expect(told).toEqual([1, 2, 3])
  })

  it('goes on after the client has given up, and ends with its close()', async () => {
    const { clock, server, client, told } = polling({ intervalMs: 60_000 })
    server.transport.refusing = true
    client.connect().catch(() => {})
    await clock.advance(100_000)
    expect(client.state.get().name).toBe('failed')
    expect(told).toEqual([1, 2])
    client.close()
    await clock.advance(1_000_000)
    expect(told).toEqual([1, 2])
    expect(clock.timers).toBe(0)
  })

  it('has one fetch at a time, and drops what it brings once the client is open', async () => {
    const open: ((state: number) => void)[] = []
    const { clock, server, client, told } = polling({
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
    expect(told).toEqual([7])
    expect(open).toHaveLength(2)
    server.transport.refusing = false
    await clock.advance(1_000)
    open[1]?.(8)
    await clock.advance(5_000)
    expect(told).toEqual([7])
    expect(open).toHaveLength(2)
  })

  it('aborts the fetch that is under way when the client is open, and when it is released', async () => {
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

  it('ends a fetch that never settles, and goes on with the next', async () => {
    const signals: AbortSignal[] = []
    const answers: ((state: number) => void)[] = []
    const { clock, server, client, told, errors } = polling({
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
    expect(told).toEqual([2])
    client.close()
    expect(signals).toHaveLength(2)
    expect(clock.timers).toBe(0)
  })

  it('reports the same failure once, and again after a success', async () => {
    const outcomes = ['down', 'down', 'broken', 'down', '', 'down', 'down']
    const reported: string[] = []
    const { clock, server, client, told } = polling({
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
    expect(told).toEqual([1])
    expect(reported).toEqual(['Error: down', 'Error: broken', 'Error: down', 'Error: down'])
    expect(printed).toHaveLength(4)
  })

  it('reports to the client what the target throws, and goes on', async () => {
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

  it('begins where the platform reports no network, too, since it may be wrong, but not on a page that was put away', async () => {
    let happen: (event: EnvironmentEvent) => void = () => {}
    const environment = {
      online: false,
      follow: (listener: typeof happen) => {
        happen = listener
        return () => {}
      },
      debug: '',
    }
    const { clock, server, client, told } = polling({}, { environment })
    server.transport.refusing = true
    client.connect().catch(() => {})
    await clock.advance(30_000)
    expect(client.state.get().name).toBe('offline')
    expect(told.length).toBeGreaterThan(1)
    happen('hide')
    const before = told.length
    await clock.advance(100_000)
    expect(client.state.get()).toMatchObject({ name: 'offline', retryAt: undefined })
    expect(told).toHaveLength(before)
  })

  it('fetches nothing once its signal has fired', async () => {
    const { clock, server, client, told } = polling({ signal: AbortSignal.abort() })
    server.transport.refusing = true
    client.connect().catch(() => {})
    await clock.advance(100_000)
    expect(told).toEqual([])
  })
})
