import { afterEach, describe, expect, it, vi } from 'vitest'
import type { WebSocketLike } from 'wirefold'
import { webSocketTransport } from 'wirefold'
import { WebSocket } from 'ws'
import { ErrorOnlySocket } from './error-only-socket.ts'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overLoopback } from './real-peers.ts'

holdToTheSuite('the default transport on ws', over(overLoopback(webSocketTransport(WebSocket))))

holdToTheSuite(
  'the default transport on a socket that errs without closing',
  over(overLoopback(webSocketTransport(ErrorOnlySocket))),
)

describe('the default transport', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('sends nothing on a socket that is closing', () => {
    const sent: unknown[] = []
    let state = 1
    class Socket implements WebSocketLike {
      binaryType = ''
      readonly bufferedAmount = 0
      onopen = null
      onmessage = null
      onerror = null
      onclose = null
      get readyState() {
        return state
      }
      send(data: unknown) {
        sent.push(data)
      }
      close() {}
    }
    const handlers = { opened() {}, message() {}, closed() {} }
    const transport = webSocketTransport(Socket).open('ws://localhost', [], handlers)
    transport.send('first')
    state = 2
    transport.send('second')
    expect(sent).toEqual(['first'])
  })

  it('throws `no-websocket` if there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() =>
      webSocketTransport().open('ws://localhost', [], { opened() {}, message() {}, closed() {} }),
    ).toThrow(
      expect.objectContaining({
        code: 'no-websocket',
        // The option of the client does not reach a transport that the application makes.
        message: expect.stringContaining('or webSocketTransport(WebSocket).'),
      }),
    )
  })
})
