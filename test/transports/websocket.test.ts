import { afterEach, describe, expect, it, vi } from 'vitest'
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

  it('throws `no-websocket` if there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() =>
      webSocketTransport().open('ws://localhost', [], { opened() {}, message() {}, closed() {} }),
    ).toThrow(
      expect.objectContaining({
        code: 'no-websocket',
        // The option of the client does not reach a transport that the application makes.
        message: expect.stringContaining('or to webSocketTransport(WebSocket).'),
      }),
    )
  })
})
