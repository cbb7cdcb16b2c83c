import { describe, expect, it } from 'vitest'
import type { BroadcastOverflow } from 'wirefold/server'
import { ChannelManager } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { PublishRate } from '../../../src/server/channels/publish-rate.ts'
import { RawClient, serve } from '../raw-client.ts'

function make(overflow: BroadcastOverflow, maxPerSecond = 2) {
  const clock = new ManualClock()
  const cap = new PublishRate({ clock, maxPerSecond, overflow })
  const admitted: string[] = []
  const refused: [string, unknown][] = []
  /** Calls `admit` for an event `name`; its type is the name without the number. */
  const submit = (name: string, channel = 'a'): void => {
    const type = name.replace(/\d/g, '')
    Promise.resolve()
      .then(() => cap.admit(channel, type))
      .then(
        () => admitted.push(name),
        (error) => refused.push([name, error.detail.retryAfterMs ?? error.code]),
      )
  }
  return { clock, cap, submit, admitted, refused }
}

describe('a publish rate that drops', () => {
  it('admits a number of events per second and channel, and refuses the others', async () => {
    const { clock, cap, submit, admitted, refused } = make('drop')
    submit('x1')
    await clock.advance(400)
    for (const name of ['x2', 'x3', 'y1']) submit(name)
    submit('x4', 'b')
    await clock.advance(0)
    expect(admitted).toEqual(['x1', 'x2', 'x4'])
    expect(refused).toEqual([
      ['x3', 600],
      ['y1', 600],
    ])
    expect(cap.dropped).toBe(2)
    await clock.advance(600)
    submit('x5')
    await clock.advance(0)
    expect(admitted).toContain('x5')
    expect(clock.timers).toBe(0)
  })

  it('forgets channels without an event for a second', async () => {
    const { clock, cap, submit, admitted } = make('drop')
    for (let n = 0; n < 100; n++) submit('x1', `channel ${n}`)
    await clock.advance(1_000)
    submit('x1', 'another')
    await clock.advance(0)
    expect(admitted).toHaveLength(101)
    expect(cap.size).toBe(1)
  })
})

describe('a publish rate that coalesces', () => {
  it('admits the newest event of each type in the next second, and refuses the others', async () => {
    const { clock, cap, submit, admitted, refused } = make('coalesce')
    for (const name of ['x1', 'x2', 'x3', 'y1', 'x4']) submit(name)
    await clock.advance(999)
    expect(admitted).toEqual(['x1', 'x2'])
    expect(refused).toEqual([['x3', 1_000]])
    await clock.advance(1)
    expect(admitted).toEqual(['x1', 'x2', 'y1', 'x4'])
    expect(cap.dropped).toBe(1)
  })

  it('counts a waiting event in the second in which it is admitted', async () => {
    const { clock, submit, admitted, refused } = make('coalesce')
    for (const name of ['x1', 'x2', 'x3', 'y1', 'z1']) submit(name)
    await clock.advance(1_000)
    expect(admitted).toEqual(['x1', 'x2', 'x3', 'y1'])
    submit('z2')
    await clock.advance(1_000)
    expect(admitted).toEqual(['x1', 'x2', 'x3', 'y1', 'z2'])
    expect(refused).toEqual([['z1', 1_000]])
  })

  it('rejects waiting events when it is closed', async () => {
    const { clock, cap, submit, admitted, refused } = make('coalesce', 1)
    for (const name of ['x1', 'x2']) submit(name)
    await clock.advance(0)
    cap.close()
    await clock.advance(5_000)
    expect(admitted).toEqual(['x1'])
    expect(refused).toEqual([['x2', 'closed']])
    expect(clock.timers).toBe(0)
  })
})

describe('a server with a publish rate', () => {
  it('refuses events above the limit, without using an offset', async () => {
    const clock = new ManualClock()
    const { server, url } = await serve({
      clock,
      authorize: () => true,
      maxBroadcastsPerSecond: 1,
    })
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    await server.publish('a', 'x')
    const publish = { type: 'publish', channel: 'a', requestId: 'p', payload: { type: 'x' } }
    expect(await client.take(1)).toMatchObject([{ offset: 1 }])
    expect(await client.request(publish)).toMatchObject({
      type: 'error',
      payload: { code: 'rate-limited', retryable: true, retryAfterMs: 1_000 },
    })
    await expect(server.publish('a', 'x')).rejects.toMatchObject({ code: 'rate-limited' })
    expect(server.stats().droppedBroadcasts).toBe(2)
    await clock.advance(1_000)
    // A retryable refusal is not stored, so the same request may be sent again.
    client.send(publish)
    expect(await client.take(2)).toMatchObject([{ offset: 2 }, { type: 'reply', requestId: 'p' }])
  })

  it('publishes the newest event above the limit with coalesce', async () => {
    const clock = new ManualClock()
    const { server } = await serve({
      clock,
      maxBroadcastsPerSecond: 1,
      broadcastOverflow: 'coalesce',
    })
    const { epoch } = await server.publish('a', 'cursor', 1)
    const older = server.publish('a', 'cursor', 2)
    const newer = server.publish('a', 'cursor', 3)
    await expect(older).rejects.toMatchObject({ code: 'rate-limited' })
    await clock.advance(1_000)
    expect(await newer).toEqual({ epoch, offset: 2 })
    const { events } = await server.channels.history('a', { epoch, offset: 0 })
    expect(events.map(({ payload }) => payload)).toEqual([1, 3])
  })

  it('publishes no waiting event when it is closed', async () => {
    const { server } = await serve({ maxBroadcastsPerSecond: 1, broadcastOverflow: 'coalesce' })
    await server.publish('a', 'x')
    const late = server.publish('a', 'x')
    const refused = expect(late).rejects.toMatchObject({ code: 'closed' })
    await server.close()
    await refused
  })

  it('admits no event to its queue once it is closed, so that no timer is left', async () => {
    const clock = new ManualClock()
    const options = { clock, maxBroadcastsPerSecond: 1, broadcastOverflow: 'coalesce' } as const
    const channels = new ChannelManager(options)
    await channels.close()
    await channels.publish('a', 'x')
    await expect(channels.publish('a', 'x')).rejects.toMatchObject({ code: 'closed' })
    expect(clock.timers).toBe(0)
  })
})
