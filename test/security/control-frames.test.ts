import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { duuiMount } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { RawClient, serve } from '../server/raw-client.ts'

/** A WebSocket ping frame of a client, masked with zeros. */
function ping(bytes: number): Buffer {
  return Buffer.concat([Buffer.from([0x89, 0x80 | bytes, 0, 0, 0, 0]), Buffer.alloc(bytes, 'x')])
}

/** A TCP peer that upgrades its connection and never reads again. */
async function openUnread(port: number) {
  const tcp = connect(port, '127.0.0.1')
  onTestFinished(() => {
    tcp.destroy()
  })
  tcp.on('error', () => {})
  const key = Buffer.alloc(16).toString('base64')
  const lines = ['GET /ws HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket']
  const own = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`]
  tcp.write(`${[...lines, ...own].join('\r\n')}\r\n\r\n`)
  await new Promise((resolve) => tcp.once('data', resolve))
  tcp.pause()
  return tcp
}

describe('S7 WebSocket pings and pongs', () => {
  it.each(['before', 'after'])('count as messages %s the greeting', async (time) => {
    const { url, server } = await serve({ clock: new ManualClock() })
    const client = time === 'after' ? await RawClient.greeted(url) : await RawClient.open(url)
    for (let n = 0; n < 200; n++) client.ws[n % 2 ? 'ping' : 'pong']()
    client.ws.ping()
    for (let n = 0; n < 20; n++) client.ws.ping()
    expect(await client.closed).toEqual({ code: 4429, reason: 'rate-limited' })
    expect(server.stats().refusals).toEqual({ 'rate-limited': 1 })
  })

  it('count toward the byte limit', async () => {
    const { url } = await serve({ clock: new ManualClock(), limits: { bytesPerSecond: 500 } })
    const client = await RawClient.open(url)
    for (let n = 0; n < 30; n++) client.ws.ping('x'.repeat(100))
    expect((await client.closed).code).toBe(4429)
  })

  it('count on a one-way stream', async () => {
    const { server, url } = await serve({ limits: { messagesPerSecond: 1 } })
    server.mount('/processes/:id', duuiMount())
    const client = await RawClient.open(url.replace('/ws', '/processes/p1'))
    for (let n = 0; n < 20; n++) client.ws.ping()
    expect((await client.closed).code).toBe(4429)
  })

  it('are answered one at a time, with the latest of several', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    const pongs: string[] = []
    client.ws.on('pong', (data) => pongs.push(String(data)))
    client.ws.ping('alone')
    await expect.poll(() => pongs).toEqual(['alone'])
    for (let n = 0; n < 100; n++) client.ws.ping(`${n}`)
    await expect.poll(() => pongs.at(-1)).toBe('99')
    await client.settled()
    expect(new Set(pongs).size).toBe(pongs.length)
  })

  it('end the connection of a peer that never reads, before its greeting', async () => {
    const { server, port } = await serve()
    const tcp = await openUnread(port)
    const flood = Buffer.concat(Array.from({ length: 1_000 }, () => ping(125)))
    for (let n = 0; n < 300 && !tcp.destroyed; n++) {
      tcp.write(flood)
      await new Promise(setImmediate)
    }
    await expect.poll(() => server.stats().connections).toBe(0)
    expect(server.stats().refusals).toEqual({ 'rate-limited': 1 })
  })
})
