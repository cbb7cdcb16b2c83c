import { expect, it } from 'vitest'
import { PresenceManager } from 'wirefold'
import { pusher } from 'wirefold/dialects/pusher'
import { dialled } from '../../support/dialled.ts'

/** A client that follows a channel and the members of another one, both of which the server has accepted. */
async function open() {
  const rig = dialled(pusher)
  rig.greetings.push({ event: 'pusher:connection_established', data: '{"socket_id":"1.2"}' })
  const payloads: unknown[] = []
  rig.channels.subscribe('news', (payload) => payloads.push(payload))
  let users: readonly string[] = []
  new PresenceManager(rig.channels).of('lobby').subscribe((present) => {
    users = present.map(({ id }) => id)
  })
  await rig.clock.advance(0)
  const internal = (name: string, channel: string, data: string) =>
    rig.deliver({ event: `pusher_internal:${name}`, channel, data })
  const members = '{"presence":{"ids":["1"],"hash":{"1":{}}}}'
  await internal('subscription_succeeded', 'news', '{}')
  await internal('subscription_succeeded', 'presence-lobby', members)
  const event = (data: string) => rig.deliver({ event: 'said', channel: 'news', data })
  return { ...rig, payloads, users: () => users, internal, event }
}

const nested = (levels: number) => '{"a":'.repeat(levels) + 1 + '}'.repeat(levels)

it('data is nested as deeply as a message may be, and no deeper', async () => {
  const { payloads, event, errors } = await open()
  await event(nested(64))
  expect([payloads.length, errors]).toEqual([1, []])
  for (const levels of [65, 20_000, 500_000]) await event(nested(levels))
  await event(`["${'['.repeat(1_000)}", "said"]`)
  expect(payloads).toEqual([JSON.parse(nested(64)), ['['.repeat(1_000), 'said']])
  expect(errors).toHaveLength(3)
  expect(errors[0]).toMatchObject({ code: 'bad-frame' })
})

it('a member whose data is nested too deeply is none, and others are', async () => {
  const { users, internal, errors } = await open()
  const added = (id: string, info: string) =>
    internal('member_added', 'presence-lobby', `{"user_id":"${id}","user_info":${info}}`)
  await added('2', nested(20_000))
  await added('3', nested(3))
  expect(users()).toEqual(['1', '3'])
  expect(errors).toMatchObject([{ code: 'bad-frame' }])
})

it.each(['__proto__', '\\u005f_proto__', '\\u005f_pr\\u006Fto__'])(
  'the key %s of data is dropped',
  async (key) => {
    const { payloads, event } = await open()
    await event(`{"id":1,"inner":{"${key}":{"admin":true}},"${key}":{"admin":true}}`)
    expect(payloads).toEqual([{ id: 1, inner: {} }])
    expect(Object.getOwnPropertyNames(payloads[0])).toEqual(['id', 'inner'])
    expect({}).not.toHaveProperty('admin')
  },
)
