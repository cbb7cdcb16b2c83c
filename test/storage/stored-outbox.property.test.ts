import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { SettledRequest } from 'wirefold'
import type { StoredRequest } from 'wirefold/indexeddb'
import { MemoryOutboxDatabase } from 'wirefold/testing'
import type { Tab } from './tabs.ts'
import { DEDUPE_MS, tabs } from './tabs.ts'

const TABS = 3
const TTL_MS = 2 * DEDUPE_MS

type Step =
  | { readonly name: 'request' | 'kill' | 'close' | 'open' | 'hide'; readonly tab: number }
  | { readonly name: 'down' | 'up' | 'disconnect' | 'mute' | 'answer' }
  | { readonly name: 'wait'; readonly ms: number }

const tab = fc.nat({ max: TABS - 1 })
const step = fc.oneof(
  { weight: 6, arbitrary: tab.map((n): Step => ({ name: 'request', tab: n })) },
  { weight: 3, arbitrary: tab.map((n): Step => ({ name: 'open', tab: n })) },
  {
    weight: 3,
    arbitrary: fc.record({
      name: fc.constantFrom('kill', 'close', 'hide'),
      tab,
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('down', 'up', 'disconnect', 'mute', 'answer')
      .map((name): Step => ({ name }) as Step),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(0, 1, 500, 11_000, 35_000, DEDUPE_MS / 2, DEDUPE_MS + 1)
      .map((ms): Step => ({ name: 'wait', ms })),
  },
)

/** A database that records the ids of all stored requests. */
class Counting extends MemoryOutboxDatabase {
  readonly stored = new Set<string>()

  override async put(request: StoredRequest, leaseUntil: number) {
    await super.put(request, leaseUntil)
    this.stored.add(request.requestId)
  }
}

describe('tabs that open and close over one stored outbox', () => {
  test.prop([fc.array(step, { maxLength: 40, size: 'max' })], { numRuns: 60 })(
    'run every request once, or report it as failed or as of unknown outcome',
    async (steps) => {
      const database = new Counting()
      const world = tabs(database)
      const { clock, server, applied, behaviour } = world
      /** Codes of requests reported as unanswered, by id. */
      const reported = new Map<string, string>()
      const everyone: Tab[] = []
      const onSettled = ({ request, error }: SettledRequest): void => {
        if (error) reported.set(request.requestId, error.code)
      }
      const open = (): Tab => {
        const one = world.open({ outbox: { ttlMs: TTL_MS }, heartbeat: false })
        one.client.on('settled', onSettled)
        void one.client.connect().catch(() => {})
        everyone.push(one)
        return one
      }
      const present = new Map<number, Tab>()
      const run = async (next: Step): Promise<void> => {
        const one = 'tab' in next ? present.get(next.tab) : undefined
        switch (next.name) {
          case 'open':
            if (!one) present.set(next.tab, open())
            break
          case 'request':
            one?.client.request('a').catch((error) => {
              const { code, detail } = error
              if (detail.requestId && !detail.stored) reported.set(detail.requestId, code)
            })
            break
          case 'kill':
          case 'close':
            if (next.name === 'kill') one?.kill()
            else one?.client.close()
            present.delete(next.tab)
            break
          case 'hide':
            one?.happen('hide')
            await clock.advance(1)
            one?.happen('show')
            break
          case 'down':
            server.transport.refusing = true
            if (server.transport.ends.length > 0) server.drop()
            break
          case 'up':
            server.transport.refusing = false
            break
          case 'disconnect':
            if (server.transport.ends.length > 0) server.drop()
            break
          case 'mute':
          case 'answer':
            behaviour.answers = next.name === 'answer'
            break
          case 'wait':
            await clock.advance(next.ms)
        }
        await clock.advance(1)
      }
      for (const next of steps) await run(next)
      // The last tab handles the remaining requests, until all leases and times to live have ended.
      behaviour.answers = true
      server.transport.refusing = false
      for (const one of everyone) one.kill()
      const last = open()
      await clock.advance(TTL_MS + 60_000)
      expect(database.requests.size).toBe(0)
      expect(last.client.pending.get()).toEqual({ queued: 0, sent: 0 })
      for (const requestId of database.stored) {
        const times = applied.get(requestId) ?? 0
        expect(times).toBeLessThanOrEqual(1)
        if (times === 0)
          expect([requestId, reported.get(requestId)]).toEqual([requestId, expect.any(String)])
      }
      for (const [requestId, code] of reported) {
        const codes = ['request-timeout', 'outcome-unknown', 'outbox-full']
        expect([requestId, code]).toEqual([requestId, expect.toBeOneOf(codes)])
        // A request reported as not sent must not have been run.
        if (code === 'outbox-full') expect(applied.get(requestId)).toBeUndefined()
      }
      last.client.close()
      await clock.advance(1)
    },
    60_000,
  )
})
