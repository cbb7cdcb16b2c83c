import type { Effect, MalformedCase } from './malformed-case.ts'
import { badFrame, nothing, Pause } from './malformed-case.ts'

const LONG = 'x'.repeat(2 ** 20)
const reply = (payload: unknown, to = '<request>') =>
  JSON.stringify({ type: 'reply', requestId: to, payload })
const refusal = (code: string, to = '<request>') =>
  JSON.stringify({ type: 'error', requestId: to, payload: { code } })
const subscribed = (payload: unknown, to = '<subscribe>') =>
  JSON.stringify({ type: 'subscribed', requestId: to, payload })

const answered = (value: unknown): Effect => ({ answer: { value } })
const isRefused: Effect = { later: 'refused', errors: ['forbidden'] }

/** Replies that are late, repeated, of the wrong kind, or without a request. */
export const answers: readonly MalformedCase[] = [
  { name: 'a reply without a request', frames: [reply(1, 'absent')], effect: nothing },
  { name: 'an error without a request', frames: [refusal('c', 'absent')], effect: nothing },
  { name: 'a subscribed without a request', frames: [subscribed({}, 'absent')], effect: nothing },
  {
    name: 'an unsubscribed without a request',
    frames: ['{"type":"unsubscribed","requestId":"absent"}'],
    effect: nothing,
  },
  { name: 'a reply with an empty id', frames: [reply(1, '')], effect: badFrame },
  { name: 'a reply with an id of 1 MiB', frames: [reply(1, LONG)], effect: nothing },
  {
    name: 'a reply with a lone surrogate for an id',
    frames: [reply(1, '\ud800')],
    effect: nothing,
  },
  { name: 'a reply with a blank after its id', frames: [reply(1, '<request> ')], effect: nothing },
  { name: 'a reply twice', frames: [reply(1), reply(2)], effect: answered(1) },
  {
    name: 'a reply twice in one list',
    frames: [`[${reply(1)},${reply(2)}]`],
    effect: answered(1),
  },
  {
    name: 'a reply a thousand times',
    frames: [`[${Array(1_000).fill(reply(1))}]`],
    effect: answered(1),
  },
  { name: 'a reply and an error', frames: [reply(1), refusal('c')], effect: answered(1) },
  {
    name: 'an error and a reply',
    frames: [refusal('c'), reply(1)],
    effect: { answer: { error: 'c' } },
  },
  {
    name: 'a reply too late',
    frames: [new Pause(10_000), reply(1)],
    effect: { answer: { error: 'request-timeout' }, later: 'live', sends: ['subscribe'] },
  },
  {
    name: 'an error too late',
    frames: [new Pause(10_000), refusal('c')],
    effect: { answer: { error: 'request-timeout' }, later: 'live', sends: ['subscribe'] },
  },
  {
    name: 'a subscribed too late, with a refusal',
    frames: [new Pause(10_000), subscribed({ refused: { later: 'forbidden' } })],
    effect: { answer: { error: 'request-timeout' }, later: 'live', sends: ['subscribe'] },
  },
  { name: 'a reply without a payload', frames: [reply(undefined)], effect: answered(undefined) },
  { name: 'a reply of null', frames: [reply(null)], effect: answered(null) },
  {
    name: 'a subscribed for a request',
    frames: [subscribed({}, '<request>')],
    effect: answered(undefined),
  },
  {
    name: 'an unsubscribed for a request',
    frames: ['{"type":"unsubscribed","requestId":"<request>"}'],
    effect: answered(undefined),
  },
  {
    name: 'a welcome for a request',
    frames: ['{"type":"welcome","requestId":"<request>","payload":1}'],
    effect: answered(1),
  },
  {
    name: 'an event of a channel with the id of a request',
    frames: ['{"type":"x","channel":"wanted","requestId":"<request>","payload":1}'],
    effect: answered(1),
  },
  {
    name: 'a reply whose payload resembles a promise',
    frames: ['{"type":"reply","requestId":"<request>","payload":{"then":"no function"}}'],
    effect: answered(JSON.parse('{"then":"no function"}')),
  },
  { name: 'a reply for a subscribe', frames: [reply(1, '<subscribe>')], effect: { later: 'live' } },
  {
    name: 'an error for a subscribe',
    frames: [refusal('forbidden', '<subscribe>')],
    effect: isRefused,
  },
  {
    name: 'an unsubscribed for a subscribe',
    frames: ['{"type":"unsubscribed","requestId":"<subscribe>"}'],
    effect: { later: 'live' },
  },
  {
    name: 'a subscribed twice',
    frames: [subscribed({}), subscribed({})],
    effect: { later: 'live' },
  },
  {
    name: 'a subscribed and an error',
    frames: [subscribed({}), refusal('forbidden', '<subscribe>')],
    effect: { later: 'live' },
  },
  {
    name: 'an error and a subscribed',
    frames: [refusal('forbidden', '<subscribe>'), subscribed({})],
    effect: isRefused,
  },
  {
    name: 'a subscribed that refuses other channels',
    frames: [subscribed({ refused: { wanted: 'forbidden', other: 'forbidden', absent: 'c' } })],
    effect: { later: 'live' },
  },
  {
    name: 'a subscribed that names 10,000 channels',
    frames: [
      subscribed({
        at: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`c${n}`, ['e', n]])),
        refused: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`c${n}`, 'c'])),
        gaps: Array.from({ length: 10_000 }, (_, n) => `c${n}`),
      }),
    ],
    effect: { later: 'live' },
  },
  {
    name: 'an error with a code of the library',
    frames: [refusal('closed')],
    effect: { answer: { error: 'closed' } },
  },
  { name: 'an error with an empty code', frames: [refusal('')], effect: { answer: { error: '' } } },
  {
    name: 'an error with a code of 1 MiB',
    frames: [refusal(LONG)],
    effect: { answer: { error: LONG } },
  },
]
