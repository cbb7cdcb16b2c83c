import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { StandardSchemaV1 } from 'wirefold/contract'
import { contract } from 'wirefold/contract'
import type { ServerLimits } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock, settle } from 'wirefold/testing'
import { partsOf, WiredClient } from '../wired.ts'

/** A schema whose results a test releases, for the values that it holds back. */
function heldSchema() {
  const held = new Map<unknown, (result: StandardSchemaV1.Result<unknown>) => void>()
  const schema: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof value === 'string' && value.startsWith('later')
          ? new Promise((resolve) => held.set(value, resolve))
          : { value },
    },
  }
  const release = (value: unknown, issue?: string): void =>
    held.get(value)?.(issue === undefined ? { value } : { issues: [{ message: issue }] })
  return { schema, release }
}

/** A server with a schema that holds results back. */
function held(limits: ServerLimits = {}) {
  const { schema, release } = heldSchema()
  const clock = new ManualClock()
  const errors: unknown[] = []
  const parts = partsOf({
    contract: contract({
      channels: { 'a:{id}': { e: schema } },
      requests: { r: { payload: schema } },
    }),
    authorize: () => true,
    limits,
    broker: new MemoryBroker({ clock }),
    clock,
    onError: (error) => errors.push(error),
  })
  const past = async (channel: string): Promise<unknown[]> => {
    const { epoch } = await parts.channels.head(channel)
    const { events } = await parts.channels.history(channel, { epoch, offset: 0 })
    return events.map(({ payload }) => payload)
  }
  return { parts, clock, release, past, errors }
}

describe('events whose schema answers later', () => {
  it('are published in the order of their channel, and hold back no other channel', async () => {
    const { parts, release, past } = held()
    const published = ['later 1', 'now 2', 'later 3', 'now 4'].map((payload) =>
      parts.channels.publish('a:1', 'e', payload),
    )
    await parts.channels.publish('a:2', 'e', 'now')
    expect(await past('a:2')).toEqual(['now'])
    release('later 3')
    await settle()
    expect(await past('a:1')).toEqual([])
    release('later 1')
    const offsets = (await Promise.all(published)).map(({ offset }) => offset)
    expect(offsets).toEqual([1, 2, 3, 4])
    expect(await past('a:1')).toEqual(['later 1', 'now 2', 'later 3', 'now 4'])
  })

  it('hold back those behind them until they are refused', async () => {
    const { parts, release, past } = held()
    const bad = parts.channels.publish('a:1', 'e', 'later')
    const good = parts.channels.publish('a:1', 'e', 'now')
    release('later', 'taken')
    await expect(bad).rejects.toMatchObject({ code: 'bad-payload' })
    await good
    expect(await past('a:1')).toEqual(['now'])
  })

  it('are refused after 5 seconds', async () => {
    const { parts, clock, past } = held()
    const late = parts.channels.publish('a:1', 'e', 'later')
    const next = parts.channels.publish('a:1', 'e', 'now')
    const refused = expect(late).rejects.toMatchObject({
      code: 'bad-payload',
      detail: { issues: [{ message: 'The schema took longer than 5000 ms.' }] },
    })
    await clock.advance(5_000)
    await refused
    await next
    expect(await past('a:1')).toEqual(['now'])
  })

  it('of clients are in order, too', async () => {
    const { parts, release, past } = held()
    const client = new WiredClient(parts)
    client.send({ type: 'hello', payload: {} })
    await settle()
    for (const [index, payload] of ['later 1', 'now 2', 'now 3'].entries()) {
      const event = { type: 'e', payload }
      client.send({ type: 'publish', channel: 'a:1', requestId: `p${index}`, payload: event })
    }
    await settle()
    const server = parts.channels.publish('a:1', 'e', 'now 4')
    expect(await past('a:1')).toEqual([])
    release('later 1')
    await server
    expect(await past('a:1')).toEqual(['later 1', 'now 2', 'now 3', 'now 4'])
  })

  test.prop([fc.array(fc.boolean(), { maxLength: 8 }), fc.infiniteStream(fc.nat())])(
    'keep the order, whichever of them answers first',
    async (laters, numbers) => {
      const { parts, release, past } = held()
      const payloads = laters.map((later, index) => `${later ? 'later' : 'now'} ${index}`)
      const published = payloads.map((payload) => parts.channels.publish('a:1', 'e', payload))
      const left = payloads.filter((payload) => payload.startsWith('later'))
      while (left.length) {
        const [next] = left.splice((numbers.next().value ?? 0) % left.length, 1)
        release(next)
        await settle()
      }
      await Promise.all(published)
      expect(await past('a:1')).toEqual(payloads)
    },
  )
})

describe('requests whose schemas answer later', () => {
  it('count against the rate limit before they are checked', async () => {
    const { parts } = held({ messagesPerSecond: 5 })
    const client = new WiredClient(parts)
    client.send({ type: 'hello', payload: {} })
    await settle()
    parts.handlers.add('r', () => {})
    for (let index = 0; index < 15; index++) {
      client.send({ type: 'r', requestId: `${index}`, payload: 'later' })
    }
    await settle()
    const answers = client.received.filter(({ requestId }) => requestId !== undefined)
    expect(answers).toHaveLength(5)
    for (const { payload } of answers) expect(payload).toMatchObject({ code: 'rate-limited' })
  })
})

describe('a request whose schema answers later', () => {
  it('reaches its handler then', async () => {
    const { parts, release } = held()
    const seen: unknown[] = []
    parts.handlers.add('r', (payload: unknown) => {
      seen.push(payload)
    })
    const client = new WiredClient(parts)
    client.send({ type: 'hello', payload: {} })
    client.send({ type: 'r', requestId: '1', payload: 'later' })
    await settle()
    expect(seen).toEqual([])
    release('later')
    await settle()
    expect(seen).toEqual(['later'])
    expect(client.received.at(-1)).toMatchObject({ type: 'reply', requestId: '1' })
  })

  it('is refused after 5 seconds, and its handler does not run', async () => {
    const { parts, clock, errors } = held()
    parts.handlers.add('r', () => {
      throw new Error('must not run')
    })
    const client = new WiredClient(parts)
    client.send({ type: 'hello', payload: {} })
    client.send({ type: 'r', requestId: '1', payload: 'later' })
    await settle()
    await clock.advance(5_000)
    expect(client.received.at(-1)).toMatchObject({
      requestId: '1',
      payload: { code: 'bad-payload', details: { paths: [[]] } },
    })
    expect(errors).toEqual([])
  })
})
