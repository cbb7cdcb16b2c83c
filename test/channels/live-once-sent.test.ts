import { expect, it } from 'vitest'
import type { Dialect } from 'wirefold/dialects'
import { eventFrame, plainDialect, welcomeFrame } from 'wirefold/dialects'
import { asFields } from '../../src/protocol/fields.ts'
import { dialled } from '../support/dialled.ts'
import { outcomeOf } from '../support/scripted.ts'

/** A backend that greets its clients, and does not answer their subscribes. */
const greeting = (): Dialect => ({
  ...plainDialect,
  name: 'greeting',
  decode: (wire) =>
    wire === 'welcome' ? welcomeFrame({}) : eventFrame('room:1', 'said', asFields(wire)),
  encode(intent) {
    if (intent.kind === 'hello') return [{ wire: { hello: true }, keys: [] }]
    if (intent.kind !== 'subscribe') return undefined
    return intent.channels.map((join) => ({ wire: { join }, keys: [], channels: [join] }))
  },
})

it('a channel whose subscribe is not answered is live once that has left, after the welcome', async () => {
  const { channels, clock, deliver, sent } = dialled(greeting)
  const room = channels.subscribe('room:1', () => {})
  const ready = outcomeOf(room.ready)
  await clock.advance(5_000)
  expect(sent).toEqual([{ hello: true }])
  expect(room.status.get()).toEqual({ name: 'pending' })
  expect(ready).toEqual({})
  await deliver('welcome')
  expect(sent).toEqual([{ hello: true }, { join: 'room:1' }])
  expect(room.status.get()).toEqual({ name: 'live' })
  expect(ready).toEqual({ value: undefined })
})

it('a connection that was refused before its subscribes left is no gap', async () => {
  const { channels, clock, deliver, pair } = dialled(greeting)
  const room = channels.subscribe('room:1', () => {})
  await clock.advance(1)
  pair.last.close(1012, 'restart')
  await clock.advance(5_000)
  expect(pair.ends).toHaveLength(2)
  await deliver('welcome')
  expect(room.status.get()).toEqual({ name: 'live' })
})
