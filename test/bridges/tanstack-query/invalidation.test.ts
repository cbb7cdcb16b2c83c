import { QueryObserver } from '@tanstack/query-core'
import { describe, expect, it, vi } from 'vitest'
import type { InvalidationOptions } from 'wirefold/tanstack-query'
import { started } from '../../support/started.ts'
import { bridged } from './bridged.ts'

/** Orders and a total on the server, each a query that takes 20 ms, and a channel of changed orders. */
async function shop(options: Partial<InvalidationOptions> = {}) {
  const parts = bridged()
  const { clock, server, queries, bridge } = parts
  const rows = new Map([
    ['1', 'new'],
    ['2', 'new'],
  ])
  const fetches: string[] = []
  const use = (name: string, read: () => unknown, queryKey: readonly string[]) =>
    new QueryObserver(queries, {
      queryKey,
      staleTime: Number.POSITIVE_INFINITY,
      async queryFn() {
        fetches.push(name)
        const result = read()
        await new Promise<void>((resolve) => clock.after(20, resolve))
        return result
      },
    }).subscribe(() => {})
  const order = (id: string) => use(`order ${id}`, () => rows.get(id), ['orders', id])
  const set = (id: string, status: string) => {
    rows.set(id, status)
    server.publish('shop', 'order', { id })
  }
  const changes = started(
    bridge.invalidate('shop', { queryKeys: [['orders'], ['size']], ...options }),
  )
  await clock.advance(100)
  const status = (id: string) => queries.getQueryData(['orders', id])
  return { ...parts, rows, fetches, order, use, set, status, changes }
}

/** The key of the order that an event is about. */
const keysOf: InvalidationOptions['keysOf'] = ({ payload }) => [
  ['orders', (payload as { id: string }).id],
]

describe('a channel that invalidates queries', () => {
  it('fetches the queries of an event again, once for all events of a tick', async () => {
    const { clock, queries, fetches, order, set, status } = await shop({ keysOf })
    order('1')
    order('2')
    await clock.advance(100)
    fetches.length = 0
    const invalidate = vi.spyOn(queries, 'invalidateQueries')
    for (let n = 0; n < 20; n++) set('1', `step ${n}`)
    await clock.advance(100)
    expect(fetches).toEqual(['order 1'])
    expect(invalidate.mock.calls).toEqual([[{ queryKey: ['orders', '1'] }]])
    expect([status('1'), status('2')]).toEqual(['step 19', 'new'])
  })

  it('invalidates all its keys, by their beginning, where an event names none', async () => {
    const { clock, fetches, order, use, set } = await shop()
    order('1')
    order('2')
    use('size', () => 2, ['size'])
    use('other', () => 0, ['other'])
    await clock.advance(100)
    fetches.length = 0
    set('1', 'paid')
    await clock.advance(100)
    expect(fetches).toEqual(['order 1', 'order 2', 'size'])
  })

  it('fetches once more for events during a fetch, and ends each fetch it has begun', async () => {
    const { clock, fetches, order, set, status } = await shop({ keysOf })
    order('1')
    await clock.advance(100)
    fetches.length = 0
    // An event every 5 ms, while a fetch takes 20 ms.
    for (let n = 0; n < 20; n++) {
      set('1', `step ${n}`)
      await clock.advance(5)
    }
    expect(status('1')).toMatch(/^step 1/)
    await clock.advance(200)
    expect(status('1')).toBe('step 19')
    expect(fetches.length).toBeLessThanOrEqual(7)
  })

  it('fetches once more where the first fetch of a query began before the event', async () => {
    const { clock, order, set, status, fetches } = await shop({ keysOf })
    order('1')
    await clock.advance(10)
    set('1', 'paid')
    await clock.advance(200)
    expect([status('1'), fetches]).toEqual(['paid', ['order 1', 'order 1']])
  })

  it('fetches its queries when the channel is live, and after a gap, but not after a loss without', async () => {
    const { clock, server, rows, fetches, order, status, changes } = await shop({ keysOf })
    order('1')
    await clock.advance(100)
    fetches.length = 0
    server.drop()
    await clock.advance(5_000)
    expect(fetches).toEqual([])
    server.drop()
    server.forget('e2')
    rows.set('1', 'sent')
    await clock.advance(5_000)
    expect([fetches, status('1')]).toEqual([['order 1'], 'sent'])
    expect(changes.status.get().name).toBe('live')
    changes()
    rows.set('1', 'returned')
    await clock.advance(1_000)
    expect(status('1')).toBe('sent')
  })

  it('leaves queries alone that are not in use, but marks them as stale', async () => {
    const { clock, queries, fetches, order, set } = await shop({ keysOf })
    const leave = order('1')
    await clock.advance(100)
    leave()
    fetches.length = 0
    set('1', 'paid')
    await clock.advance(100)
    expect(fetches).toEqual([])
    expect(queries.getQueryState(['orders', '1'])?.isInvalidated).toBe(true)
  })
})
