import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, isWirefoldError } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { heapBytes } from './heap.ts'
import { rig } from './rig.ts'

const flood = (frame: string, count: number) => `[${Array(count).fill(frame)}]`

/** An open client, after the given welcome. */
async function opened(welcome: object, options: Parameters<typeof scripted>[1] = {}) {
  const page = scripted({}, options)
  page.server.welcome = { ...welcome }
  await Promise.all([page.client.connect(), page.clock.advance(0)])
  return page
}

describe('a flood', () => {
  it('of auth:expiring messages renews the credentials once', async () => {
    let calls = 0
    const auth = async () => `token ${calls++}`
    const { clock, server } = await opened({}, { auth })
    server.transport.last.send(flood('{"type":"auth:expiring"}', 1_000))
    await clock.advance(0)
    expect([calls, server.count('auth')]).toEqual([2, 1])
  })

  it('of identity-changed errors resubscribes once', async () => {
    const { clock, server, client } = await opened({ userId: 'u' })
    new ChannelSubscriber(client).subscribe('a', () => {})
    await clock.advance(0)
    server.transport.last.send(
      flood('{"type":"error","payload":{"code":"identity-changed"}}', 1_000),
    )
    await clock.advance(0)
    expect(server.count('subscribe')).toBe(2)
  })

  it('of goaway messages does not make the client reconnect in a loop', async () => {
    const { clock, server } = await opened({})
    for (let n = 0; n < 100; n++) {
      server.send({ type: 'goaway', payload: { windowMs: 0, deadlineMs: 0 } })
      await clock.advance(100)
    }
    expect(server.transport.ends.length).toBeLessThanOrEqual(4)
  })

  it('of invalid messages in one frame is reported once', async () => {
    const page = await rig()
    await page.inject(`[0${',0'.repeat(2_000_000)}]`)
    expect(page.effect()).toEqual({ errors: ['bad-frame'] })
    await page.prove()
  })

  it('of pings before the welcome is not answered, and uses no memory', async () => {
    const page = await rig('greeting')
    const before = heapBytes()
    for (let n = 0; n < 10; n++) await page.inject(flood('{"type":"ping"}', 10_000))
    expect(heapBytes() - before).toBeLessThan(1_000_000)
    await page.welcome()
    await page.prove()
  })
})

describe('a frame limit that is too small for a subscribe', () => {
  it('refuses the channel, and nothing else', async () => {
    const { clock, client, errors } = await opened({ limits: { frameBytes: 1 } })
    const channels = new ChannelSubscriber(client)
    const long = channels.subscribe('x'.repeat(250), () => {})
    const ready = outcomeOf(long.ready)
    await clock.advance(0)
    const short = channels.subscribe('x', () => {})
    await clock.advance(0)
    expect([long.status.get().name, short.status.get().name]).toEqual(['refused', 'live'])
    expect(isWirefoldError(ready.error, 'too-large')).toBe(true)
    expect(errors).toEqual([])
  })
})

describe('an error about a message', () => {
  it('does not retain the message', async () => {
    const page = await rig()
    const before = heapBytes()
    for (let n = 0; n < 20; n++) {
      const payload = Array(250_000)
        .fill(1e6 + n)
        .join()
      await page.inject(JSON.stringify({ type: 'nonsense', payload }))
    }
    // Until its stack is read, an error retains the functions on it, here those of the transport.
    expect(page.errors.map((error) => isWirefoldError(error) && error.stack)).toHaveLength(20)
    expect(heapBytes() - before).toBeLessThan(5_000_000)
  })
})
