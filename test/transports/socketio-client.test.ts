import { describe, expect, it } from 'vitest'
import { type SocketIoLike, socketioClient } from 'wirefold/socketio-client'
import { TransportBench } from '../../src/testing/suites/transport-harness.ts'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overSocketIo } from './socketio-peers.ts'

holdToTheSuite('socket.io-client against a stock server', over(overSocketIo), {
  'its address is that of the instance': ['throws for an invalid address'],
  'Socket.IO has no subprotocols': ['offers its protocols'],
  'Socket.IO has no close codes': ['sends the far end the code and reason of its own close()'],
})

describe('a transport over an instance', () => {
  it('is opened again while it reports an end, and its predecessor cannot affect it', async () => {
    const harness = await overSocketIo('accepts')
    const bench = new TransportBench(harness)
    const nexts: ReturnType<typeof bench.open>[] = []
    const first = bench.open([], (event) => {
      if (event.startsWith('closed')) nexts.push(bench.open())
    })
    await bench.until('it opens', () => first.events.length > 0)
    const peer = await bench.peer()
    peer.send('last')
    peer.close(1000, '')
    await bench.ended(first)
    const [next] = nexts
    await bench.until('the next opens', () => next?.events.length === 1)
    first.transport.send('from the past')
    first.transport.close()
    next?.transport.send('hello')
    const far = await bench.peer(1)
    await bench.until('it arrives', () => far.received.length > 0)
    await bench.quiet()
    expect(far.received).toEqual(['hello'])
    expect(first.events).toEqual(['opened', 'message', 'closed 1008 io server disconnect'])
    expect(next?.events).toEqual(['opened'])
    await harness.dispose?.()
  })

  it('emits nothing for a message that is not a packet, and survives a packet that is not JSON', async () => {
    const { socket, events, transport } = await opened()
    for (const text of ['3', '{}', 'null', '"x"']) transport.send(text)
    socket.receive('plain', 1)
    socket.receive('asking', 1, () => {})
    socket.receive('large', 1n)
    expect(socket.emitted).toEqual([])
    expect(events).toEqual(['opened', '["plain",1]', '[[2,0,"","0"],"asking",1]', ['large', 1n]])
  })

  it('reports code 1008 only for a disconnect by the server, not by the application or the network', async () => {
    const reasons = ['io server disconnect', 'io client disconnect', 'transport close']
    const ends = await Promise.all(
      reasons.map(async (reason) => {
        const socket = new FakeInstance()
        const codes: number[] = []
        socketioClient(socket).open('', [], {
          opened() {},
          message() {},
          closed: ({ code }) => codes.push(code),
        })
        await Promise.resolve()
        socket.lose(reason)
        return codes
      }),
    )
    expect(ends).toEqual([[1008], [1006], [1006]])
  })

  it('leaves data alone that looks like a placeholder of an attachment', async () => {
    const { socket, transport } = await opened()
    const data = { _placeholder: true, num: 0 }
    transport.send(JSON.stringify([[2, 0, '', ''], 'plain', data]))
    expect(socket.emitted).toEqual([['plain', data]])
  })

  it('refuses other namespaces where the instance cannot make them', async () => {
    const { events, transport } = await opened()
    transport.send('[[0,0,"/staff",""],{}]')
    expect(events).toEqual([
      'opened',
      expect.stringMatching(/^\[\[4,0,"\/staff",""\],\{"message":/),
    ])
  })

  it('keeps the newest thousand acknowledgements that the server waits for', async () => {
    const socket = new FakeInstance()
    const transport = socketioClient(socket).open('', [], {
      opened() {},
      message() {},
      closed() {},
    })
    await Promise.resolve()
    const answered: unknown[] = []
    for (let at = 0; at < 1_001; at++) socket.receive('ask', () => answered.push(at))
    for (const at of [0, 1, 1_000, 1_000]) transport.send(`[[3,0,"","${at}"],"yes"]`)
    expect(answered).toEqual([1, 1_000])
  })

  it('reports only the events of the newest connection of an instance', async () => {
    const socket = new FakeInstance()
    const events: unknown[] = []
    const factory = socketioClient(socket)
    const open = (name: string) =>
      factory.open('', [], {
        opened: () => events.push(`${name} opened`),
        message: (data) => events.push(`${name} ${data}`),
        closed: () => events.push(`${name} closed`),
      })
    open('one')
    await Promise.resolve()
    const other = open('other')
    await Promise.resolve()
    socket.receive('news')
    other.close()
    socket.receive('more')
    expect(events).toEqual(['one opened', 'other opened', 'other ["news"]'])
    expect(socket.listening).toEqual([])
  })
})

/** A minimal instance, which is always connected. */
class FakeInstance implements SocketIoLike {
  readonly emitted: unknown[] = []
  readonly connected = true
  readonly active = true
  readonly #listeners = new Map<unknown, string>()

  get listening(): readonly string[] {
    return [...this.#listeners.values()]
  }
  connect(): void {}
  disconnect(): void {}
  emit(...packet: unknown[]): void {
    this.emitted.push(packet)
  }
  on(event: string, listener: unknown): void {
    this.#listeners.set(listener, event)
  }
  off(_: string, listener: unknown): void {
    this.#listeners.delete(listener)
  }
  lose(reason: string): void {
    for (const [listener, event] of this.#listeners) {
      if (event === 'disconnect' && typeof listener === 'function') listener(reason)
    }
  }
  onAny(listener: (event: string, ...args: unknown[]) => void): void {
    this.#onEvent = listener
    this.on('any', listener)
  }
  offAny(listener: unknown): void {
    this.off('any', listener)
  }
  #onEvent: (event: string, ...args: unknown[]) => void = () => {}
  receive(event: string, ...args: unknown[]): void {
    this.#onEvent(event, ...args)
  }
}

/** An instance with its transport, and what that reports. */
async function opened() {
  const socket = new FakeInstance()
  const events: unknown[] = []
  const transport = socketioClient(socket).open('', [], {
    opened: () => events.push('opened'),
    message: (data) => events.push(data),
    closed: ({ code }) => events.push(code),
  })
  await Promise.resolve()
  return { socket, events, transport }
}
