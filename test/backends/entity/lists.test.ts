import { describe, expect, it } from 'vitest'
import type { ClientOptions, EntityApi, OptimisticOptions } from 'wirefold'
import { bindList, bindRecord, OptimisticManager } from 'wirefold'
import { ManualClock } from 'wirefold/testing'
import type { Fields } from '../../../src/protocol/fields.ts'
import { controlledApi } from '../../optimistic/controlled-api.ts'
import { requestApi } from '../../optimistic/request-api.ts'
import { EntityBackend, tab } from '../../support/entity-backend.ts'
import { outcomeOf } from '../../support/scripted.ts'
import { started } from '../../support/started.ts'

const TASKS = 'entity:Task'

/** A backend with a repository of tasks, and a client with a list of them. */
async function office(options: Omit<OptimisticOptions, 'client'> = {}, own: ClientOptions = {}) {
  const clock = new ManualClock()
  const backend = new EntityBackend(clock)
  const rows = new Map<string, Fields>()
  const put = (id: string, row: Fields, by: string): Fields => {
    const kind = rows.has(id) ? 'updated' : 'created'
    rows.set(id, row)
    backend.changed(kind, id, row, by)
    return row
  }
  let count = 0
  Object.assign(backend.handlers, {
    'task:create': (data: Fields, by: string) => {
      const id = `t${++count}`
      return put(id, { ...data, id }, by)
    },
    'task:update': ({ id, ...changes }: Fields, by: string) => {
      const row = rows.get(String(id))
      if (!row) throw new Error('NOT_FOUND')
      return put(String(id), { ...row, ...changes }, by)
    },
    'task:delete': ({ id }: Fields, by: string) => {
      if (!rows.delete(String(id))) throw new Error('NOT_FOUND')
      backend.changed('deleted', String(id), null, by)
      return null
    },
  })
  put('a', { id: 'a', title: 'a' }, 'u-jon')
  put('b', { id: 'b', title: 'b' }, 'u-jon')
  const seat = (token: string) => {
    const parts = tab(backend, clock, token, own)
    const load = async () => ({ state: [...rows.values()] })
    const tasks = started(bindList<Fields>(parts.channels, TASKS, { load }))
    const optimistic = new OptimisticManager({
      client: parts.client,
      api: requestApi('task:'),
      ...options,
    })
    const view = optimistic.view(tasks)
    const shown = () =>
      view
        .get()
        .map(({ title, _optimistic }) => (_optimistic ? `(${title})` : title))
        .join(' ')
    return { ...parts, tasks, optimistic, shown }
  }
  const ines = seat('ines')
  await clock.advance(1)
  return { clock, backend, rows, put, seat, ...ines }
}

describe('a list over an entity backend', () => {
  it('is equal in two tabs, and consistent with records, for events of either channel', async () => {
    const { clock, seat, shown, channels, optimistic, tasks, rows } = await office()
    const jon = seat('jon')
    const record = started(
      bindRecord<Fields>(channels, 'entity:Task:a', {
        load: async () => ({ state: rows.get('a') }),
      }),
    )
    await clock.advance(1)
    expect(record.state.get()).toEqual({ id: 'a', title: 'a' })
    const settled = outcomeOf(
      Promise.all([
        optimistic.create('Task', { title: 'new' }, tasks),
        jon.optimistic.update('Task', 'a', { title: 'A' }, jon.tasks),
        jon.optimistic.delete('Task', 'b', jon.tasks),
      ]),
    )
    await clock.advance(1)
    expect(settled).toHaveProperty('value')
    expect([shown(), jon.shown()]).toEqual(['A new', 'A new'])
    expect(record.state.get()).toEqual({ id: 'a', title: 'A' })
  })

  it('is fetched again after every disconnect, since the server does not replay events', async () => {
    const { clock, backend, put, shown, tasks } = await office()
    backend.dropAll()
    await clock.advance(1)
    put('c', { id: 'c', title: 'c' }, 'u-jon')
    expect(shown()).toBe('a b')
    await clock.advance(5_000)
    expect(shown()).toBe('a b c')
    expect(tasks.status.get().name).toBe('live')
    put('d', { id: 'd', title: 'd' }, 'u-jon')
    await clock.advance(1)
    expect(shown()).toBe('a b c d')
    expect(backend.all('subscribe').map(({ channel }) => channel)).toEqual([TASKS, TASKS])
  })

  it('reports a subscription limit or a refusal, and does not retry', async () => {
    for (const [code, restrict] of [
      ['subscription-limit', (backend: EntityBackend) => Object.assign(backend, { most: 1 })],
      ['forbidden', (backend: EntityBackend) => backend.forbidden.add('entity:Secret')],
    ] as const) {
      const { clock, backend, channels, shown, errors } = await office()
      restrict(backend)
      const refused: unknown[] = []
      const load = async () => ({ state: [] })
      const onError = (error: unknown) => refused.push(error)
      const secrets = started(bindList(channels, 'entity:Secret', { load, onError }))
      await clock.advance(60_000)
      expect(refused).toMatchObject([{ code }])
      expect(secrets.status.get().name).toBe('refused')
      expect(backend.all('subscribe')).toHaveLength(2)
      expect(errors).toEqual([])
      expect(shown()).toBe('a b')
    }
  })
})

describe.each(['by requests', 'by a custom api'])('optimistic updates %s', (how) => {
  /** Returns the rows shown at once, the rows shown finally, and the outcome. */
  async function done(
    act: (office: Awaited<ReturnType<typeof made>>) => Promise<unknown>,
  ): Promise<unknown[]> {
    const parts = await made()
    const outcome = outcomeOf(act(parts))
    const seen = [parts.shown()]
    expect(outcome).toEqual({})
    await parts.clock.advance(1)
    seen.push(parts.shown())
    expect(parts.optimistic.pending.get()).toEqual([])
    expect(parts.errors).toEqual([])
    return [...seen, outcome]
  }

  function made() {
    if (how === 'by requests') return office()
    // As over HTTP: only the events are received through the socket.
    let handlers: EntityBackend['handlers'] = {}
    const call = async (type: string, payload: Fields) => {
      await Promise.resolve()
      const answer = handlers[type]?.(payload, 'u-ines')
      return answer
    }
    const api: EntityApi = {
      create: (_, data) => call('task:create', Object(data)),
      update: (_, id, changes) => call('task:update', { ...Object(changes), id }),
      delete: (_, id) => call('task:delete', { id }),
    }
    return office({ api }).then((parts) => {
      handlers = parts.backend.handlers
      return parts
    })
  }

  it('show a new row at once, and then the server’s row', async () => {
    expect(
      await done(({ optimistic, tasks }) => optimistic.create('Task', { title: 'new' }, tasks)),
    ).toEqual(['a b (new)', 'a b new', { value: { id: 't1', title: 'new' } }])
  })

  it('show an update at once', async () => {
    expect(
      await done(({ optimistic, tasks }) => optimistic.update('Task', 'a', { title: 'A' }, tasks)),
    ).toEqual(['(A) b', 'A b', { value: { id: 'a', title: 'A' } }])
  })

  it('hide a deleted row at once', async () => {
    expect(await done(({ optimistic, tasks }) => optimistic.delete('Task', 'a', tasks))).toEqual([
      'b',
      'b',
      { value: undefined },
    ])
  })

  it('are rolled back after a refusal, at their old positions', async () => {
    const code = how === 'by requests' ? { code: 'not-found' } : { message: 'NOT_FOUND' }
    const refused = async (act: Parameters<typeof done>[0]) => {
      const [, after, outcome] = await done((parts) => {
        parts.rows.clear()
        return act(parts)
      })
      expect(after).toBe('a b')
      expect(outcome).toMatchObject({ error: code })
    }
    await refused(({ optimistic, tasks }) => optimistic.delete('Task', 'a', tasks))
    await refused(({ optimistic, tasks }) => optimistic.update('Task', 'a', { title: 'A' }, tasks))
  })
})

describe('the broadcast of a row created by the client, without an origin', () => {
  async function creating(holdOwnBroadcastMs?: number) {
    const { api, calls } = controlledApi()
    const parts = await office({ api, holdOwnBroadcastMs })
    const created = outcomeOf(
      parts.optimistic.create<Fields>('Task', { title: 'new' }, parts.tasks),
    )
    const answer = () => calls[0]?.resolve({ id: 'n', title: 'new' })
    return { ...parts, created, answer }
  }

  it('does not duplicate the row if it arrives before the reply', async () => {
    const { clock, put, shown, answer, created } = await creating()
    put('n', { id: 'n', title: 'new' }, 'u-ines')
    await clock.advance(1)
    expect(shown()).toBe('a b (new)')
    await answer()
    expect(shown()).toBe('a b new')
    expect(created).toHaveProperty('value')
  })

  it('does not duplicate the row if it arrives after the reply', async () => {
    const { clock, put, shown, answer } = await creating()
    await answer()
    put('n', { id: 'n', title: 'new' }, 'u-ines')
    await clock.advance(1)
    expect(shown()).toBe('a b new')
  })

  it('does not delay a row of another user', async () => {
    const { clock, put, shown } = await creating()
    put('n', { id: 'n', title: 'new' }, 'u-jon')
    await clock.advance(1)
    expect(shown()).toBe('a b new (new)')
  })

  it('is delayed by two seconds at most, and by none with holdOwnBroadcastMs 0', async () => {
    const { clock, put, shown } = await creating()
    put('n', { id: 'n', title: 'new' }, 'u-ines')
    await clock.advance(1_999)
    expect(shown()).toBe('a b (new)')
    await clock.advance(2)
    expect(shown()).toBe('a b new (new)')
    const open = await creating(0)
    open.put('n', { id: 'n', title: 'new' }, 'u-ines')
    await open.clock.advance(1)
    expect(open.shown()).toBe('a b new (new)')
  })
})

describe('a connection to an entity backend', () => {
  it('that is lost rejects pending mutations, and rolls them back', async () => {
    const { clock, backend, optimistic, tasks, shown } = await office()
    const outcome = outcomeOf(optimistic.update('Task', 'a', { title: 'A' }, tasks))
    // The request was sent, and its reply never arrives.
    for (const end of backend.pair.ends) end.frozen = true
    await clock.advance(1)
    expect(shown()).toBe('(A) b')
    backend.pair.last.frozen = false
    backend.dropAll()
    await clock.advance(1)
    expect(outcome.error).toMatchObject({ code: 'disconnected', detail: { sent: true } })
    expect(shown()).toBe('a b')
  })

  it('is retried ten times with a new token each, then the client fails, and reports it', async () => {
    let calls = 0
    const { clock, backend, client, presence, optimistic, tasks, shown } = await office(
      {},
      { auth: () => `ines${++calls}` },
    )
    const failures: unknown[] = []
    client.on('failed', (error) => failures.push(error))
    const ready = outcomeOf(presence.enter('lobby').ready)
    backend.pair.refusing = true
    backend.dropAll()
    await clock.advance(1)
    const outcome = outcomeOf(optimistic.create('Task', { title: 'new' }, tasks))
    await clock.advance(600_000)
    expect(client.state.get().name).toBe('failed')
    expect(failures).toMatchObject([{ code: 'failed' }])
    expect(backend.pair.ends.map(({ url }) => new URL(url).searchParams.get('token'))).toEqual(
      Array.from({ length: 11 }, (_, n) => `ines${n + 1}`),
    )
    expect(ready.error).toMatchObject({ code: 'failed' })
    expect(outcome.error).toMatchObject({ code: 'request-timeout', detail: { sent: false } })
    expect(shown()).toBe('a b')
    expect(clock.timers).toBe(0)
  })
})
