import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import { ManualEnvironment } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'

function surrounded(options: ClientOptions = {}) {
  const environment = new ManualEnvironment()
  return { ...scripted({}, { environment, ...options }), environment }
}

describe('a client', () => {
  it('retries less often while the platform reports no network, never gives up, and is quick afterwards', async () => {
    const { clock, server, client, environment } = surrounded({ backoff: { maxRetries: 3 } })
    await Promise.all([client.connect(), clock.advance(6_000)])
    environment.emit('offline')
    expect(client.state.get().name).toBe('open')
    server.transport.refusing = true
    server.drop()
    await clock.advance(600_000)
    expect(client.state.get()).toMatchObject({ name: 'offline' })
    const attempts = server.transport.ends.length - 1
    expect(attempts).toBeGreaterThanOrEqual(60)
    expect(attempts).toBeLessThanOrEqual(120)
    environment.emit('online')
    await clock.advance(500)
    expect(client.state.get()).toMatchObject({ name: 'waiting', attempt: 1 })
    server.transport.refusing = false
    await clock.advance(1_000)
    expect(client.state.get().name).toBe('open')
  })

  it('connects as quickly if the platform is wrong about the network', async () => {
    const { clock, server, client, environment } = surrounded()
    environment.online = false
    await Promise.all([client.connect(), clock.advance(1)])
    expect(client.state.get().name).toBe('open')
    server.drop()
    await clock.advance(951)
    expect(client.state.get().name).toBe('open')
    server.transport.refusing = true
    server.drop()
    await clock.advance(60_000)
    server.transport.refusing = false
    await clock.advance(10_000)
    expect(client.state.get().name).toBe('open')
  })

  it('retries at once at connect(), and within 0.5 s when the page becomes visible, even without a network', async () => {
    for (const event of ['connect', 'wake'] as const) {
      const { clock, server, client, environment } = surrounded()
      environment.online = false
      server.transport.refusing = true
      void client.connect()
      await clock.advance(60_000)
      expect(client.state.get().name).toBe('offline')
      server.transport.refusing = false
      if (event === 'connect') void client.connect()
      else environment.emit(event)
      await clock.advance(event === 'connect' ? 0 : 500)
      expect(client.state.get().name).toBe('open')
    }
  })

  it('gives up an attempt that began without a network once the network is back', async () => {
    const { clock, server, client, environment } = surrounded()
    environment.online = false
    server.transport.frozen = true
    void client.connect()
    await clock.advance(3_000)
    expect(client.state.get()).toMatchObject({ name: 'connecting', phase: 'dialing' })
    server.transport.frozen = false
    environment.emit('online')
    await clock.advance(500)
    expect(client.state.get().name).toBe('open')
    expect(server.transport.ends).toHaveLength(2)
  })

  it('keeps a working connection when the platform reports no network', async () => {
    const { clock, server, client, environment } = surrounded()
    await Promise.all([client.connect(), clock.advance(1)])
    for (const event of ['offline', 'online', 'wake'] as const) environment.emit(event)
    await clock.advance(60_000)
    expect(client.stats()).toMatchObject({ opens: 1 })
    expect(server.transport.ends).toHaveLength(1)
  })

  it('goes offline during a wait, and retries within half a second when the network is back', async () => {
    for (const event of ['online', 'wake'] as const) {
      const { clock, server, client, environment } = surrounded()
      server.transport.refusing = true
      void client.connect()
      await clock.advance(60_000)
      server.transport.refusing = false
      const waiting = client.state.get()
      if (event === 'online') {
        environment.emit('offline')
        expect(client.state.get().name).toBe('offline')
      } else expect(waiting).toMatchObject({ name: 'waiting' })
      environment.emit(event)
      await clock.advance(501)
      expect(client.state.get().name).toBe('open')
    }
  })

  it('probes with a short deadline when the page becomes visible', async () => {
    const { clock, server, client, environment } = surrounded()
    await Promise.all([client.connect(), clock.advance(6_000)])
    server.transport.last.frozen = true
    environment.emit('wake')
    await clock.advance(2_000)
    expect(client.state.get()).toMatchObject({ name: 'waiting', attempt: 1 })
    await clock.advance(1_000)
    expect(client.state.get().name).toBe('open')
  })

  it('closes its connection when the page is hidden in the cache, and reconnects at once when it is shown', async () => {
    const { clock, server, client, environment } = surrounded()
    const channels = new ChannelSubscriber(client)
    const subscription = channels.subscribe('news', () => {})
    await clock.advance(1)
    const request = outcomeOf(client.request('slow', undefined, { timeoutMs: 3_600_000 }))
    await clock.advance(1)
    environment.emit('hide')
    await clock.advance(1)
    expect(client.state.get()).toMatchObject({ name: 'offline' })
    expect(server.transport.last.closed).toMatchObject({ code: 1000 })
    expect(subscription.status.get()).toMatchObject({ name: 'recovering' })
    await clock.advance(900_000)
    expect(server.transport.ends).toHaveLength(1)
    environment.emit('show')
    await clock.advance(1)
    expect(client.state.get().name).toBe('open')
    expect([...server.subscribed]).toEqual(['news'])
    // The server may have forgotten its reply after ten minutes, so the request is not sent again.
    expect(request.error).toMatchObject({ code: 'outcome-unknown' })
    expect(server.count('slow')).toBe(1)
    client.close()
  })

  it('listens to page events only while it may connect', async () => {
    const { clock, client, environment } = surrounded()
    expect(environment.followers).toBe(0)
    await Promise.all([client.connect(), clock.advance(1)])
    expect(environment.followers).toBe(1)
    client.close()
    expect(environment.followers).toBe(0)
    await Promise.all([client.connect(), clock.advance(1)])
    expect(environment.followers).toBe(1)
  })
})
