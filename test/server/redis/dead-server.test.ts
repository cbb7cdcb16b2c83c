import { expect, it } from 'vitest'
import type { HandlerOptions, RequestContext } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

describeWithRedis('a server that gives no sign of life', async () => {
  const bench = await redisBench()

  /**
   * Two servers, of which the first gives no further sign of life, as its time stands still: to the
   * others it is dead. A client has sent it a request, whose handler publishes and does not return.
   */
  async function dying(options: HandlerOptions) {
    const prefix = bench.prefix()
    const errors: unknown[] = []
    const clocks = [new ManualClock(), new ManualClock()] as const
    const runs: RequestContext[] = []
    const goOn = deferred<void>()
    const start = async (name: string, clock: ManualClock) => {
      const onError = (error: unknown) => errors.push(error)
      const broker = await bench.broker({ prefix, clock, onError })
      const served = await serve({ broker, authorize: () => true })
      served.server.handle(
        'move',
        async (_, context) => {
          runs.push(context)
          await context.publish('moves', 'moved', name)
          if (name === 'first') {
            await goOn.promise
            await context.publish('moves', 'arrived', name)
          }
          return name
        },
        options,
      )
      return { ...served, broker }
    }
    const first = await start('first', clocks[0])
    const second = await start('second', clocks[1])
    const client = await RawClient.greeted(first.url, { senderId: 's' })
    const move = { type: 'move', requestId: 'r', id: 'e' }
    client.send(move)
    await until(async () => expect((await second.broker.head('moves')).offset).toBe(1))
    const again = await RawClient.greeted(second.url, { senderId: 's' })
    again.send({ ...move, repeated: true })
    const reply = again.next()
    /** Lets time pass on the second server until it has replied. */
    const replied = async () => {
      let done = false
      reply.then(() => {
        done = true
      })
      while (!done) {
        await clocks[1].advance(300)
        // Redis replies in order: the sign of life was given.
        for (let n = 0; n < 2; n++) await second.broker.head('moves')
      }
      return reply
    }
    return { first, second, client, again, move, clocks, runs, errors, goOn, replied }
  }

  it('leaves its requests in doubt, and answers nothing else itself', async () => {
    const { first, second, client, again, move, runs, errors, goOn, replied } = await dying({})
    const unknown = { type: 'error', payload: { code: 'outcome-unknown' } }
    expect(await replied()).toMatchObject(unknown)
    // It was only slow: now it finds itself declared dead.
    goOn.resolve()
    expect(await client.next()).toMatchObject(unknown)
    for (const one of [client, again]) {
      expect(await one.request({ ...move, repeated: true })).toMatchObject(unknown)
    }
    expect((await second.broker.head('moves')).offset).toBe(1)
    expect(runs).toHaveLength(1)
    expect(errors.map(String)).toContainEqual(expect.stringContaining('declared this one dead'))
    // It serves further requests.
    const reply = await client.request({ ...move, requestId: 'another' })
    expect(reply).toMatchObject({ payload: 'first' })
    expect(first.server.stats().connections).toBe(1)
  })

  it('has its requests run again where they are idempotent, with each event once', async () => {
    const { second, client, runs, goOn, replied } = await dying({ idempotent: true })
    const answer = { type: 'reply', payload: 'second', at: [{ channel: 'moves', offset: 1 }] }
    expect(await replied()).toMatchObject(answer)
    goOn.resolve()
    // The server that was slow gives the answer of the other one.
    expect(await client.next()).toMatchObject(answer)
    expect(runs).toHaveLength(2)
    const { events } = await second.broker.since('moves', {
      ...(await second.broker.head('moves')),
      offset: 0,
    })
    expect(events.map(({ type, payload, id }) => [type, payload, id])).toEqual([
      ['moved', 'first', `${client.tag}e`],
    ])
  })
})
