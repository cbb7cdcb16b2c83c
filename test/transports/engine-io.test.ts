import { expect, it } from 'vitest'
import { webSocketTransport } from 'wirefold'
import { engineIo } from 'wirefold/dialects/socketio'
import type { MakeTransport, TransportPeer } from 'wirefold/testing'
import { WebSocket } from 'ws'
import { TransportBench } from '../../src/testing/suites/transport-harness.ts'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overLoopback } from './real-peers.ts'

const loopback = overLoopback(engineIo(webSocketTransport(WebSocket)).transport)

/** Peers that send and receive the messages of the suite as events. */
const overEngine: MakeTransport = async (reception, greet) => {
  const harness = await loopback(reception, (peer) => {
    peer.send('0{}')
    greet?.(events(peer))
  })
  return {
    factory: harness.factory,
    url: harness.url,
    pass: harness.pass,
    dispose: () => harness.dispose?.(),
    get peers() {
      return harness.peers.map(events)
    },
  }
}

function events(peer: TransportPeer): TransportPeer {
  return {
    protocols: peer.protocols,
    get received() {
      return peer.received.map((text) => text.replace(/^42/, ''))
    },
    get closed() {
      return peer.closed
    },
    send: (data) => peer.send(typeof data === 'string' ? `42${data}` : data),
    close: (code, reason) => peer.close(code, reason),
    cut: () => peer.cut(),
    freeze: () => peer.freeze(),
  }
}

holdToTheSuite('Engine.IO over ws', over(overEngine), {
  'what it sends is JSON': ['sends binary messages byte for byte, in order with texts'],
})

it('opens with the first packet of Engine.IO, not with its socket, and only once', async () => {
  const harness = await loopback('accepts')
  const bench = new TransportBench(harness)
  const near = bench.open()
  const peer = await bench.peer()
  near.transport.send('["early"]')
  await bench.quiet()
  expect(near.events).toEqual([])
  peer.send('0{}')
  peer.send('0{}')
  await bench.until('it opens', () => near.events.length > 0)
  near.transport.send('["first"]')
  await bench.until('it arrives', () => peer.received.length > 0)
  await bench.quiet()
  expect(near.events).toEqual(['opened'])
  expect(peer.received).toEqual(['42["first"]'])
  await harness.dispose?.()
})
