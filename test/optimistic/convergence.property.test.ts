import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { bindList, ChannelSubscriber, OptimisticManager, RealtimeClient } from 'wirefold'
import { ManualClock } from 'wirefold/testing'
import { started } from '../support/started.ts'
import type { Task } from './model-server.ts'
import { CHANNEL, ModelServer } from './model-server.ts'
import { requestApi } from './request-api.ts'

const RUNS = Number(process.env.WIREFOLD_RUNS ?? 500)

/** A client of the model server, and every state of its view. */
function participant(server: ModelServer, clock: ManualClock) {
  const peer = server.join()
  const client = new RealtimeClient('ws://test/', {
    transport: peer.transport,
    clock,
    random: () => 0.5,
    requestTimeoutMs: 10_000_000,
    heartbeat: false,
  })
  client.on('error', () => {})
  const channels = new ChannelSubscriber(client)
  const load = async () => ({ state: [...server.rows.values()], at: server.position })
  const tasks = started(bindList(channels, CHANNEL, { load }))
  const optimistic = new OptimisticManager({
    client,
    api: requestApi(),
  })
  const view = optimistic.view<Task>(tasks)
  const shown: (readonly Task[])[] = []
  view.subscribe((rows) => shown.push(rows))
  /** Tasks whose deletion by this client was refused. */
  const kept = new Set<string>()
  return { peer, client, tasks, optimistic, view, shown, kept }
}

type Participant = ReturnType<typeof participant>

const who = fc.nat({ max: 2 })
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('create' as const), who }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      who,
      which: fc.nat({ max: 3 }),
      fields: fc.constantFrom(['title'], ['note'], ['title', 'note']),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('delete' as const), who, which: fc.nat({ max: 3 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('carry out' as const),
      which: fc.nat({ max: 5 }),
      reject: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('event' as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('reply' as const), who, which: fc.nat({ max: 3 }) }),
  },
)
const disconnect = fc.record({ do: fc.constant('disconnect' as const), who })
const trim = fc.record({ do: fc.constant('trim' as const) })
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
type Fault = typeof disconnect extends fc.Arbitrary<infer S> ? S : never
type Trim = typeof trim extends fc.Arbitrary<infer S> ? S : never

async function play(steps: readonly (Step | Fault | Trim)[], any = false) {
  const clock = new ManualClock()
  const server = new ModelServer(clock)
  server.rows.set('t0', { id: 't0', made: 'first', title: 'first', note: 'first' })
  server.taken.set('t0.title', ['first'])
  server.taken.set('t0.note', ['first'])
  const all = [0, 1, 2].map(() => participant(server, clock))
  await clock.advance(1)
  let tokens = 0
  for (const now of steps) {
    if (now.do === 'carry out') server.carryOut(now.which, now.reject, any)
    else if (now.do === 'trim') server.trim()
    else {
      const one = all[now.who]
      if (one) act(server, one, now, () => `v${++tokens}`)
    }
    await clock.advance(now.do === 'disconnect' ? 2_000 : 0)
  }
  for (let round = 0; round < 3; round++) {
    while (server.waiting.length > 0) server.carryOut(0, false)
    for (const { peer } of all) {
      while (peer.events.length > 0) server.deliverEvent(peer)
      while (peer.replies.length > 0) server.deliverReply(peer, 0)
    }
    await clock.advance(60_000)
  }
  return { server, all }
}

function act(
  server: ModelServer,
  { peer, optimistic, view, tasks, kept }: Participant,
  now: Exclude<Step | Fault, { do: 'carry out' }>,
  token: () => string,
): void {
  const rows = view.get().filter(({ id }) => !id.startsWith('temp_'))
  const row = 'which' in now ? rows[now.which % Math.max(1, rows.length)] : undefined
  switch (now.do) {
    case 'create': {
      const made = token()
      const data = { made, title: made, note: made, token: made }
      optimistic.create<Task>('Task', data, tasks).catch(() => {})
      return
    }
    case 'update': {
      if (!row) return
      const value = token()
      const changes = Object.fromEntries(now.fields.map((field) => [field, value]))
      // The model server reads `token` and `fields` in addition to the changed fields.
      const extra = { ...changes, token: value, fields: now.fields }
      const payload: Partial<Task> = Object.assign({} as Partial<Task>, extra)
      optimistic.update<Task>('Task', row.id, payload, tasks).catch(() => {})
      return
    }
    case 'delete':
      if (row) optimistic.delete('Task', row.id, tasks).catch(() => kept.add(row.made))
      return
    case 'event':
      server.deliverEvent(peer)
      return
    case 'reply':
      server.deliverReply(peer, now.which)
      return
    case 'disconnect':
      peer.end?.close(1006)
  }
}

type Played = Awaited<ReturnType<typeof play>>

/** Every client finally shows the rows of the server, and nothing is pending. */
function converged({ server, all }: Played): void {
  for (const { view, tasks, optimistic } of all) {
    expect(tasks.state.get()).toEqual([...server.rows.values()])
    expect(view.get()).toEqual([...server.rows.values()])
    expect(optimistic.pending.get()).toEqual([])
  }
}

/** No row is ever shown twice. */
function single({ all }: Played): void {
  for (const { shown } of all) {
    for (const rows of shown) {
      const made = rows.map((row) => row.made)
      expect(new Set(made).size, made.join()).toBe(made.length)
    }
  }
}

/** No field returns to an earlier value of the server, except after a refusal. */
function neverBack({ server, all }: Played): void {
  for (const { shown } of all) {
    const last = new Map<string, number>()
    for (const rows of shown) {
      for (const row of rows) {
        for (const field of ['title', 'note'] as const) {
          const position = server.taken.get(`${row.id}.${field}`)?.indexOf(row[field]) ?? -1
          if (position < 0) continue
          const name = `${row.id}.${field}`
          expect(position, `${name} ${row[field]}`).toBeGreaterThanOrEqual(last.get(name) ?? 0)
          last.set(name, position)
        }
      }
    }
  }
}

/** A shown row stays visible until it is deleted. */
function steady({ server, all }: Played): void {
  for (const { shown, kept } of all) {
    const gone = new Set<string>()
    let before = new Set<string>()
    for (const rows of shown) {
      const present = new Set(rows.map(({ made }) => made))
      for (const made of before) if (!present.has(made)) gone.add(made)
      for (const made of present) {
        expect(gone.has(made) && !kept.has(made), `${made} came back`).toBe(false)
      }
      before = present
    }
    for (const made of gone) {
      const exists = [...server.rows.values()].some((row) => row.made === made)
      expect(exists && !kept.has(made), `${made} was not shown any more`).toBe(false)
    }
  }
}

function holds(played: Played): void {
  converged(played)
  single(played)
  neverBack(played)
  steady(played)
}

describe('replies, events and refusals in any order, with several clients', () => {
  const orders = fc.array(step, { minLength: 5, maxLength: 40 })
  test.prop([orders], { numRuns: RUNS })(
    'end with the rows of the server, without duplicates or stale values',
    async (steps) => {
      const played = await play(steps)
      holds(played)
    },
  )

  const disconnects = fc.array(
    fc.oneof({ weight: 8, arbitrary: step }, { weight: 1, arbitrary: disconnect }),
    {
      minLength: 5,
      maxLength: 30,
    },
  )
  test.prop([disconnects], { numRuns: RUNS / 5 })(
    'end in the same way after disconnects that the server recovers',
    async (steps) => {
      const played = await play(steps)
      holds(played)
    },
  )

  const gaps = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: step },
      { weight: 1, arbitrary: disconnect },
      { weight: 1, arbitrary: trim },
    ),
    { minLength: 5, maxLength: 30 },
  )
  test.prop([gaps], { numRuns: RUNS / 5 })(
    'end with the rows of the server after gaps, too',
    async (steps) => {
      const played = await play(steps, true)
      converged(played)
    },
  )
})
