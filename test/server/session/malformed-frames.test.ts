import { connect } from 'node:net'
import { fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { RawClient, serve } from '../raw-client.ts'
import { hostileFrames } from './malformed-frames.ts'

async function hostPage() {
  const served = await serve()
  served.server.handle('echo', (payload) => payload)
  return served
}

/** Sends a text and waits until the server has dealt with it, whether or not it stays. */
async function provoke(client: RawClient, text: string): Promise<void> {
  client.send(text)
  await new Promise<void>((resolve) => {
    client.ws.once('pong', () => resolve())
    client.ws.once('close', () => resolve())
    client.ws.ping()
  })
}

describe('a hostile frame', () => {
  it('is one of more than a hundred', () => {
    expect(hostileFrames.length).toBeGreaterThan(100)
  })

  it.each(hostileFrames.map((text) => [text.slice(0, 60), text]))(
    'such as %j hurts nobody',
    async (_, text) => {
      const { url, errors } = await hostPage()
      const bystander = await RawClient.greeted(url)
      await bystander.subscribe('a', 'b')
      await provoke(await RawClient.open(url), text)
      await provoke(await RawClient.greeted(url), text)
      expect(await bystander.settled()).toEqual([])
      expect((await bystander.ask({ type: 'echo', payload: 1 })).payload).toBe(1)
      expect({}).not.toHaveProperty('polluted')
      expect(errors).toEqual([])
    },
  )

  it('answered or not, leaves its own connection alone unless it is the third', async () => {
    const { url } = await hostPage()
    for (const text of hostileFrames) {
      const client = await RawClient.greeted(url)
      await provoke(client, text)
      expect([text.slice(0, 60), client.ws.readyState]).toEqual([text.slice(0, 60), 1])
      client.ws.terminate()
    }
  })

  it('made at random hurts nobody', async () => {
    const { url, errors } = await hostPage()
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
    expect((await after.ask({ type: 'echo', payload: 2 })).payload).toBe(2)
    expect(errors).toEqual([])
  })
})

describe('a hostile peer', () => {
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
    ['says what is not HTTP', '\u0000\u0001\u0002\r\n\r\n'],
    ['asks with a wrong version', upgrade().replace('13', '99')],
    ['asks with a bad key', upgrade().replace('=', '')],
    ['asks for a path that is none', upgrade().replace('/ws', '//%%%?%')],
    ['asks with bad subprotocols', upgrade(['Sec-WebSocket-Protocol: a,,b'])],
    ['sends unmasked frames', `${upgrade()}\u0081\u0002{}`],
    ['sends reserved bits', `${upgrade()}\u00f1\u0080xxxx`],
  ])('that %s hurts nobody', async (_, bytes) => {
    const { url, port, errors } = await hostPage()
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
    expect((await client.ask({ type: 'echo', payload: 3 })).payload).toBe(3)
    expect(errors).toEqual([])
  })

  it('that sends bad UTF-8 is closed with 1007', async () => {
    const { url } = await hostPage()
    const client = await RawClient.greeted(url)
    client.ws.send(Buffer.from([0xc3, 0x28]), { binary: false })
    expect((await client.closed).code).toBe(1007)
  })
})
