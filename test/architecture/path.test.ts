import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { WebSocketConstructor } from 'wirefold'
import { ChannelSubscriber, ContextRegistry, feed, RealtimeClient } from 'wirefold'
import { rawSubscriber, serve, until } from '../support/live.ts'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

/** A function by which Vitest hands out an export: it runs with every use of a name of another file. */
const EXPORT_GETTER = /^\(\) => \{ try \{ return \w+ \} catch \{\} \}$/

/**
 * Returns the files of `src` of which a function runs during some work, each with these functions.
 * Helpers count; a file of which only a constant is read does not.
 */
async function crossed(work: () => unknown): Promise<readonly string[]> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Debugger.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  // Those that ran since the start do not count.
  await session.post('Profiler.takePreciseCoverage')
  await work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  await session.post('Profiler.stopPreciseCoverage')
  const files: string[] = []
  for (const { scriptId, url, functions } of result) {
    const path = url.replace(/^file:\/\//, '')
    if (!path.startsWith(SRC)) continue
    const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId })
    const ran = functions.filter(({ ranges: [whole] }) => {
      if (!whole?.count) return false
      return !EXPORT_GETTER.test(scriptSource.slice(whole.startOffset, whole.endOffset))
    })
    const names = ran.map(({ functionName }) => functionName || 'a function').join(', ')
    if (ran.length > 0) files.push(`${path.slice(SRC.length)}: ${names}`)
  }
  session.disconnect()
  return files.sort()
}

/** Fails with the list of the files if there are more than `most`. */
function expectAtMost(most: number, files: readonly string[]): void {
  expect(files.length, `files that were crossed:\n${files.join('\n')}`).toBeLessThanOrEqual(most)
}

const { nativeSocketClass }: FakeSockets = await import(
  new URL('../../bench/fake-socket.js', import.meta.url).href
)

/** The sockets of the benchmarks, which have no network. */
interface FakeSockets {
  nativeSocketClass(): WebSocketConstructor & { last: { receive(data: string): void } }
}

interface Order {
  readonly kind: 'Order'
  readonly id: string
  readonly total: number
}

describe('an event', () => {
  it('crosses at most 19 files from its frame to the store of an entity', async () => {
    const FakeSocket = nativeSocketClass()
    const client = new RealtimeClient('ws://127.0.0.1/', { WebSocket: FakeSocket })
    const channels = new ChannelSubscriber(client)
    const contexts = new ContextRegistry<Order>().keyed('Order', ({ id }) => id)
    const totals: unknown[] = []
    contexts.entity('Order', '1').listen((order) => totals.push(order?.total))
    await feed(channels, 'orders', contexts).ready
    const receive = (offset: number): void => {
      const payload: Order = { kind: 'Order', id: '1', total: offset }
      const event = { type: 'order', channel: 'orders', offset, timestamp: 1_000, payload }
      FakeSocket.last.receive(JSON.stringify(event))
    }
    for (let offset = 1; offset < 5; offset++) receive(offset)
    const files = await crossed(() => receive(5))
    client.close()
    expect(totals).toEqual([1, 2, 3, 4, 5])
    expect(files.join()).toContain('channels/channel.ts: deliver')
    expectAtMost(19, files)
  })

  it('crosses at most 22 files of the server from its publish to the bytes of a connection', async () => {
    const { server, url } = await serve()
    const { socket, frames } = await rawSubscriber(url, 'news')
    const publish = async (n: number): Promise<void> => {
      await server.publish('news', 'said', { n })
      await until(() => expect(frames.at(-1)).toContain(`"n":${n}`))
    }
    for (let n = 1; n < 5; n++) await publish(n)
    const files = await crossed(() => publish(5))
    socket.terminate()
    expect(files.join()).toContain('server/socket/outbound-queue.ts')
    expectAtMost(22, files)
  })
})
