import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, refetchOn } from 'wirefold'
import { scripted } from '../support/scripted.ts'
import { started } from '../support/started.ts'

/** A page that fetches again on events of its channel; a fetch takes 20 ms. */
async function page(fetched: () => unknown = () => undefined) {
  const parts = scripted()
  const channels = new ChannelSubscriber(parts.client)
  const signals: AbortSignal[] = []
  const refetch = async (signal: AbortSignal) => {
    signals.push(signal)
    await new Promise<void>((resolve) => parts.clock.after(20, resolve))
    await fetched()
  }
  const synced = started(refetchOn(channels, 'agent:*', refetch))
  const publish = () => parts.server.publish('agent:*', 'agent_updated')
  await parts.clock.advance(100)
  return { ...parts, channels, signals, synced, publish }
}

describe('refetchOn', () => {
  it('fetches when the channel is live, and once for all events of a tick', async () => {
    const { clock, signals, publish } = await page()
    expect(signals).toHaveLength(1)
    for (let n = 0; n < 50; n++) publish()
    await clock.advance(100)
    expect(signals).toHaveLength(2)
    await clock.advance(60_000)
    expect(signals).toHaveLength(2)
  })

  it('fetches once more for the events that arrive during a fetch', async () => {
    const { clock, signals, publish } = await page()
    publish()
    await clock.advance(10)
    for (let n = 0; n < 10; n++) publish()
    await clock.advance(5)
    expect(signals).toHaveLength(2)
    expect(signals[1]?.aborted).toBe(false)
    await clock.advance(100)
    expect(signals).toHaveLength(3)
  })

  it('fetches after a gap, and not after a loss without one', async () => {
    const { clock, server, signals } = await page()
    server.drop()
    await clock.advance(5_000)
    expect(signals).toHaveLength(1)
    server.drop()
    server.forget('e2')
    await clock.advance(5_000)
    expect(signals).toHaveLength(2)
  })

  it('reports a fetch that rejects, and tries again', async () => {
    let tries = 0
    const { clock, signals, errors } = await page(() => {
      if (++tries === 1) throw new Error('no route')
    })
    await clock.advance(5_000)
    expect(errors).toMatchObject([{ message: 'no route' }])
    expect(signals).toHaveLength(2)
  })

  it('aborts its fetch and leaves no subscription when it is released', async () => {
    const { clock, channels, signals, synced, publish } = await page()
    publish()
    await clock.advance(10)
    synced()
    expect(signals[1]?.aborted).toBe(true)
    await clock.advance(5_000)
    expect([signals.length, channels.size]).toEqual([2, 0])
  })
})
