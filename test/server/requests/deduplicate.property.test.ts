import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { MemoryBroker, refuse } from 'wirefold/server'
import { settle } from 'wirefold/testing'
import { partsOf, WiredClient } from '../wired.ts'

type Step =
  | {
      readonly name: 'request'
      readonly client: number
      readonly id: number
      readonly body: number
    }
  | { readonly name: 'disconnect'; readonly client: number }
  | { readonly name: 'finish'; readonly run: number; readonly how: 'reply' | 'refuse' | 'busy' }

const user = fc.nat({ max: 1 })
const client = fc.nat({ max: 3 })
const request = fc.record({ id: fc.nat({ max: 2 }), body: fc.nat({ max: 1 }), client })
const finish = fc.record({
  run: fc.nat({ max: 5 }),
  how: fc.constantFrom('reply' as const, 'refuse' as const, 'busy' as const),
})
const step = fc.oneof(
  { weight: 4, arbitrary: request.map((fields): Step => ({ name: 'request', ...fields })) },
  { weight: 1, arbitrary: client.map((one): Step => ({ name: 'disconnect', client: one })) },
  { weight: 3, arbitrary: finish.map((fields): Step => ({ name: 'finish', ...fields })) },
)

/** The runs of one request of one user. */
interface Record {
  readonly body: number
  runs: number
  /** Number of runs that ended with a retryable refusal, and may be followed by another run. */
  again: number
}

/** Creates two servers with one broker, and requests that the test finishes. */
function world() {
  const broker = new MemoryBroker()
  const records = new Map<string, Record>()
  const running: ((how: 'reply' | 'refuse' | 'busy') => void)[] = []
  const cores = [0, 1].map(() => {
    const core = partsOf({ broker, authenticate: ({ token }) => ({ id: token ?? '' }) })
    core.handlers.add('do', (body, { user: who, requestId }) => {
      const key = `${who?.id}/${requestId}`
      const record = records.get(key) ?? { body: body as number, runs: 0, again: 0 }
      records.set(key, record)
      record.runs += 1
      const run = record.runs
      return new Promise((resolve, reject) => {
        running.push((how) => {
          if (how === 'busy') record.again += 1
          if (how === 'reply') resolve({ body, run })
          else reject(refuse(how, 'No.', { retryable: how === 'busy' }))
        })
      })
    })
    return core
  })
  return { cores, records, running }
}

describe('requests that are repeated, in any order, over changing connections', () => {
  test.prop([fc.array(step, { maxLength: 60, size: 'max' }), fc.tuple(user, user, user, user)])(
    'run once, and get the same reply each time',
    async (steps, users) => {
      const { cores, records, running } = world()
      const answers = new Map<string, Set<string>>()
      let open = 0
      const connect = (n: number): WiredClient => {
        const core = cores[n % 2]
        if (!core) throw new Error('There are two servers.')
        const wired = new WiredClient(core, ({ type, requestId, payload }) => {
          if (requestId === undefined) return
          open -= 1
          const { code } = payload as { code?: string }
          const key = `${users[n]}/${requestId}`
          const known = answers.get(key) ?? new Set()
          if (code !== 'conflict' && code !== 'busy') known.add(JSON.stringify([type, payload]))
          answers.set(key, known)
        })
        wired.send({ type: 'hello', payload: { token: `${users[n]}` } })
        return wired
      }
      const clients = users.map((_, n) => ({ wired: connect(n), due: 0 }))
      await settle()
      for (const next of steps) {
        if (next.name === 'finish') running.splice(next.run, 1)[0]?.(next.how)
        else {
          const one = clients[next.client]
          if (!one) throw new Error('There are four clients.')
          if (next.name === 'disconnect') {
            one.wired.disconnect()
            // The replies still due to this connection are lost.
            open -= one.due - one.wired.received.filter((m) => m.requestId !== undefined).length
            one.wired = connect(next.client)
            one.due = 0
          } else {
            one.due += 1
            open += 1
            one.wired.send({ type: 'do', requestId: `${next.id}`, payload: next.body })
          }
        }
        await settle()
      }
      while (running.length) {
        for (const finish of running.splice(0)) finish('reply')
        await settle()
      }
      expect(open).toBe(0)
      for (const record of records.values()) {
        expect(record.runs).toBeLessThanOrEqual(1 + record.again)
      }
      for (const [key, replies] of answers)
        expect([key, replies.size]).toEqual([key, expect.toBeOneOf([0, 1])])
    },
  )
})
