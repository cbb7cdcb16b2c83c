import { describe, expect, it, vi } from 'vitest'
import { reconnectingWebSocket } from 'wirefold/reconnecting-websocket'
import { WebSocket } from 'ws'
import { TransportBench } from '../../src/testing/suites/transport-harness.ts'
import { overLoopback } from './real-peers.ts'

const instances = vi.hoisted((): unknown[] => [])

vi.mock(import('reconnecting-websocket'), async (original) => {
  const { default: Package } = await original()
  return {
    default: class extends Package {
      constructor(...given: ConstructorParameters<typeof Package>) {
        super(...given)
        instances.push(this)
      }
    },
  }
})

describe('an instance of the package', () => {
  it('reconnects when the transport is opened again, and is replaced after close()', async () => {
    const harness = await overLoopback(reconnectingWebSocket({ WebSocket }))('accepts')
    const bench = new TransportBench(harness)
    for (const _ of [1, 2, 3]) {
      const { near, peer } = await bench.connect()
      peer.close(1012, 'restart')
      await bench.ended(near)
    }
    expect(instances).toHaveLength(1)
    const { near } = await bench.connect()
    near.transport.close()
    await bench.connect()
    expect(instances).toHaveLength(2)
    await harness.dispose?.()
  })
})
