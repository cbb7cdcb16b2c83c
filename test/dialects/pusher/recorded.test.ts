import { expect, it } from 'vitest'
import { ChannelSubscriber, PresenceManager, RealtimeClient } from 'wirefold'
import { pusher, withChannelAuth } from 'wirefold/dialects/pusher'
import { ManualClock, MemoryPair } from 'wirefold/testing'
import { asFields, type Fields } from '../../../src/protocol/fields.ts'
import { recorded } from './recorded.ts'

const all = recorded()
/** The lines after those of an app that does not exist. */
const lines = all.slice(all.findIndex(({ conn }) => conn === 2))

/** What a client receives of the recorded messages, worked out without the dialect. */
function literal() {
  const events: unknown[] = []
  let members: string[] = []
  const lists: string[][] = []
  for (const { dir, message } of lines) {
    if (dir !== 's2c') continue
    const { event, channel } = message
    let { data } = message
    try {
      data = JSON.parse(String(data))
    } catch {}
    const fields = asFields(data)
    if (event === 'pusher_internal:subscription_succeeded' && fields.presence) {
      members = [...(asFields(fields.presence).ids as string[])]
    } else if (event === 'pusher_internal:member_added') {
      members = [...members, String(fields.user_id)]
    } else if (event === 'pusher_internal:member_removed') {
      members = members.filter((id) => id !== fields.user_id)
    } else if (channel !== undefined && !/^pusher/.test(String(event))) {
      events.push([channel, event, data])
    }
    lists.push(members)
  }
  return { events, lists }
}

/** The recorded messages of the official client that this one sends, too, in their order. */
const sentByBoth = lines.flatMap(({ dir, message }) => {
  if (dir !== 'c2s') return []
  const { event, data } = message
  // It signs public channels with an empty text, sends client events on them, and signs users in.
  const { auth, ...rest } = asFields(data)
  if (event === 'pusher:ping' || event === 'client-nope' || event === 'pusher:signin') return []
  return [auth === '' ? { ...message, data: rest } : message]
})

it('a recorded session has the same messages and results with this client as with pusher-js', async () => {
  const clock = new ManualClock()
  const sent: Fields[] = []
  const pair = new MemoryPair({
    clock,
    onConnect: (end) => {
      end.onMessage = (data) => sent.push(JSON.parse(data))
    },
  })
  // The endpoint answers with the recorded signatures, of each channel in their order.
  const signed = sentByBoth.map(({ data }) => asFields(data)).filter(({ auth }) => auth)
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const channel = new URLSearchParams(String(init?.body)).get('channel_name') ?? ''
    asked.push(channel)
    const at = signed.findIndex((data) => data.channel === channel)
    if (at < 0) return new Response('no', { status: 403 })
    return new Response(JSON.stringify(signed.splice(at, 1)[0]))
  }
  const client = new RealtimeClient('ws://test/app/key', {
    transport: withChannelAuth(pair, { endpoint: '/auth', fetch }),
    dialect: pusher,
    clock,
    random: () => 0.5,
  })
  const failures: unknown[] = []
  const errors: unknown[] = []
  client.on('failed', (error) => failures.push(error))
  client.on('error', (error) => errors.push(error))
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  const presence = new PresenceManager(channels)
  const events: unknown[] = []
  const lists: unknown[] = []
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(0)
    }
  }
  const follow = (name: string) =>
    channels.subscribe(
      name,
      (payload, { channel, type }) => events.push([channel, type, payload]),
      {
        onError: () => {},
      },
    )
  const held = new Map<unknown, () => void>()
  void client.connect()
  await settle()
  for (const { dir, conn, message } of lines) {
    const { event, channel, data } = message
    const named = String(asFields(data).channel)
    if (dir === 's2c') pair.last.send(JSON.stringify(message))
    else if (event === 'pusher:subscribe' && (conn === 2 || named.startsWith('#'))) {
      if (named === 'presence-room.1') presence.of('room.1').subscribe(() => {})
      held.set(named, follow(named))
    } else if (event === 'pusher:unsubscribe') held.get(named)?.()
    else if (event === 'client-typing') await client.publish(String(channel), String(event), data)
    else if (message.note === 'auth endpoint' && channel === 'private-secret') {
      if (!held.has(channel)) held.set(channel, follow('private-secret'))
    } else if (String(message.note).startsWith('link cut (')) {
      pair.last.close(1006)
      await clock.advance(1_000)
    } else if (message.note === 'closed by server') pair.last.close(Number(message.code))
    await settle()
    if (dir === 's2c')
      lists.push(
        presence
          .of('room.1')
          .get()
          .map(({ id }) => id),
      )
  }
  const expected = literal()
  expect(events).toEqual(expected.events)
  expect(lists).toEqual(expected.lists)
  expect(sent.filter(({ event }) => event !== 'pusher:ping')).toEqual(sentByBoth)
  expect(asked.filter((channel) => channel === 'private-secret')).toHaveLength(1)
  expect(failures).toMatchObject([{ detail: { closeCode: 4009 }, cause: { code: 'forbidden' } }])
  // The error that announces the close.
  expect(errors).toMatchObject([{ code: 'forbidden', detail: { details: { code: 4009 } } }])
})
