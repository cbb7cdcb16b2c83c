import { IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { describe, expect, it, vi } from 'vitest'
import { indexedDbStorage } from 'wirefold/indexeddb'
import { outcomeOf, scripted } from '../support/scripted.ts'

/** A client over IndexedDB, whose turns are real though its time is not. */
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

describe('an outbox in IndexedDB', () => {
  it('outlives its client, and is sent by the next client', async () => {
    const factory = new IDBFactory()
    const first = over(factory)
    first.server.transport.refusing = true
    const asked = ['a', 'b', 'c'].map((type) => outcomeOf(first.client.request(type, { type })))
    await first.until(() => expect(first.client.pending.get().queued).toBe(3))
    first.client.close()
    await first.until(() => expect(asked[2]?.error).toMatchObject({ code: 'closed' }))
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

  it('falls back to memory without IndexedDB, and reports it', async () => {
    const { client, errors, until } = over(undefined)
    const asked = outcomeOf(client.request('a'))
    await until(() => expect(asked.value).toBe('a'))
    expect(errors).toMatchObject([{ code: 'not-stored', cause: { code: 'not-stored' } }])
    client.close()
  })
})
