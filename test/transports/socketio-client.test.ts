import { describe, expect, it } from 'vitest'
import { type SocketIoLike, socketioClient } from 'wirefold/socketio-client'
import { TransportBench } from '../../src/testing/transport-harness.ts'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overSocketIo } from './socketio-peers.ts'

holdToTheSuite('socket.io-client against a stock server', over(overSocketIo), {
  'its address is that of the instance': ['throws for an address that is none'],
  'Socket.IO has no subprotocols': [
    'offers its protocols',
    'opens the next while it tells of an end, and its predecessor cannot touch it',
  ],
  'what it carries is JSON': ['tells binary messages as an ArrayBuffer, byte for byte'],
  'Socket.IO has no close codes': [
    'tells the far end’s code and reason, after all that came before, and nothing more',
    'may be closed and sent on after its end, to no effect',
    'tells the far end the code and reason of its own close()',
    'keeps two connections apart',
  ],
})

describe('a transport over an instance', () => {
  it('is opened again while it tells of an end, and its predecessor cannot touch it', async () => {
    const harness = await overSocketIo('accepts')
    const bench = new TransportBench(harness)
    const nexts: ReturnType<typeof bench.open>[] = []
    const first = bench.open([], (line) => {
      if (line.startsWith('closed')) nexts.push(bench.open())
    })
    await bench.until('it opens', () => first.told.length > 0)
    const peer = await bench.peer()
    peer.send('last')
    peer.close(1000, '')
    await bench.ended(first)
    const [next] = nexts
    await bench.until('the next opens', () => next?.told.length === 1)
    first.transport.send('from the past')
    first.transport.close()
    next?.transport.send('hello')
    const far = await bench.peer(1)
    await bench.until('it arrives', () => far.received.length > 0)
    await bench.quiet()
    expect(far.received).toEqual(['hello'])
    expect(first.told).toEqual(['opened', 'message', 'closed 1008 io server disconnect'])
    expect(next?.told).toEqual(['opened'])
    await harness.dispose?.()
  })

  it('makes no words of what is no packet, and does not choke on what is no JSON', async () => {
    const socket = new FakeInstance()
    const told: unknown[] = []
    const transport = socketioClient(socket).open('', [], {
      opened: () => told.push('opened'),
      message: (data) => told.push(data),
      closed: ({ code }) => told.push(code),
    })
    await Promise.resolve()
    for (const text of ['3', '{}', 'null', '"x"']) transport.send(text)
    socket.hear('plain', 1, () => {})
    socket.hear('large', 1n)
    expect(socket.said).toEqual([])
    expect(told).toEqual(['opened', '["plain",1]', ['large', 1n]])
  })

  it('has only the newest connection of an instance speak', async () => {
    const socket = new FakeInstance()
    const told: unknown[] = []
    const factory = socketioClient(socket)
    const open = (name: string) =>
      factory.open('', [], {
        opened: () => told.push(`${name} opened`),
        message: (data) => told.push(`${name} ${data}`),
        closed: () => told.push(`${name} closed`),
      })
    open('one')
    await Promise.resolve()
    const other = open('other')
    await Promise.resolve()
    socket.hear('news')
    other.close()
    socket.hear('more')
    expect(told).toEqual(['one opened', 'other opened', 'other ["news"]'])
    expect(socket.listening).toEqual([])
  })
})

/** The smallest thing that passes for an instance: it is always let in at once. */
class FakeInstance implements SocketIoLike {
  readonly said: unknown[] = []
  readonly connected = true
  readonly active = true
  readonly #listeners = new Map<unknown, string>()

  get listening(): readonly string[] {
    return [...this.#listeners.values()]
  }
  connect(): void {}
  disconnect(): void {}
  emit(...packet: unknown[]): void {
    this.said.push(packet)
  }
  on(event: string, listener: unknown): void {
    this.#listeners.set(listener, event)
  }
  off(_: string, listener: unknown): void {
    this.#listeners.delete(listener)
  }
  onAny(listener: (event: string, ...args: unknown[]) => void): void {
    this.#hear = listener
    this.on('any', listener)
  }
  offAny(listener: unknown): void {
    this.off('any', listener)
  }
  #hear: (event: string, ...args: unknown[]) => void = () => {}
  hear(event: string, ...args: unknown[]): void {
    this.#hear(event, ...args)
  }
}
