import { describe, expect, it } from 'vitest'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { RawClient, serve } from '../raw-client.ts'

type WirePosition = [epoch: string, offset: number]

/** Creates two servers with one broker, and clients that alternate between them. */
async function pair() {
  const clock = new ManualClock()
  const broker = new MemoryBroker({ clock })
  const servers = [await serve({ broker, clock }), await serve({ broker, clock })]
  let visits = 0
  /** Subscribes on the other server, and returns the reply and the events. */
  const arrive = async (position?: WirePosition) => {
    const { url } = servers[visits++ % 2] ?? { url: '' }
    const client = await RawClient.greeted(url)
    const payload = position ? { since: [[position[0], ['a', position[1]]]] } : { channels: ['a'] }
    const answer = await client.request({ type: 'subscribe', payload })
    const { at, gaps } = answer.payload as { at: { a?: WirePosition }; gaps?: string[] }
    const offsets = (await client.settled()).map(({ offset }) => offset)
    return { client, at: at.a, gaps, offsets }
  }
  const publish = (channel = 'a') => servers[visits % 2]?.server.publish(channel, 'n')
  return { arrive, publish, clock, servers }
}

describe('a resume on any server that shares the broker', () => {
  it('works before the first event, any number of times', async () => {
    const { arrive, publish } = await pair()
    const { at, client } = await arrive()
    expect(at).toEqual([expect.any(String), 0])
    client.ws.terminate()
    for (let n = 0; n < 4; n++) {
      const again = await arrive(at)
      expect([again.at, again.gaps, again.offsets]).toEqual([undefined, undefined, []])
      if (n % 2) again.client.ws.terminate()
    }
    await publish()
    const epoch = at?.[0] ?? ''
    for (let n = 0; n < 4; n++) {
      const late = await arrive([epoch, 0])
      expect([late.at, late.gaps, late.offsets]).toEqual([[epoch, 1], undefined, [1]])
    }
  })

  it('works after any idle time, any number of times', async () => {
    const { arrive, publish, clock } = await pair()
    const { at } = await arrive()
    const epoch = at?.[0] ?? ''
    await publish()
    for (let n = 0; n < 5; n++) {
      const { client, ...again } = await arrive([epoch, 1])
      expect([again.at, again.gaps, again.offsets]).toEqual([undefined, undefined, []])
      client.ws.terminate()
      await clock.advance(60 * 60_000)
    }
    await publish()
    expect(await arrive([epoch, 1])).toMatchObject({ at: [epoch, 2], offsets: [2] })
  })

  it('works after the offset counters of other channels expired', async () => {
    const { arrive, publish, clock } = await pair()
    await publish('other')
    await clock.advance(23 * 60 * 60_000)
    const { at, client } = await arrive()
    client.ws.terminate()
    await clock.advance(2 * 60 * 60_000)
    await publish('another')
    const again = await arrive(at)
    expect([again.at, again.gaps]).toEqual([undefined, undefined])
    await publish()
    expect(await arrive(at)).toMatchObject({ at: [at?.[0], 1], gaps: undefined, offsets: [1] })
  })

  it('is a gap once the offset counter expired, never a lower offset in the same epoch', async () => {
    const { arrive, publish, clock } = await pair()
    const first = await publish()
    const epoch = first?.epoch ?? ''
    await clock.advance(24 * 60 * 60_000 + 1)
    await publish('other')
    const { at, gaps, offsets } = await arrive([epoch, 1])
    expect([at, gaps, offsets]).toEqual([[expect.not.stringContaining(epoch), 0], ['a'], []])
  })
})
