import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { scripted } from '../support/scripted.ts'

async function following(latencyMs = 5) {
  const parts = scripted({ latencyMs })
  const channels = new ChannelSubscriber(parts.client)
  const received: unknown[] = []
  const statuses: string[] = []
  const subscription = channels.subscribe('news', (payload) => received.push(payload))
  subscription.status.subscribe((status) =>
    statuses.push(status.name === 'gap' ? `gap ${status.reason}` : status.name),
  )
  await parts.clock.advance(100)
  return { ...parts, channels, received, statuses, subscription }
}

describe('recovery', () => {
  it('replays missed events in order, before later ones', async () => {
    const { clock, server, received, statuses } = await following()
    server.publish('news', 'note', 1)
    await clock.advance(100)
    server.drop()
    for (const n of [2, 3, 4]) server.publish('news', 'note', n)
    await clock.advance(2_000)
    server.publish('news', 'note', 5)
    await clock.advance(100)
    expect(received).toEqual([1, 2, 3, 4, 5])
    expect(statuses).toEqual(['pending', 'live', 'recovering', 'live'])
    // The resume was part of the greeting's frame.
    expect(server.transport.last.received[0]).toContain('"since":[["e1",["news",1]]]')
  })

  it('replays nothing if nothing was missed, after any number of disconnects', async () => {
    const { clock, server, received } = await following()
    server.publish('news', 'note', 1)
    for (let n = 0; n < 5; n++) {
      await clock.advance(100)
      server.drop()
      await clock.advance(3_000)
    }
    expect(received).toEqual([1])
    expect(server.transport.last.received.join()).toContain('["news",1]')
  })

  it('works before the first event', async () => {
    const { clock, server, received } = await following()
    server.drop()
    server.publish('news', 'note', 1)
    await clock.advance(3_000)
    expect(received).toEqual([1])
  })

  it('reports a gap before any later event, until a handler has caught up', async () => {
    const { clock, server, received, statuses, subscription } = await following()
    server.publish('news', 'note', 1)
    await clock.advance(100)
    server.drop()
    server.forget('e2')
    const lostAt = clock.wall()
    await clock.advance(2_000)
    subscription.status.listen(() => received.push('(status)'))
    server.publish('news', 'note', 2)
    await clock.advance(100)
    expect(statuses).toEqual(['pending', 'live', 'recovering', 'gap epoch-changed'])
    expect(received).toEqual([1, 2])
    const status = subscription.status.get()
    expect(status.name === 'gap' && status.asOf).toBeGreaterThanOrEqual(lostAt)
    server.drop()
    await clock.advance(3_000)
    expect(subscription.status.get().name).toBe('gap')
    subscription.caughtUp()
    expect(subscription.status.get()).toEqual({ name: 'live' })
  })

  it('reports a gap for the time in which the channel was refused', async () => {
    const { clock, server, channels, statuses } = await following()
    server.send({ type: 'unsubscribed', channel: 'news', payload: { code: 'forbidden' } })
    await clock.advance(100)
    channels.subscribe('news', () => {})
    await clock.advance(100)
    expect(statuses.slice(-3)).toEqual(['refused', 'recovering', 'gap refused'])
    server.drop()
    await clock.advance(2_000)
    expect(statuses.at(-1)).toBe('gap refused')
  })

  it('reports no gap for a channel that was refused before it was live', async () => {
    let refused = true
    const refuse = () => (refused ? 'forbidden' : undefined)
    const { clock, client } = scripted({ refuse })
    const channels = new ChannelSubscriber(client)
    channels.subscribe('news', () => {}, { onError: () => {} })
    await clock.advance(100)
    refused = false
    const { status } = channels.subscribe('news', () => {})
    await clock.advance(100)
    expect(status.get().name).toBe('live')
  })

  it('reports a gap where another user is signed in now', async () => {
    const { clock, server, client, statuses } = await following()
    server.welcome = { userId: 'ana' }
    server.drop()
    await clock.advance(2_000)
    expect(client.userId).toBe('ana')
    server.send({ type: 'error', payload: { code: 'identity-changed' } })
    await clock.advance(100)
    expect(statuses.at(-1)).toBe('gap identity-changed')
  })

  it('reports the gap of a new epoch before its first event, and delivers each event once', async () => {
    const { clock, server, received, statuses, subscription } = await following()
    for (const n of [1, 2]) server.publish('news', 'note', n)
    await clock.advance(100)
    subscription.status.subscribe(({ name }) => received.push(name))
    server.drop()
    server.forget('e2')
    // The last one reaches the offset of the client in the old epoch.
    for (const n of [3, 4]) server.publish('news', 'note', n)
    await clock.advance(3_000)
    server.publish('news', 'note', 5)
    await clock.advance(100)
    expect(received).toEqual([1, 2, 'live', 'recovering', 'gap', 3, 4, 5])
    expect(statuses).toEqual(['pending', 'live', 'recovering', 'gap epoch-changed'])
    expect(subscription.position).toEqual({ epoch: 'e2', offset: 3 })
  })

  it('requests missing events when an event does not follow the last one', async () => {
    const { clock, server, received, statuses } = await following()
    const real = server.transport.last.send
    let n = 0
    server.transport.last.send = (data) => {
      // The network of this test drops one frame.
      if (++n !== 2) real(data)
    }
    for (const payload of [1, 2, 3]) server.publish('news', 'note', payload)
    await clock.advance(100)
    expect(received).toEqual([1, 2, 3])
    expect(statuses).toEqual(['pending', 'live', 'recovering', 'live'])
  })

  it('detects missed events of a quiet channel within one heartbeat', async () => {
    const { clock, server, received } = await following()
    const real = server.transport.last.send
    server.transport.last.send = () => {}
    server.publish('news', 'note', 1)
    server.transport.last.send = real
    server.offsets = { news: ['e1', 1], other: ['e1', 9] }
    await clock.advance(25_000)
    expect(received).toEqual([1])
  })

  it('starts anew after the last handler was released, and otherwise keeps its position', async () => {
    const { clock, server, channels, subscription, received } = await following()
    server.publish('news', 'note', 1)
    await clock.advance(100)
    subscription()
    await clock.advance(1_000)
    server.publish('news', 'note', 2)
    const again = channels.subscribe('news', (payload) => received.push(payload))
    await clock.advance(100)
    expect(again.status.get()).toEqual({ name: 'live' })
    expect(again.position).toEqual({ epoch: 'e1', offset: 2 })
    expect(received).toEqual([1])
  })

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('publish') },
    { weight: 2, arbitrary: fc.constant('pass') },
    { weight: 1, arbitrary: fc.constant('drop') },
    { weight: 1, arbitrary: fc.constant('lose') },
    { weight: 1, arbitrary: fc.constant('repeat') },
    { weight: 1, arbitrary: fc.constant('forget') },
  )

  test.prop([fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 40 })], { numRuns: 500 })(
    'never loses, repeats or reorders events without reporting a gap',
    async (steps, latencyMs) => {
      const { clock, server, received, statuses, client } = await following(latencyMs)
      let published = 0
      let epochs = 1
      const due: number[] = []
      for (const what of steps) {
        if (what === 'publish' || what === 'lose' || what === 'repeat') {
          const end = server.transport.last
          const real = end.send
          if (what === 'lose') end.send = () => {}
          if (what === 'repeat') {
            end.send = (data) => {
              real(data)
              real(data)
            }
          }
          due.push(++published)
          server.publish('news', 'note', published)
          end.send = real
        } else if (what === 'pass') await clock.advance(7)
        else if (what === 'drop') {
          server.drop()
          await clock.advance(13)
        } else {
          server.drop()
          server.forget(`e${++epochs}`)
          await clock.advance(13)
        }
      }
      await clock.advance(60_000)
      // The loss of the last events is detected at the next event.
      due.push(++published)
      server.publish('news', 'note', published)
      await clock.advance(60_000)
      const numbers = received as number[]
      expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(numbers)
      if (!statuses.some((status) => status.startsWith('gap'))) expect(numbers).toEqual(due)
      client.close()
    },
  )
})
