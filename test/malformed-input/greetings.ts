import type { MalformedCase } from './malformed-case.ts'
import { badFrame, nothing, Pause } from './malformed-case.ts'

const LIMITS = [
  '0',
  '-1',
  '-1e308',
  '1e308',
  '1e999',
  '1.5',
  '5e-324',
  '1',
  '100',
  '"64"',
  'null',
] as const
const REST = ['heartbeatMs', 'serverTime'] as const
const limits = (limit: string) =>
  `{"subscriptions":${limit},"frameBytes":${limit},"messagesPerSecond":${limit},"dedupeMs":${limit}}`

/** Frames before the welcome, whose effect does not depend on the welcome. */
export const early: readonly MalformedCase[] = [
  {
    name: 'an event before the welcome',
    frames: ['{"type":"x","channel":"wanted"}'],
    effect: { events: ['x'] },
  },
  {
    name: 'a reply before the welcome',
    frames: ['{"type":"reply","requestId":"<request>","payload":1}'],
    effect: { answer: { value: 1 } },
  },
  {
    name: 'a reply without a request before the welcome',
    frames: ['{"type":"reply","requestId":"absent","payload":1}'],
    effect: nothing,
  },
  {
    name: 'an error of the connection before the welcome',
    frames: ['{"type":"error","payload":{"code":"not-authenticated"}}'],
    effect: { errors: ['not-authenticated'] },
  },
  {
    name: 'a welcome that names a request, before the welcome',
    frames: ['{"type":"welcome","requestId":"absent","payload":{}}'],
    effect: nothing,
  },
  {
    name: 'a welcome that names a channel, before the welcome',
    frames: ['{"type":"welcome","channel":"absent","payload":{}}'],
    effect: nothing,
  },
  {
    name: 'an unsubscribed before the welcome',
    frames: ['{"type":"unsubscribed","channel":"wanted","payload":{"code":"forbidden"}}'],
    effect: { wanted: 'refused', errors: ['forbidden'] },
  },
  {
    name: 'pings before the welcome',
    frames: ['{"type":"ping"}', '{"type":"ping"}'],
    effect: nothing,
  },
  {
    name: 'a goaway before the welcome',
    frames: ['{"type":"goaway","payload":{}}', new Pause(100)],
    effect: nothing,
  },
  { name: 'a pong before the welcome', frames: ['{"type":"pong"}'], effect: nothing },
  {
    name: 'rubbish before the welcome',
    frames: ['{', '7', '[]', '[7]'],
    effect: { errors: ['bad-frame', 'bad-frame', 'bad-frame'] },
  },
  { name: 'binary before the welcome', frames: [new ArrayBuffer(1)], effect: badFrame },
]

/** Welcomes whose values would disable the client if it used them. */
export const absurd: readonly MalformedCase[] = [
  ...LIMITS.flatMap((limit) => [
    {
      name: `a welcome with limits of ${limit}`,
      frames: [`{"type":"welcome","payload":{"limits":${limits(limit)}}}`],
      effect: nothing,
    },
    ...REST.map((field) => ({
      name: `a welcome with the ${field} ${limit}`,
      frames: [`{"type":"welcome","payload":{"${field}":${limit}}}`],
      effect: nothing,
    })),
  ]),
  {
    name: 'a welcome of a thousand',
    frames: [`[${Array(1_000).fill('{"type":"welcome","payload":{}}')}]`],
    effect: nothing,
  },
  {
    name: 'a welcome without a payload',
    frames: ['{"type":"welcome"}'],
    effect: nothing,
  },
]
