import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { CloseInfo, Transport, TransportHandlers } from '../../src/index.ts'
import { webSocketTransport } from '../../src/index.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** Opens a transport and records what it tells. */
function open(url: string, protocols: readonly string[] = []) {
  const told: string[] = []
  let over: (info: CloseInfo) => void = () => {}
  const closed = new Promise<CloseInfo>((resolve) => {
    over = resolve
  })
  let up: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    up = resolve
  })
  const handlers: TransportHandlers = {
    opened: () => {
      told.push('opened')
      up()
    },
    message: (data) => told.push(`message ${data instanceof ArrayBuffer ? 'binary' : data}`),
    closed: (info) => {
      told.push(`closed ${info.code}`)
      over(info)
    },
  }
  const transport: Transport = webSocketTransport(WebSocket).open(url, protocols, handlers)
  cleanups.push(() => transport.close())
  return { transport, told, closed, opened }
}

async function serve(onSocket: (socket: WebSocket) => void = () => {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', onSocket)
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('the WebSocket transport over ws', () => {
  it('opens, carries text both ways, and tells the close code', async () => {
    const url = await serve((socket) => {
      socket.on('message', (data) => {
        socket.send(`echo ${data}`)
        socket.send(Buffer.from([1, 2]))
        socket.close(4001, 'enough')
      })
    })
    const { transport, told, closed, opened } = open(url, ['a'])
    await opened
    transport.send('hello')
    expect(await closed).toMatchObject({ code: 4001, reason: 'enough' })
    expect(told).toEqual(['opened', 'message echo hello', 'message binary', 'closed 4001'])
  })

  it('tells of a connection that nobody takes, once', async () => {
    const { told, closed } = open('ws://127.0.0.1:9')
    expect(await closed).toMatchObject({ code: 1006 })
    await pause(20)
    expect(told).toEqual(['closed 1006'])
  })

  it('tells of a connection that was cut', async () => {
    const url = await serve((socket) => setTimeout(() => socket.terminate(), 20))
    const { told, closed } = open(url)
    expect(await closed).toMatchObject({ code: 1006 })
    expect(told).toEqual(['opened', 'closed 1006'])
  })

  it('is silent from its own close() on, while connecting too, and throws nothing later', async () => {
    const url = await serve((socket) => socket.send('late'))
    const early = open(url)
    early.transport.close()
    const late = open(url)
    await late.opened
    late.transport.close(1000, 'bye')
    await pause(50)
    expect(early.told).toEqual([])
    expect(late.told.filter((line) => line.startsWith('closed'))).toEqual([])
  })

  it('closes without waiting for a peer that says nothing', async () => {
    const mute = createServer(() => {})
    cleanups.push(() => mute.close())
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { transport, told } = open(`ws://127.0.0.1:${(mute.address() as AddressInfo).port}`)
    await pause(20)
    transport.close()
    await pause(20)
    expect(told).toEqual([])
  })

  it('refuses an address that is none', () => {
    expect(() => open('no address')).toThrow(expect.objectContaining({ code: 'bad-url' }))
  })
})

/** A socket as Node 22 has it: an error before it opened, and never a close. */
class ErrorOnly {
  binaryType = ''
  bufferedAmount = 0
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  constructor() {
    setTimeout(() => this.onerror?.({} as never))
  }
  send() {}
  close() {}
}

describe('the WebSocket transport over a socket that only errs', () => {
  it('takes an error before it opened for the end', async () => {
    const told: CloseInfo[] = []
    webSocketTransport(ErrorOnly).open('ws://x', [], {
      opened: () => {},
      message: () => {},
      closed: (info) => told.push(info),
    })
    await pause(5)
    expect(told).toMatchObject([{ code: 1006 }])
  })
})
