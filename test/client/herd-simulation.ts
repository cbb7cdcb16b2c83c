import { seeded } from 'wirefold/testing'
import { backoffDefaults, backoffDelay } from '../../src/base/backoff.ts'
import { latestRetry } from '../../src/connection/latest-retry.ts'

/** Clients that are disconnected at 0, and a server that is back later with a limited admission rate. */
export interface Crowd {
  readonly clients: number
  readonly perSecond: number
  /** Time at which the server is back, in milliseconds. */
  readonly backAt: number
}

/** Returns the time of a client's next attempt after its nth failure in a row. */
export type Next = (client: number, now: number, failed: number, random: () => number) => number

/** Share of the clients that must be connected in the end. */
const MOST = 0.99
/** Width of the windows in which attempts are counted, in milliseconds. */
const PEAK_MS = 100

/**
 * Simulates the attempts of all clients, millisecond by millisecond, with a linked list (`after`) of
 * the clients due in each. Once it is back, the server admits the first clients of each millisecond
 * and refuses the others; an unused part of its rate remains available for 10 ms.
 *
 * @returns the time until 99 % are connected as a multiple of the shortest possible, and the busiest
 * 100 ms as a multiple of the rate
 */
export function simulateHerd({ clients, perSecond, backAt }: Crowd, next: Next) {
  const optimumMs = (MOST * clients * 1_000) / perSecond
  const end = backAt + Math.ceil(2 * optimumMs)
  const due = new Int32Array(end).fill(-1)
  const after = new Int32Array(clients)
  const failed = new Uint16Array(clients)
  const attempts = new Uint32Array(end)
  const chance = seeded(1)
  const random = () => chance.below(2 ** 30) / 2 ** 30
  const wait = (client: number, now: number): void => {
    const before = failed[client] ?? 0
    const at = Math.floor(next(client, now, before, random))
    const ms = Math.min(Math.max(at, now + 1), end - 1)
    after[client] = due[ms] ?? -1
    due[ms] = client
    failed[client] = before + 1
  }
  for (let client = 0; client < clients; client++) wait(client, -1)
  let [admitted, free, now] = [0, 0, 0]
  for (; now < end && admitted < MOST * clients; now++) {
    if (now >= backAt) free = Math.min(free + perSecond / 1_000, perSecond / 100)
    let arrived = 0
    let client = due[now] ?? -1
    while (client >= 0) {
      const following = after[client] ?? -1
      arrived++
      if (free >= 1) {
        free--
        admitted++
      } else wait(client, now)
      client = following
    }
    attempts[now] = arrived
  }
  return {
    times: (now - backAt) / optimumMs,
    peak: busiest(attempts.subarray(backAt, now)) / perSecond,
  }
}

/** Returns the largest rate of attempts in any window, per second. */
function busiest(attempts: Uint32Array): number {
  let [most, sum] = [0, 0]
  attempts.forEach((count, ms) => {
    sum += count - (attempts[ms - PEAK_MS] ?? 0)
    most = Math.max(most, sum)
  })
  return (most * 1_000) / PEAK_MS
}

/** The timeout of a request, in milliseconds. */
const TIMEOUT_MS = 10_000
/** Share of the clients with a pending request at all times; each repeats it when it times out. */
const REQUESTING = 0.3

/** Number of attempts from which on the waits no longer grow. */
const LONGEST = 30
// The wait is linear in the random number; a table of its bounds saves time.
const numbers = Float64Array.from({ length: LONGEST + 1 }, (_, n) => n)
const shortest = numbers.map((n) => backoffDelay(n, backoffDefaults, 0))
const spread = numbers.map((n) => backoffDelay(n, backoffDefaults, 1) - (shortest[n] ?? 0))

/** Returns the waits of clients with default options, of which the first ones have requests. */
export function defaultWaits({ clients }: Crowd): Next {
  return (client, now, failed, random) => {
    const n = Math.min(failed, LONGEST)
    let at = now + (shortest[n] ?? 0) + (spread[n] ?? 0) * random()
    if (client >= clients * REQUESTING) return at
    const phase = (client * 7_919) % TIMEOUT_MS
    let deadline = now + TIMEOUT_MS - ((now + phase) % TIMEOUT_MS)
    for (let requestedAt = now; requestedAt < at; requestedAt = deadline, deadline += TIMEOUT_MS) {
      at = Math.min(at, latestRetry(requestedAt, deadline, random()) ?? at)
    }
    return at
  }
}
