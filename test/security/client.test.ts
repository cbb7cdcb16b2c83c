import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { RealtimeClient, webSocketTransport } from 'wirefold'
import { reconnectingWebSocket } from 'wirefold/reconnecting-websocket'
import { WebSocket } from 'ws'
import { RawClient, serve } from '../server/raw-client.ts'
import { connect } from '../support/live.ts'

/** A socket class that never opens, and the addresses of its instances. */
function recorder() {
  const urls: string[] = []
  class Recorder {
    binaryType = ''
    bufferedAmount = 0
    onopen = null
    onmessage = null
    onerror = null
    onclose = null
    constructor(url: string) {
      urls.push(url)
    }
    send() {}
    close() {}
  }
  return { urls, Recorder }
}

const quiet = { opened() {}, message() {}, closed() {} }

describe('S18 a client', () => {
  it.each(['ws://app.example.com/ws', 'http://app.example.com/ws', 'ws://127.0.0.1.evil.test/'])(
    'does not connect to %s without TLS, and explains why',
    async (url) => {
      const { Recorder, urls } = recorder()
      const client = new RealtimeClient(url, { WebSocket: Recorder })
      client.on('failed', () => {})
      await expect(client.connect()).rejects.toMatchObject({
        code: 'bad-url',
        detail: { url },
        message: expect.stringMatching(/Use wss:, or set `allowInsecure`/),
      })
      expect(client.state.get().name).toBe('failed')
      const open = () => reconnectingWebSocket({ WebSocket }).open(url, [], quiet)
      expect(open).toThrow(expect.objectContaining({ code: 'bad-url' }))
      expect(urls).toEqual([])
    },
  )

  it('connects without TLS with allowInsecure', () => {
    const { Recorder, urls } = recorder()
    const client = new RealtimeClient('ws://10.0.0.7/ws', {
      WebSocket: Recorder,
      allowInsecure: true,
    })
    void client.connect().catch(() => {})
    expect(urls).toEqual(['ws://10.0.0.7/ws'])
    client.close()
  })

  it.each([
    'wss://app.example.com/ws',
    'ws://localhost:8080/ws',
    'ws://app.localhost/ws',
    'ws://127.0.0.1/ws',
    'ws://127.8.8.8/ws',
    'ws://[::1]:8080/ws',
  ])('connects to %s unchanged', (url) => {
    const { Recorder, urls } = recorder()
    webSocketTransport(Recorder).open(url, [], quiet)
    expect(urls).toEqual([url])
  })

  it.each([
    ['https://app.example.com/a/b', '/ws?x=1', 'wss://app.example.com/ws?x=1'],
    ['https://app.example.com/a/b', 'ws', 'wss://app.example.com/a/ws'],
    ['http://localhost:3000/', '/ws', 'ws://localhost:3000/ws'],
    ['https://app.example.com/', 'https://api.example.com/ws', 'wss://api.example.com/ws'],
  ])('on the page %s resolves %s to %s', (page, url, address) => {
    vi.stubGlobal('location', new URL(page))
    onTestFinished(() => {
      vi.unstubAllGlobals()
    })
    const { Recorder, urls } = recorder()
    webSocketTransport(Recorder).open(url, [], quiet)
    expect(urls).toEqual([address])
  })

  it('connects without TLS to the host of a page loaded over http, with one warning', () => {
    vi.stubGlobal('location', new URL('http://192.168.1.5:5173/app/'))
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    onTestFinished(() => {
      vi.unstubAllGlobals()
      vi.restoreAllMocks()
    })
    const { Recorder, urls } = recorder()
    for (const transport of [
      webSocketTransport(Recorder),
      reconnectingWebSocket({ WebSocket: Recorder }),
    ]) {
      for (let n = 0; n < 3; n++) transport.open('/ws', [], quiet)
      for (const url of [
        '//192.168.1.6:5173/ws',
        '//192.168.1.5:8080/ws',
        'http://api.example.com/ws',
        'ws://192.168.1.5.evil.test:5173/',
      ]) {
        expect(() => transport.open(url, [], quiet)).toThrow(
          expect.objectContaining({ code: 'bad-url' }),
        )
      }
    }
    expect(new Set(urls)).toEqual(new Set(['ws://192.168.1.5:5173/ws']))
    expect(warn).toHaveBeenCalledTimes(2)
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('192.168.1.5:5173'))
  })

  it('does not connect without TLS from a page loaded over https or from a file', () => {
    onTestFinished(() => {
      vi.unstubAllGlobals()
    })
    for (const href of ['https://192.168.1.5/', 'file:///app/index.html']) {
      vi.stubGlobal('location', new URL(href))
      expect(() =>
        webSocketTransport(recorder().Recorder).open('ws://192.168.1.5/', [], quiet),
      ).toThrow(expect.objectContaining({ code: 'bad-url' }))
    }
  })

  it.each(['', '/ws', 'ftp://localhost/', 'mailto:x', 'javascript:alert(1)'])(
    'rejects the address %j without a page',
    (url) => {
      expect(() => webSocketTransport(WebSocket).open(url, [], quiet)).toThrow(
        expect.objectContaining({ code: 'bad-url', detail: { url } }),
      )
    },
  )

  it('delivers payloads byte for byte', async () => {
    const { server, url } = await serve()
    server.handle('echo', (payload) => payload)
    const odd = '<script>alert(1)</script>\u0000\u202e\ud83d\ude00</style>{{7*7}}'
    const { client } = connect(url)
    expect(await client.request('echo', odd)).toBe(odd)
    expect(
      (await (await RawClient.greeted(url)).request({ type: 'echo', payload: odd })).payload,
    ).toBe(odd)
  })
})
