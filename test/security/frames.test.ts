import { createHash, randomBytes } from 'node:crypto'
import { connect as dial } from 'node:net'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from 'wirefold/dialects'
import { RawClient, serve } from '../server/raw-client.ts'

async function echo(options: Parameters<typeof serve>[0] = {}) {
  const served = await serve(options)
  served.server.handle('echo', (payload) => payload)
  return served
}

/** One masked frame of a client: RFC 6455, section 5.2. */
function frame(opcode: number, final: boolean, payload: string): Buffer {
  const data = Buffer.from(payload)
  const head = Buffer.from([(final ? 0x80 : 0) | opcode, 0x80 | data.length])
  return Buffer.concat([head, Buffer.alloc(4), data])
}

/** Upgrades manually, sends bytes, and returns the received close code. */
async function sendRaw(port: number, bytes: Buffer): Promise<{ accept: boolean; code: number }> {
  const socket = dial(port, '127.0.0.1')
  const key = randomBytes(16).toString('base64')
  socket.write(
    [
      'GET /ws HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Extensions: permessage-deflate',
      `Sec-WebSocket-Key: ${key}`,
      '\r\n',
    ].join('\r\n'),
  )
  const received: Buffer[] = []
  await new Promise<void>((resolve) =>
    socket.once('data', (data) => {
      received.push(data)
      resolve()
    }),
  )
  socket.on('data', (data) => received.push(data))
  socket.on('error', () => {})
  socket.write(bytes)
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const [head = '', ...rest] = Buffer.concat(received).toString('latin1').split('\r\n\r\n')
  const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
  const accept = createHash('sha1').update(`${key}${guid}`).digest('base64')
  expect(head).not.toContain('permessage-deflate')
  const closing = Buffer.from(rest.join('\r\n\r\n'), 'latin1')
  return { accept: head.includes(accept), code: closing.readUInt16BE(closing.length - 2) }
}

describe('S8 a frame', () => {
  it('is limited to 64 KiB; a larger one closes the connection with 1009', async () => {
    const { url } = await echo()
    const client = await RawClient.greeted(url)
    const empty = JSON.stringify({ type: 'echo', requestId: 'r', payload: '' }).length
    const full = await client.request({
      type: 'echo',
      requestId: 'r',
      payload: 'x'.repeat(65_536 - empty),
    })
    expect(full.type).toBe('reply')
    client.send({ type: 'echo', requestId: 'r', payload: 'x'.repeat(65_537 - empty) })
    expect((await client.closed).code).toBe(1009)
  })

  it('is never compressed', async () => {
    const { url } = await echo()
    const client = await RawClient.open(url)
    expect(client.ws.extensions).toBe('')
  })

  it('in thousands of fragments closes the connection, with or without compression', async () => {
    const { port } = await echo()
    const fragments = [frame(1, false, 'x')]
    for (let n = 0; n < 1_100; n++) fragments.push(frame(0, false, ''))
    expect(await sendRaw(port, Buffer.concat(fragments))).toEqual({ accept: true, code: 1008 })
  })

  it('of more than 4 MiB is rejected by a client', () => {
    expect(() => jsonCodec.decode(`"${'x'.repeat(4 * 1024 * 1024)}"`)).toThrow(
      expect.objectContaining({ code: 'bad-frame' }),
    )
  })
})

describe('S9 JSON', () => {
  it('nested deeper than 64 is rejected by both peers, without recursion', async () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(jsonCodec.decode(nested(64))).toBeInstanceOf(Array)
    for (const depth of [65, 30_000, 2_000_000]) {
      expect(() => jsonCodec.decode(nested(depth))).toThrow(
        expect.objectContaining({ code: 'bad-frame' }),
      )
    }
    const { url } = await echo()
    const client = await RawClient.greeted(url)
    client.send(`{"type":"echo","requestId":"r","payload":${nested(30_000)}}`)
    expect((await client.next('error')).payload).toMatchObject({ code: 'bad-frame' })
    expect(await client.settled()).toEqual([])
  })
})

describe('S10 keys chosen by a peer', () => {
  it('never reach a prototype, nor a handler as `__proto__`', async () => {
    const { server, url } = await echo()
    const seen: unknown[] = []
    server.handle('look', (payload) => {
      seen.push(payload, Object.getPrototypeOf(payload) === Object.prototype)
    })
    const client = await RawClient.greeted(url)
    const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}'
    client.send(`{"type":"look","requestId":"r","payload":${evil},"__proto__":{"type":"echo"}}`)
    await client.next('reply')
    expect(seen).toEqual([{ constructor: { prototype: { polluted: 1 } }, a: 1 }, true])
    expect({}).not.toHaveProperty('polluted')
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'such as %s are ordinary names of channels, types and requests',
    async (name) => {
      const { server, url } = await echo()
      const client = await RawClient.greeted(url)
      const unknown = await client.request({ type: name, requestId: name })
      expect(unknown.payload).toMatchObject({ code: 'unknown-type' })
      await client.subscribe(name)
      await server.publish(name, 'x', 1)
      expect(await client.next()).toMatchObject({ channel: name, payload: 1 })
      server.handle(name, () => 'mine')
      expect((await client.request({ type: name })).payload).toBe('mine')
    },
  )
})

describe('S14 an error', () => {
  it('contains its code, a fixed message and the request id, but no internal details', async () => {
    const { server, url, errors } = await echo({
      authorize: (_, channel) => {
        if (channel === 'broken') throw new Error('SELECT * FROM users at /srv/app.ts:1')
        return true
      },
    })
    server.handle('fail', () => {
      throw new Error('SELECT * FROM users at /srv/app.ts:1')
    })
    server.handle('unwritable', () => 1n)
    const client = await RawClient.greeted(url)
    const answers = [
      await client.request({ type: 'fail' }),
      await client.request({ type: 'unwritable' }),
      await client.subscribe('broken'),
    ]
    expect(JSON.stringify(answers)).not.toMatch(/SELECT|srv|stack|BigInt/)
    expect(answers[0]).toEqual({
      type: 'error',
      requestId: answers[0]?.requestId,
      payload: {
        code: 'handler-failed',
        message: 'The request could not be carried out.',
        retryable: false,
      },
    })
    expect(errors).toHaveLength(3)
  })

  it('has a code for every refused message, and leaves the connection open', async () => {
    const { url } = await echo()
    const client = await RawClient.greeted(url)
    const code = async (message: object | string) => {
      client.send(message)
      return ((await client.next('error')).payload as { code: string }).code
    }
    expect(await code({ type: 'unknown', requestId: 'r' })).toBe('unknown-type')
    expect(await code('{')).toBe('bad-frame')
    expect(await code({ type: 'auth', requestId: 'r' })).toBe('bad-frame')
    expect(await client.settled()).toEqual([])
  })
})

describe('S19 a binary frame', () => {
  it('closes the connection with 1003, and invalid UTF-8 with 1007', async () => {
    const { url } = await echo()
    const binary = await RawClient.greeted(url)
    binary.send(new Uint8Array([123, 125]))
    expect((await binary.closed).code).toBe(1003)
    const broken = await RawClient.greeted(url)
    broken.ws.send(Buffer.from([0xc3, 0x28]), { binary: false })
    expect((await broken.closed).code).toBe(1007)
  })

  it('is an error for a client', () => {
    expect(() => jsonCodec.decode(new ArrayBuffer(2))).toThrow(
      expect.objectContaining({ code: 'bad-frame' }),
    )
  })
})
