import { connect } from 'node:net'
import { fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { RawClient, serve } from '../raw-client.ts'
import { malformedFrames } from './malformed-frames.ts'

async function serveEcho() {
  const served = await serve()
  served.server.handle('echo', (payload) => payload)
  return served
}

/** Sends a text and waits until the server has handled it, or has closed the connection. */
async function provoke(client: RawClient, text: string): Promise<void> {
  client.send(text)
  await new Promise<void>((resolve) => {
    client.ws.once('pong', () => resolve())
    client.ws.once('close', () => resolve())
    client.ws.ping()
  })
}

describe('a malformed frame', () => {
  it('is one of more than a hundred', () => {
    expect(malformedFrames.length).toBeGreaterThan(100)
  })

  it.each(malformedFrames.map((text) => [text.slice(0, 60), text]))(
    'such as %j affects no other client',
    async (_, text) => {
      const { url, errors } = await serveEcho()
      const bystander = await RawClient.greeted(url)
      await bystander.subscribe('a', 'b')
      await provoke(await RawClient.open(url), text)
      await provoke(await RawClient.greeted(url), text)
      expect(await bystander.settled()).toEqual([])
      expect((await bystander.request({ type: 'echo', payload: 1 })).payload).toBe(1)
      expect({}).not.toHaveProperty('polluted')
      expect(errors).toEqual([])
    },
  )

  it('does not close its own connection unless it is the third', async () => {
    const { url } = await serveEcho()
    for (const text of malformedFrames) {
      const client = await RawClient.greeted(url)
      await provoke(client, text)
      expect([text.slice(0, 60), client.ws.readyState]).toEqual([text.slice(0, 60), 1])
      client.ws.terminate()
    }
  })

  it('generated at random affects no other client', async () => {
    const { url, errors } = await serveEcho()
    const types = ['hello', 'subscribe', 'unsubscribe', 'publish', 'ping', 'echo', 'reply']
    const message = fc.record(
      {
        type: fc.oneof(fc.constantFrom(...types), fc.jsonValue()),
        requestId: fc.oneof(fc.string(), fc.jsonValue()),
        channel: fc.oneof(fc.string(), fc.jsonValue()),
        id: fc.jsonValue(),
        timestamp: fc.jsonValue(),
        payload: fc.oneof(
          fc.record(
            { channels: fc.array(fc.string()), since: fc.jsonValue(), type: fc.jsonValue() },
            { requiredKeys: [] },
          ),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: [] },
    )
    let client = await RawClient.greeted(url)
    for (const frame of fc.sample(fc.oneof(message, fc.array(message)), 2_000)) {
      if (client.ws.readyState !== 1) client = await RawClient.greeted(url)
      client.send(frame)
    }
    const after = await RawClient.greeted(url)
    expect((await after.request({ type: 'echo', payload: 2 })).payload).toBe(2)
    expect(errors).toEqual([])
  })
})

describe('a malicious peer', () => {
  const upgrade = (more: readonly string[] = []) =>
    [
      'GET /ws HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      ...more,
      '\r\n',
    ].join('\r\n')

  it.each([
    ['resets at once', ''],
    ['sends other bytes than HTTP', '\u0000\u0001\u0002\r\n\r\n'],
    ['requests a wrong version', upgrade().replace('13', '99')],
    ['sends a bad key', upgrade().replace('=', '')],
    ['requests an invalid path', upgrade().replace('/ws', '//%%%?%')],
    ['sends bad subprotocols', upgrade(['Sec-WebSocket-Protocol: a,,b'])],
    ['sends unmasked frames', `${upgrade()}\u0081\u0002{}`],
    ['sends reserved bits', `${upgrade()}\u00f1\u0080xxxx`],
  ])('that %s affects no other client', async (_, bytes) => {
    const { url, port, errors } = await serveEcho()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(Buffer.from(bytes, 'latin1'))
    await new Promise((resolve) => {
      socket.once('data', resolve)
      socket.once('close', resolve)
      if (!bytes) socket.once('connect', resolve)
    })
    socket.resetAndDestroy()
    const client = await RawClient.greeted(url)
    expect((await client.request({ type: 'echo', payload: 3 })).payload).toBe(3)
    expect(errors).toEqual([])
  })

  it('that sends bad UTF-8 is closed with 1007', async () => {
    const { url } = await serveEcho()
    const client = await RawClient.greeted(url)
    client.ws.send(Buffer.from([0xc3, 0x28]), { binary: false })
    expect((await client.closed).code).toBe(1007)
  })
})
