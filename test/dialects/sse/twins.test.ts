import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { Dialect, DialectFactory, Frame, Outgoing } from 'wirefold/dialects'
import { sse } from 'wirefold/dialects/sse'
import { sseStreamsTransport } from 'wirefold/transports'
import { connect, until } from '../../support/live.ts'
import type { SseFaults } from '../../support/peers/sse.ts'
import { sseBackend } from '../../support/peers/sse.ts'

const sound = sse({
  stream: (channel, body) => ({ url: body === undefined ? `/sub/${channel}` : '/complete', body }),
  replays: true,
})

/** The dialect with one rule broken. */
const spoilt =
  (alter: (dialect: Dialect) => Partial<Dialect>): DialectFactory =>
  () => {
    const dialect = sound()
    return { ...dialect, ...alter(dialect) }
  }

const orders = (change: (order: object) => object) => (dialect: Dialect) => ({
  encode: (intent: Parameters<Dialect['encode']>[0]) =>
    dialect.encode(intent)?.map((one): Outgoing => ({ ...one, wire: change(Object(one.wire)) })),
})

const frames = (change: (frame: Frame) => Frame | undefined) => (dialect: Dialect) => ({
  decode: (wire: unknown) =>
    [dialect.decode(wire) ?? []].flat().flatMap((frame) => change(frame) ?? []),
})

/** A client of a dialect, which follows one channel: what it delivers, and its last status. */
async function story(
  dialect: DialectFactory,
  channel: string,
  faults: SseFaults = {},
  params?: unknown,
) {
  const server = await sseBackend(faults)
  const { client } = connect(server.origin, {
    dialect,
    transport: sseStreamsTransport(),
    auth: () => 't-ana',
  })
  client.on('error', () => {})
  const received: unknown[] = []
  const one = new ChannelSubscriber(client).subscribe(
    channel,
    ({ text, delta }: { text?: unknown; delta?: unknown }) => received.push(text ?? delta),
    { params, onError: () => {} },
  )
  return { server, received, status: () => one.status.get().name }
}

/** Publishes 1, cuts the stream, publishes 2 and, once the stream is back, 3. */
async function cut(dialect: DialectFactory, faults?: SseFaults) {
  const { server, received, status } = await story(dialect, 'room', faults)
  await until(() => expect(server.streams()).toBe(1))
  server.publish('room', 'said', { text: 1 })
  await until(() => expect(received).toEqual([1]))
  server.drop('room')
  server.publish('room', 'said', { text: 2 })
  await until(() => expect(server.streams()).toBe(1))
  server.publish('room', 'said', { text: 3 })
  await until(() => expect(received.at(-1)).toBe(3))
  await until(() => expect(status()).not.toBe('recovering'))
  return { received, status: status() }
}

/** Asks for an answer whose stream is cut; how often the server was asked once the channel is settled. */
async function answer(dialect: DialectFactory) {
  const { server, status } = await story(dialect, 'answer', {}, { prompt: 'a cut' })
  await until(() => expect(status() === 'refused' || server.prompts.length > 1).toBe(true))
  return server.prompts.length
}

describe('the stories of the dialect find one', () => {
  it('that does not continue after the last id', async () => {
    expect(await cut(sound)).toEqual({ received: [1, 2, 3], status: 'live' })
    const twin = spoilt(orders((order) => ({ ...order, resume: false })))
    expect(await cut(twin)).not.toEqual({ received: [1, 2, 3], status: 'live' })
  })

  it('that shows no gap where there is no id', async () => {
    const faults = { withoutIds: true }
    expect(await cut(sound, faults)).toEqual({ received: [1, 3], status: 'gap' })
    const twin = spoilt(
      frames((frame) => (frame.kind === 'subscribed' ? { ...frame, gaps: [] } : frame)),
    )
    expect(await cut(twin, faults)).toEqual({ received: [1, 3], status: 'live' })
  })

  it('that asks a second time for an answer that was lost', async () => {
    expect(await answer(sound)).toBe(1)
    const twin = spoilt((dialect) => ({
      ...orders((order) => ({ ...order, once: false, resume: true }))(dialect),
      ...frames((frame) =>
        frame.kind === 'unsubscribed' ? { kind: 'dropped', channel: frame.channel } : frame,
      )(dialect),
    }))
    expect(await answer(twin)).toBe(2)
  })
})
