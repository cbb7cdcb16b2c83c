import { QueryClient, QueryObserver } from '@tanstack/query-core'
import { onTestFinished } from 'vitest'
import type { ClientOptions, EventFrame, SyncSnapshot } from 'wirefold'
import { ChannelSubscriber, sync } from 'wirefold'
import { queryBridge } from 'wirefold/tanstack-query'
import { scripted } from '../../support/scripted.ts'

/**
 * A sum on the server, changed by events of +n, and a query of it. A `patch` that is applied twice,
 * or not at all, makes the sum wrong.
 *
 * @param patches whether events are applied to the data, or cause another fetch
 */
export function bridged({
  latencyMs = 5,
  beforeMs = 10,
  afterMs = 10,
  patches = true,
  ...options
}: ClientOptions & {
  latencyMs?: number
  beforeMs?: number
  afterMs?: number
  patches?: boolean
} = {}) {
  const parts = scripted({ latencyMs }, options)
  const { clock, server, client } = parts
  const channels = new ChannelSubscriber(client)
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  queries.mount()
  onTestFinished(() => {
    queries.unmount()
    queries.clear()
    client.close()
  })
  const truth = { sum: 0, offset: 0 }
  const failures: unknown[] = []
  const counts = { loads: 0, patches: 0 }
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
  /** Reads the sum `beforeMs` after the call, and returns it `afterMs` later. */
  const load = async (): Promise<SyncSnapshot<number>> => {
    counts.loads++
    await wait(beforeMs)
    if (failures.length > 0) throw failures.shift()
    const state = truth.sum
    const at = { epoch: server.epoch, offset: truth.offset }
    await wait(afterMs)
    return { state, at }
  }
  const patch = (sum: number, { payload }: EventFrame) => {
    counts.patches++
    return sum + Number(payload)
  }
  const bridge = queryBridge(queries, channels, sync)
  const sums = bridge.query('sum', { queryKey: ['sum'], load, ...(patches && { patch }) })

  return {
    ...parts,
    ...{ channels, queries, bridge, sums, truth, counts, failures, load },
    add(n: number) {
      truth.sum += n
      truth.offset++
      server.publish('sum', 'added', n)
    },
    lose(epoch: string) {
      server.drop()
      server.forget(epoch)
      truth.offset = 0
    },
    /** Uses the query as a component does, until the returned function is called. */
    observe: () => new QueryObserver(queries, sums).subscribe(() => {}),
    data: () => queries.getQueryData<number>(['sum']),
    state: () => queries.getQueryState(['sum']),
  }
}
