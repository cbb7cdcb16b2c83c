import { expect, it } from 'vitest'
import type { Dialect } from 'wirefold/dialects'
import { packed } from '../../support/peers/phoenix.ts'
import { phoenixHarnesses } from './harness.ts'

const made = (name: string): Dialect => {
  const dialect = phoenixHarnesses[name]?.dialect()
  if (!dialect) throw new Error(`There is no harness ${name}.`)
  return dialect
}
const kinds = (dialect: Dialect, wire: unknown) =>
  [dialect.decode(wire) ?? []].flat().map((frame) => ('level' in frame ? frame.level : frame.kind))

it('a presence key is no property name', () => {
  const dialect = made('phoenix')
  const metas = [{ phx_ref: 'F1', admin: true }]
  const state = JSON.parse(`{"__proto__": ${JSON.stringify({ metas })}}`)
  const [frame] = [dialect.decode([null, null, 'room:1', 'presence_state', state]) ?? []].flat()
  const device = { id: 'F1', meta: { admin: true } }
  const user = { id: '__proto__', meta: { admin: true }, devices: [device] }
  expect(frame).toMatchObject({ payload: { users: [user] } })
  expect(Object.prototype).not.toHaveProperty('admin')
})

it('changes before the list are kept to a limit', () => {
  const dialect = made('phoenix')
  for (let count = 0; count < 5_000; count++) {
    const joins = { [`u${count}`]: { metas: [{ phx_ref: `F${count}` }] } }
    dialect.decode([null, null, 'room:1', 'presence_diff', { joins, leaves: {} }])
  }
  const [frame] = [dialect.decode([null, null, 'room:1', 'presence_state', {}]) ?? []].flat()
  expect(frame).toMatchObject({ payload: { users: { length: 1_000 } } })
})

it('a repeated reply to a join changes nothing', () => {
  const dialect = made('phoenix')
  const reply = (status: string) => [
    '1',
    '1',
    'room:1',
    'phx_reply',
    { status, response: { a: 1 } },
  ]
  expect(kinds(dialect, reply('ok'))).toEqual(['reply'])
  expect(kinds(dialect, reply('error'))).toEqual(['refusal'])
  expect(kinds(dialect, [null, null, 'room:1', 'news', {}])).toEqual(['event'])
})

it.each([
  ['phoenix', 'phoenix', ['1', '1', 'phoenix', 'phx_close', {}]],
  ['another topic', 'phoenix', ['1', '1', 'room:2', 'phx_error', {}]],
  ['another join', 'phoenix', ['9', '9', 'room:1', 'phx_close', {}]],
  ['a topic without the prefix', 'supabase', ['1', '1', 'room:1', 'phx_close', {}]],
])('the end of %s does not end the channel', (_, name, wire) => {
  const dialect = made(name)
  expect(kinds(dialect, wire)).toEqual(['ignored'])
  const topic = name === 'supabase' ? 'realtime:room:1' : 'room:1'
  expect(kinds(dialect, [null, null, topic, 'news', {}])).toEqual(['event'])
})

it('objects in the place of texts are not converted', () => {
  const odd = JSON.parse('{"toString": 1, "valueOf": 1}')
  for (const name of Object.keys(phoenixHarnesses)) {
    const dialect = made(name)
    const topic = name === 'supabase' ? 'realtime:room:1' : 'room:1'
    for (const event of ['phx_reply', 'system', 'broadcast', 'postgres_changes', odd]) {
      for (const payload of [odd, { status: odd, message: odd, event: odd, data: odd }]) {
        expect(() => dialect.decode([odd, odd, topic, event, payload])).not.toThrow()
        expect(() => dialect.decode([null, '1', topic, event, payload])).not.toThrow()
      }
    }
  }
})

it('bytes that end early, or are of no known kind, are malformed', () => {
  const dialect = made('supabase')
  const whole = packed(4, ['realtime:room:1', 'x', '{}'], [1], Buffer.from('{"a":1}'))
  expect(kinds(dialect, whole)).toEqual(['event'])
  const header = whole.length - '{"a":1}'.length
  for (let length = 0; length < header; length++) {
    expect(kinds(dialect, whole.slice(0, length))).toEqual(['malformed'])
  }
  expect(kinds(dialect, whole.slice(0, -1))).toEqual(['malformed'])
  for (const kind of [3, 5, 255]) {
    expect(kinds(dialect, Uint8Array.of(kind, ...whole.subarray(1)))).toEqual(['malformed'])
  }
})

it('the JSON in bytes has the limits of a message', () => {
  const dialect = made('supabase')
  const broadcast = (data: string, meta = '{}') =>
    packed(4, ['realtime:room:1', 'x', meta], [1], Buffer.from(data))
  expect(kinds(dialect, broadcast('['.repeat(64) + ']'.repeat(64)))).toEqual(['event'])
  for (const levels of [65, 20_000, 500_000]) {
    expect(kinds(dialect, broadcast('['.repeat(levels) + ']'.repeat(levels)))).toEqual([
      'malformed',
    ])
  }
  expect(kinds(dialect, broadcast('{}', `${'['.repeat(100)}${']'.repeat(100)}`))).toEqual([
    'malformed',
  ])
  const keys = '{"id":1,"__proto__":{"admin":true},"\\u005f_proto__":1}'
  const [frame] = [dialect.decode(broadcast(keys)) ?? []].flat()
  const payload: unknown = frame?.kind === 'event' ? frame.payload : undefined
  expect(Object.getOwnPropertyNames(payload)).toEqual(['id'])
})
