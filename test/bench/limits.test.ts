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
    // The floor allocates 314: the parsed message.
    ['dispatch', 'library', { library: 'wirefold', channels: 100, frames: 5_000 }, 1_010],
    // The floor allocates 120: the parsed event.
    ['fold', 'way', { way: 'wirefold', events: 10_000 }, 670],
  ] as const)('for a message by %s are within the limit', async (row, role, params, most) => {
    const bytes = await figure('allocated', [row, role, params], harness.ALLOCATION_FLAGS)
    expect(bytes).toBeGreaterThan(100)
    expect(bytes).toBeLessThanOrEqual(most)
  })
})

describe('the bytes that remain', () => {
  it.each([
    ['subscriptions', {}, 570],
    ['subscriptions', { keep: true }, 790],
    ['clients', {}, 13_600],
  ] as const)('of %s %o are within the limit', async (role, params, most) => {
    const flags = ['--expose-gc']
    const bytes = await figure('run', ['heap', role, { library: 'wirefold', ...params }], flags)
    expect(bytes).toBeGreaterThan(100)
    expect(bytes).toBeLessThanOrEqual(most)
  })
})

it('a client that reconnects with 10,000 subscriptions sends four frames', async () => {
  const role = ['reconnect', 'library', { library: 'wirefold' }] as const
  const { frames } = await figure<{ frames: number }>('run', role)
  expect(frames).toBe(4)
})
