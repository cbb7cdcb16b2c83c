import { IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { indexedDbStorage } from 'wirefold/indexeddb'
import { IndexedDbDatabase } from '../../src/storage/indexeddb-database.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'

/** A client over IndexedDB, which runs in real time, with a manual clock. */
function over(indexedDB: IDBFactory | undefined) {
  const parts = scripted(
    { answer: (type) => type },
    {
      outbox: { storage: indexedDbStorage({ indexedDB }) },
    },
  )
  const until = (check: () => unknown) =>
    vi.waitFor(
      async () => {
        await parts.clock.advance(100)
        check()
      },
      { timeout: 10_000, interval: 1 },
    )
  return { ...parts, until }
}

/**
 * Makes every existing connection throw, as Safari does for a page that was in the background; later
 * connections work.
 */
function killOpenConnections(): void {
  const { transaction } = IDBDatabase.prototype
  let dead: IDBDatabase | undefined
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
    this: IDBDatabase,
    ...args
  ) {
    dead ??= this
    if (dead === this) throw new DOMException('The connection is closing.', 'InvalidStateError')
    return transaction.apply(this, args)
  })
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('an outbox in IndexedDB', () => {
  it('outlives its client, and is sent by the next client', async () => {
    const factory = new IDBFactory()
    const first = over(factory)
    first.server.transport.refusing = true
    const outcomes = ['a', 'b', 'c'].map((type) => outcomeOf(first.client.request(type, { type })))
    await first.until(() => expect(first.client.pending.get().queued).toBe(3))
    first.client.close()
    await first.until(() => expect(outcomes[2]?.error).toMatchObject({ code: 'closed' }))
    const second = over(factory)
    const settled: unknown[] = []
    second.client.on('settled', ({ reply }) => settled.push(reply?.payload))
    void second.client.connect()
    await second.until(() => expect(settled).toEqual(['a', 'b', 'c']))
    const [one, other] = [first, second].map(({ server }) => server.messages[0]?.payload)
    expect(one).toBe(undefined)
    expect(other).toMatchObject({ senderId: expect.any(String) })
    second.client.close()
  })

  it('rejects a request that exceeds the quota, with the error of the database as cause', async () => {
    const { client, server, until } = over(new IDBFactory())
    const stored = outcomeOf(client.request('a'))
    await until(() => expect(stored.value).toBe('a'))
    const full = new DOMException('There is no room.', 'QuotaExceededError')
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw full
    })
    const refused = outcomeOf(client.request('b'))
    await until(() => expect(refused.error).toMatchObject({ code: 'not-stored', cause: full }))
    put.mockRestore()
    expect(server.count('b')).toBe(0)
    client.close()
  })

  it('opens its database again if the connection is dead without an event', async () => {
    const factory = new IDBFactory()
    const opened = vi.spyOn(factory, 'open')
    const { client, errors, until } = over(factory)
    const before = outcomeOf(client.request('a'))
    await until(() => expect(before.value).toBe('a'))
    killOpenConnections()
    const outcomes = ['b', 'c', 'd'].map((type) => outcomeOf(client.request(type)))
    await until(() => expect(outcomes.map(({ value }) => value)).toEqual(['b', 'c', 'd']))
    expect([opened.mock.calls.length, errors]).toEqual([2, []])
    client.close()
  })

  it('opens its database once per call if every connection is dead', async () => {
    const factory = new IDBFactory()
    const { client, errors, until } = over(factory)
    const before = outcomeOf(client.request('a'))
    await until(() => expect(before.value).toBe('a'))
    client.close()
    await until(() => expect(client.state.get().name).toBe('closed'))
    const dead = new DOMException('The connection is closing.', 'InvalidStateError')
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw dead
    })
    const opened = vi.spyOn(factory, 'open')
    const database = new IndexedDbDatabase('wirefold', () => factory)
    await expect(database.delete('x')).rejects.toBe(dead)
    expect(opened).toHaveBeenCalledTimes(2)
    transaction.mockRestore()
    await database.delete('x')
    expect([opened.mock.calls.length, errors]).toEqual([3, []])
  })

  it('opens its database again after a failed transaction', async () => {
    const factory = new IDBFactory()
    const opened = vi.spyOn(factory, 'open')
    const database = new IndexedDbDatabase('wirefold', () => factory)
    await database.identify('one')
    // The row already exists, which aborts the transaction.
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (
      this: IDBObjectStore,
    ) {
      return this.add('ada', 'senderId')
    })
    await expect(database.remember('ada')).rejects.toMatchObject({ name: 'ConstraintError' })
    put.mockRestore()
    await database.remember('bob')
    expect(opened).toHaveBeenCalledTimes(2)
    expect(await database.identify('two')).toEqual({ senderId: 'one', userId: 'bob' })
  })

  it('falls back to memory without IndexedDB, and reports it', async () => {
    const { client, errors, until } = over(undefined)
    const outcomes = outcomeOf(client.request('a'))
    await until(() => expect(outcomes.value).toBe('a'))
    expect(errors).toMatchObject([{ code: 'not-stored', cause: { code: 'not-stored' } }])
    client.close()
  })
})
