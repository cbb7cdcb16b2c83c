import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'

async function open(options: Parameters<typeof scripted>[1] = {}) {
  const parts = scripted({ latencyMs: 20, answer: () => undefined }, options)
  await Promise.all([parts.client.connect(), parts.clock.advance(100)])
  return parts
}

describe('the heartbeat of a client', () => {
  it('pings every 25 s while it is open, and measures the round trip', async () => {
    const { clock, server, client } = await open()
    await clock.advance(100_000)
    expect(server.count('ping')).toBe(4)
    expect(client.stats()).toMatchObject({ opens: 1, reconnects: 0, lastRttMs: 40 })
    client.close()
    await clock.advance(100_000)
    expect(server.count('ping')).toBe(4)
    expect(clock.timers).toBe(0)
  })

  it('detects a half-open connection, drops it at once, and reconnects', async () => {
    const { clock, server, client } = await open()
    server.transport.last.frozen = true
    const request = outcomeOf(client.request('slow', undefined, { timeoutMs: 30_000 }))
    await clock.advance(10_000)
    expect(request).toEqual({})
    expect(server.count('slow')).toBe(1)
    expect(client.state.get().name).toBe('open')
    expect(server.transport.ends).toHaveLength(2)
  })

  it('changes the state before it closes a dead socket', async () => {
    const { clock, server, client } = scripted({ answer: () => undefined })
    const { transport } = server
    const states: string[] = []
    const open = transport.open.bind(transport)
    transport.open = (...target) => {
      const socket = open(...target)
      return {
        bufferedAmount: 0,
        send: (data) => socket.send(data),
        close: () => {
          states.push(client.state.get().name)
          socket.close()
        },
      }
    }
    await Promise.all([client.connect(), clock.advance(100)])
    transport.last.frozen = true
    client.request('slow').catch(() => {})
    await clock.advance(10_000)
    expect(states).toEqual(['waiting'])
    expect(client.state.get().name).toBe('open')
  })

  it('detects that its own messages are lost although broadcasts arrive', async () => {
    const { clock, server, client } = await open()
    const channels = new ChannelSubscriber(client)
    let received = 0
    channels.subscribe('news', () => received++)
    await clock.advance(1_000)
    const link = server.transport.last
    link.onMessage = () => {}
    client.request('slow').catch(() => {})
    for (let n = 0; n < 160 && client.state.get().name === 'open'; n++) {
      server.publish('news', 'note', n)
      await clock.advance(100)
    }
    expect(client.state.get()).toMatchObject({
      name: 'waiting',
      reason: { code: 1006, reason: 'the peer gave no sign of life' },
    })
    expect(received).toBeGreaterThan(40)
  })

  it('keeps a healthy connection if timers fire once a minute', async () => {
    const { clock, server, client } = await open()
    let drops = 0
    client.on('dropped', () => drops++)
    for (let minute = 0; minute < 30; minute++) {
      clock.sleep(60_000)
      await clock.advance(100)
    }
    expect(drops).toBe(0)
    expect(server.transport.ends).toHaveLength(1)
  })

  it('reconnects within 3 s of waking up with a dead connection', async () => {
    const { clock, server, client } = await open()
    server.transport.last.frozen = true
    clock.sleep(8 * 3_600_000)
    await clock.advance(3_000)
    expect(client.state.get().name).toBe('open')
    expect(server.transport.ends).toHaveLength(2)
  })

  it("uses the server's interval, within limits, unless the application sets one", async () => {
    for (const [announced, wanted, pings] of [
      [5_000, undefined, 20],
      [1, undefined, 100],
      [500_000, undefined, 2],
      [5_000, 10_000, 10],
    ] as const) {
      const { clock, server, client } = scripted(
        {},
        { heartbeat: wanted === undefined ? {} : { intervalMs: wanted } },
      )
      server.welcome = { heartbeatMs: announced }
      await Promise.all([client.connect(), clock.advance(100_500)])
      expect(server.count('ping')).toBe(pings)
    }
  })

  it('can be disabled', async () => {
    const { clock, server } = await open({ heartbeat: false })
    await clock.advance(600_000)
    expect(server.count('ping')).toBe(0)
    expect(clock.timers).toBe(0)
  })

  it('gives the same results if the wall clock is a day off or steps back', async () => {
    const { clock, server, client } = await open()
    clock.shiftWall(-86_400_000)
    await clock.advance(60_000)
    clock.shiftWall(-3_600_000)
    await clock.advance(60_000)
    clock.shiftWall(172_800_000)
    await clock.advance(60_000)
    expect(client.stats()).toMatchObject({ opens: 1, lastRttMs: 40 })
    expect(server.transport.ends).toHaveLength(1)
  })
})

describe('the statistics of a client', () => {
  it('contain its counters and timings', async () => {
    const { clock, server, client } = await open()
    const channels = new ChannelSubscriber(client)
    channels.subscribe('a', () => {})
    channels.subscribe('a', () => {})
    await clock.advance(1_000)
    server.drop()
    await clock.advance(1_000)
    client.request('x').catch(() => {})
    await clock.advance(9_000)
    expect(client.stats()).toMatchObject({
      opens: 2,
      reconnects: 1,
      queued: 0,
      sent: 1,
      dropped: 0,
      handlers: 2,
    })
    expect(client.stats().uptimeMs).toBeGreaterThan(8_000)
  })

  it('estimate the server’s clock and the latency of events', async () => {
    const { clock, server, client } = scripted({ latencyMs: 30 })
    server.clockOffsetMs = 3_600_000
    const channels = new ChannelSubscriber(client)
    channels.subscribe('a', () => {})
    await clock.advance(30_000)
    expect(client.stats().clockOffsetMs).toBe(3_600_000)
    server.send({ type: 'note', channel: 'a', timestamp: clock.wall() + 3_600_000 - 100 })
    await clock.advance(100)
    expect(client.stats().eventLatencyMs).toBe(130)
  })
})
