import { describe, expect, it } from 'vitest'

/**
 * The figures of the benchmarks that are the same in each run, held at what was reached: bytes that
 * are allocated without an optimizing compiler, bytes that remain, and frames. They measure the built
 * package. The limits are for Node 20, a little above the figures; lower them with each gain.
 */
const harness: Harness = await import(new URL('../../bench/harness.js', import.meta.url).href)

interface Harness {
  readonly ALLOCATION_FLAGS: readonly string[]
  start(row: string, role: string, params: object, flags?: readonly string[]): Promise<Role>
}

/** A role of a benchmark in its own process. */
interface Role {
  call<Result>(method: string): Promise<Result>
  kill(): void
}

/** Calls a method of a role in a new process. */
async function figure<Result = number>(
  method: string,
  [row, role, params]: readonly [row: string, role: string, params: object],
  flags?: readonly string[],
): Promise<Result> {
  const child = await harness.start(row, role, params, flags)
  try {
    return await child.call<Result>(method)
  } finally {
    child.kill()
  }
}

describe('the bytes that are allocated', () => {
  it.each([
    // The floor allocates 380: the parsed message.
    ['dispatch', 'library', { library: 'wirefold', channels: 100, frames: 5_000 }, 725],
    // The floor allocates 120: the parsed event.
    ['fold', 'way', { way: 'wirefold', events: 10_000 }, 360],
    // A request with its reply, and the answer of the server in the same process.
    ['round-trip', 'alone', {}, 15_100],
    // The delivery of an event to one of the connections.
    ['fan-out', 'alone', { connections: 500 }, 530],
  ] as const)(
    'for a message of the row %s are within the limit',
    async (row, role, params, most) => {
      const bytes = await figure('allocated', [row, role, params], harness.ALLOCATION_FLAGS)
      expect(bytes).toBeGreaterThan(100)
      expect(bytes).toBeLessThanOrEqual(most)
    },
  )
})

describe('the bytes that remain', () => {
  it.each([
    ['heap', 'subscriptions', 'run', {}, 400],
    ['heap', 'subscriptions', 'run', { keep: true }, 565],
    ['heap', 'clients', 'run', {}, 13_600],
    // A connection of the server without its socket.
    ['fan-out', 'alone', 'kept', { connections: 2_000 }, 2_500],
  ] as const)(
    'of %s, %s, are within the limit (%s %o)',
    async (row, role, method, params, most) => {
      const own = { library: 'wirefold', ...params }
      const bytes = await figure(method, [row, role, own], ['--expose-gc'])
      expect(bytes).toBeGreaterThan(100)
      expect(bytes).toBeLessThanOrEqual(most)
    },
  )
})

it('a client that reconnects with 10,000 subscriptions sends four frames', async () => {
  const role = ['reconnect', 'library', { library: 'wirefold' }] as const
  const { frames } = await figure<{ frames: number }>('run', role)
  expect(frames).toBe(4)
})
