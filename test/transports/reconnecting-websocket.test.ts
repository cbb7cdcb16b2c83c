import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CloseInfo } from 'wirefold'
import { reconnectingWebSocket } from 'wirefold/reconnecting-websocket'
import { WebSocket } from 'ws'
import { ErrorOnlySocket } from './error-only-socket.ts'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overLoopback } from './real-peers.ts'

holdToTheSuite(
  'reconnecting-websocket on ws',
  over(overLoopback(reconnectingWebSocket({ WebSocket }))),
)

holdToTheSuite(
  'reconnecting-websocket on a socket that errs without closing',
  over(overLoopback(reconnectingWebSocket({ WebSocket: ErrorOnlySocket }))),
)

describe('reconnecting-websocket', () => {
  afterEach(() => vi.unstubAllGlobals())

  /** A platform that forbids sockets, like a sandboxed page. */
  const forbid = (): never => {
    throw new Error('forbidden')
  }
  class Forbidden extends ErrorOnlySocket {
    constructor() {
      super(forbid())
    }
  }
  const ignore = { opened() {}, message() {} }

  it('throws `no-websocket` if there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() =>
      reconnectingWebSocket().open('ws://localhost', [], { ...ignore, closed() {} }),
    ).toThrow(expect.objectContaining({ code: 'no-websocket' }))
  })

  it('throws `bad-url` for addresses that are not valid for a WebSocket', () => {
    const { open } = reconnectingWebSocket({ WebSocket })
    for (const url of ['', '/ws', 'ftp://x', 'mailto:x']) {
      expect(() => open(url, [], { ...ignore, closed() {} })).toThrow(
        expect.objectContaining({ code: 'bad-url', detail: { url } }),
      )
    }
  })

  it('closes with the reason if the platform forbids the socket', async () => {
    const { open } = reconnectingWebSocket({ WebSocket: Forbidden })
    const end = await new Promise<CloseInfo>((closed) => {
      open('ws://localhost', [], { ...ignore, closed })
    })
    expect(end).toMatchObject({ code: 1006, cause: { message: 'forbidden' } })
  })
})
