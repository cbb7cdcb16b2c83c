import type { MakeTransport, TransportPeer } from 'wirefold/testing'
import { ManualClock, MemoryPair } from 'wirefold/testing'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'

/** Peers in memory, on a clock that only the suite advances. */
const inMemory: MakeTransport = (reception, greet) => {
  if (reception === 'denies') throw new Error('There is no HTTP in memory.')
  const clock = new ManualClock()
  const peers: TransportPeer[] = []
  const pair = new MemoryPair({
    clock,
    latencyMs: 1,
    autoAccept: false,
    onConnect: (far) => {
      const accept = (): void => {
        const peer: TransportPeer = {
          protocols: far.protocols,
          received: far.received,
          receivedBytes: far.receivedBytes,
          get closed() {
            return far.closed
          },
          send: (data) => far.send(data),
          close: (code, reason) => far.close(code, reason),
          cut: () => far.close(1006),
          freeze: () => {
            pair.frozen = true
          },
        }
        peers.push(peer)
        far.accept()
        greet?.(peer)
      }
      if (reception === 'accepts') accept()
      if (reception === 'accepts late') clock.after(30, accept)
    },
  })
  pair.refusing = reception === 'refuses'
  return { factory: pair, url: 'ws://memory/', peers, pass: (ms) => clock.advance(ms) }
}

holdToTheSuite('the in-memory pair', over(inMemory), {
  'in memory every address is valid': ['throws for an invalid address'],
  'in memory there is no HTTP to deny anything': [
    'ends, once, where the far end denies',
    'is silent when closed 0 ms after open(), where the far end denies',
    'is silent when closed 10 ms after open(), where the far end denies',
  ],
  'a pair freezes as a whole': ['opens again after its own close(), beside a far end that froze'],
})
