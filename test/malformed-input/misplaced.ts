import type { Effect, MalformedCase } from './malformed-case.ts'
import { badFrame, nothing } from './malformed-case.ts'

const LONG = 'x'.repeat(2 ** 20)
const FAR = Number.MAX_SAFE_INTEGER
const event = (more: object) => JSON.stringify({ type: 'x', channel: 'wanted', ...more })
const raw = (field: string, value: string) => `{"type":"x","channel":"wanted","${field}":${value}}`
const reply = (to: string) => JSON.stringify({ type: 'reply', requestId: to, payload: 1 })
const revoked = (channel: string) =>
  JSON.stringify({ type: 'unsubscribed', channel, payload: { code: 'forbidden' } })
const position = (epoch: string, offset: number) =>
  JSON.stringify({ type: 'pong', payload: { offsets: { wanted: [epoch, offset] } } })

const delivered: Effect = { events: ['x'] }

const unasked: readonly MalformedCase[] = [
  {
    name: 'an event of an unknown channel',
    frames: [event({ channel: 'absent' })],
    effect: nothing,
  },
  {
    name: 'an event of a channel without a name',
    frames: [event({ channel: '' })],
    effect: badFrame,
  },
  { name: 'an event of a channel of 1 MiB', frames: [event({ channel: LONG })], effect: nothing },
  {
    name: 'an event of a channel with a NUL',
    frames: [event({ channel: 'wanted\u0000' })],
    effect: nothing,
  },
  { name: 'an event of a lone surrogate', frames: [event({ channel: '\udc00' })], effect: nothing },
  {
    name: 'an event of a family',
    frames: [event({ channel: '*' }), event({ channel: ':*' })],
    effect: nothing,
  },
  {
    name: 'an event of an unknown family',
    frames: [event({ via: '*' }), event({ via: '' })],
    effect: nothing,
  },
  {
    name: 'an event of a type of 1 MiB',
    frames: [event({ type: LONG })],
    effect: { events: [LONG] },
  },
  { name: 'an event without a type', frames: [event({ type: '' })], effect: { events: [''] } },
  {
    name: 'an event with the type of a reply',
    frames: [event({ type: 'reply' })],
    effect: { events: ['reply'] },
  },
  {
    name: 'an event with the type of a welcome',
    frames: [event({ type: 'welcome' })],
    effect: { events: ['welcome'] },
  },
  { name: 'an event with an id of 1 MiB', frames: [event({ id: LONG })], effect: delivered },
  { name: 'an unsubscribed of an unknown channel', frames: [revoked('absent')], effect: nothing },
  {
    name: 'an unsubscribed of a channel, a hundred times',
    frames: [`[${Array(100).fill(revoked('wanted'))}]`],
    effect: { wanted: 'refused', errors: ['forbidden'] },
  },
  {
    name: 'an error of the connection with a code of the library',
    frames: ['{"type":"error","payload":{"code":"closed","message":"gone"}}'],
    effect: { errors: ['closed'] },
  },
  {
    name: 'an unexpected identity-changed',
    frames: ['{"type":"error","payload":{"code":"identity-changed"}}'],
    effect: { errors: ['identity-changed'] },
  },
  {
    name: 'an unexpected pong',
    frames: ['{"type":"pong","payload":{"timestamp":1}}'],
    effect: nothing,
  },
  {
    name: 'an event far ahead of its channel',
    frames: [event({ offset: FAR })],
    effect: { sends: ['subscribe'] },
  },
  {
    name: 'an event far ahead of its channel, and again',
    frames: [event({ offset: FAR }), event({ offset: FAR })],
    effect: { sends: ['subscribe'], events: ['x'] },
  },
  {
    name: 'a pong that is far ahead of a channel',
    frames: [position('e1', FAR)],
    effect: { sends: ['subscribe'] },
  },
  {
    name: 'a thousand pongs of another epoch in one list',
    frames: [`[${Array(1_000).fill(position('other', 5))}]`],
    effect: { sends: ['subscribe'] },
  },
  {
    name: 'a second welcome',
    frames: ['{"type":"welcome","payload":{"connectionId":"c2","userId":"root"}}'],
    effect: nothing,
  },
  {
    name: 'a second welcome with limits of 0',
    frames: ['{"type":"welcome","payload":{"limits":{"frameBytes":0,"subscriptions":0}}}'],
    effect: nothing,
  },
]

const NUMBERS = [
  '-1',
  '0',
  '-0',
  '1.5',
  '1e21',
  '1e308',
  '-1e308',
  '1e999',
  '-1e999',
  '5e-324',
  '9007199254740993',
] as const

const numbers = NUMBERS.flatMap((number): MalformedCase[] => [
  ...['offset', 'prev', 'timestamp'].map((field) => ({
    name: `the ${field} ${number} of an event`,
    frames: [raw(field, number)],
    effect: delivered,
  })),
  {
    name: `the timestamp ${number} of a ping`,
    frames: [`{"type":"ping","timestamp":${number}}`],
    effect: { sends: ['pong'] },
  },
  {
    name: `the time ${number} of a pong, and its offset`,
    frames: [
      `{"type":"pong","payload":{"timestamp":${number},"serverTime":${number},"offsets":{"absent":["e",${number}]}}}`,
    ],
    effect: nothing,
  },
  {
    name: `the retryAfterMs ${number} of an error`,
    frames: [
      `{"type":"error","requestId":"<request>","payload":{"code":"c","retryAfterMs":${number}}}`,
    ],
    effect: { answer: { error: 'c' } },
  },
  {
    name: `the offset ${number} in the at of a subscribed`,
    frames: [
      `{"type":"subscribed","requestId":"<subscribe>","payload":{"at":{"later":["e",${number}]}}}`,
    ],
    effect: { later: 'live' },
  },
  {
    name: `the expiresAt ${number} of an auth:expiring`,
    frames: [`{"type":"auth:expiring","payload":{"expiresAt":${number}}}`],
    effect: nothing,
  },
])

const ping = '{"type":"ping"}'
const good = event({})

const lists: readonly MalformedCase[] = [
  {
    name: 'a list of 10,000 events',
    frames: [`[${Array(10_000).fill(good)}]`],
    effect: { events: Array(10_000).fill('x') },
  },
  {
    name: 'a list of 10,000 events of unknown channels',
    frames: [`[${Array.from({ length: 10_000 }, (_, n) => event({ channel: `c${n}` }))}]`],
    effect: nothing,
  },
  {
    name: 'a list of 10,000 replies without a request',
    frames: [`[${Array.from({ length: 10_000 }, (_, n) => reply(`r${n}`))}]`],
    effect: nothing,
  },
  {
    name: 'a list of 10,000 pings',
    frames: [`[${Array(10_000).fill(ping)}]`],
    effect: { sends: Array(10_000).fill('pong') },
  },
  { name: 'a list in a list', frames: [`[[${good}]]`], effect: badFrame },
  { name: 'empty lists in a list', frames: ['[[],[[]]]'], effect: badFrame },
  ...['null', '7', '"x"', '[]', '{}', '{"type":7}', `[${good}]`].map((bad) => ({
    name: `${bad} among good messages`,
    frames: [`[${good},${bad},${good},${ping}]`],
    effect: { events: ['x', 'x'], errors: ['bad-frame'], sends: ['pong'] },
  })),
  {
    name: 'bad messages at both ends of a list',
    frames: [`[null,${good},null]`],
    effect: { events: ['x'], errors: ['bad-frame'] },
  },
]

/** Valid messages at the wrong time, with invalid numbers, or too many of them. */
export const misplaced: readonly MalformedCase[] = [...unasked, ...numbers, ...lists]
