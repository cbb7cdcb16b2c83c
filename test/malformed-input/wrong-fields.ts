import type { Effect, MalformedCase } from './malformed-case.ts'
import { badFrame, nothing, WRONG } from './malformed-case.ts'

/** A message with one open field (`?`), and its effect with any value of a wrong type. */
interface WrongField {
  readonly field: string
  readonly message: string
  readonly effect: Effect
  /** Values that are valid here, or have another effect, and are skipped. */
  readonly except?: readonly (keyof typeof WRONG)[]
}

const TEXTS = ['a text', 'an empty text'] as const
const delivered: Effect = { events: ['x'] }
const live: Effect = { later: 'live' }
const refusedLater = (code: string): Effect => ({ later: 'refused', errors: [code] })
const revoked: Effect = { wanted: 'refused', errors: ['internal'] }
const refusedWith = (error: string): Effect => ({ answer: { error } })

const event = (fields: string) => `{"type":"x","channel":"wanted",${fields}}`
const subscribed = (payload: string) =>
  `{"type":"subscribed","requestId":"<subscribe>","payload":${payload}}`
const refusal = (payload: string) => `{"type":"error","requestId":"<request>","payload":${payload}}`
const welcome = (payload: string) => `{"type":"welcome","payload":${payload}}`
const goaway = (payload: string) => `{"type":"goaway","payload":${payload}}`

const fields: readonly WrongField[] = [
  {
    field: 'the type of an event',
    message: '{"type":?,"channel":"wanted"}',
    effect: badFrame,
    except: TEXTS,
  },
  {
    field: 'the channel of an event',
    message: '{"type":"x","channel":?}',
    effect: badFrame,
    except: TEXTS,
  },
  { field: 'the payload of an event', message: event('"payload":?'), effect: delivered },
  { field: 'the id of an event', message: event('"id":?'), effect: delivered },
  {
    field: 'the offset of an event',
    message: event('"offset":?'),
    effect: delivered,
    except: ['a number'],
  },
  {
    field: 'the prev of an event',
    message: event('"prev":?'),
    effect: delivered,
    except: ['a number'],
  },
  {
    field: 'the via of an event',
    message: event('"via":?'),
    effect: delivered,
    except: TEXTS,
  },
  { field: 'the timestamp of an event', message: event('"timestamp":?'), effect: delivered },
  {
    field: 'the requestId of an event',
    message: event('"requestId":?'),
    effect: delivered,
    except: ['a text'],
  },
  {
    field: 'the requestId of a reply',
    message: '{"type":"reply","requestId":?,"payload":1}',
    effect: badFrame,
    except: ['a text'],
  },
  {
    field: 'the at of a reply',
    message: '{"type":"reply","requestId":"<request>","payload":1,"at":?}',
    effect: { answer: { value: 1 } },
  },
  ...['channel', 'epoch', 'offset'].map((name) => ({
    field: `the ${name} in the at of a reply`,
    message: `{"type":"reply","requestId":"<request>","payload":1,"at":[{"channel":"a","epoch":"e","offset":1,"${name}":?}]}`,
    effect: { answer: { value: 1 } },
  })),
  {
    field: 'the requestId of an error',
    message: '{"type":"error","requestId":?,"payload":{"code":"c"}}',
    effect: { errors: ['c'] },
    except: TEXTS,
  },
  {
    field: 'the channel of an error',
    message: '{"type":"error","channel":?,"payload":{"code":"c"}}',
    effect: { errors: ['c'] },
  },
  { field: 'the payload of an error', message: refusal('?'), effect: refusedWith('internal') },
  {
    field: 'the code of an error',
    message: refusal('{"code":?}'),
    effect: refusedWith('internal'),
    except: TEXTS,
  },
  ...['message', 'retryable', 'retryAfterMs', 'details'].map((name) => ({
    field: `the ${name} of an error`,
    message: refusal(`{"code":"c","${name}":?}`),
    effect: refusedWith('c'),
  })),
  {
    field: 'the requestId of a subscribed',
    message: '{"type":"subscribed","requestId":?,"payload":{}}',
    effect: badFrame,
    except: TEXTS,
  },
  { field: 'the payload of a subscribed', message: subscribed('?'), effect: live },
  ...['at', 'gaps', 'refused'].map((name) => ({
    field: `the ${name} of a subscribed`,
    message: subscribed(`{"${name}":?}`),
    effect: live,
  })),
  {
    field: 'a position in the at of a subscribed',
    message: subscribed('{"at":{"later":?}}'),
    effect: live,
  },
  {
    field: 'an epoch in the at of a subscribed',
    message: subscribed('{"at":{"later":[?,1]}}'),
    effect: live,
  },
  {
    field: 'an offset in the at of a subscribed',
    message: subscribed('{"at":{"later":["e",?]}}'),
    effect: live,
  },
  {
    field: 'a code in the refused of a subscribed',
    message: subscribed('{"refused":{"later":?}}'),
    effect: refusedLater('internal'),
    except: TEXTS,
  },
  {
    field: 'a name in the gaps of a subscribed',
    message: subscribed('{"gaps":[?,"absent"]}'),
    effect: live,
  },
  {
    field: 'the requestId of an unsubscribed',
    message: '{"type":"unsubscribed","requestId":?}',
    effect: badFrame,
    except: TEXTS,
  },
  {
    field: 'the channel of an unsubscribed',
    message: '{"type":"unsubscribed","channel":?,"payload":{"code":"c"}}',
    effect: badFrame,
    except: TEXTS,
  },
  {
    field: 'the payload of an unsubscribed',
    message: '{"type":"unsubscribed","channel":"wanted","payload":?}',
    effect: revoked,
  },
  {
    field: 'the code of an unsubscribed',
    message: '{"type":"unsubscribed","channel":"wanted","payload":{"code":?}}',
    effect: revoked,
    except: TEXTS,
  },
  {
    field: 'the timestamp of a ping',
    message: '{"type":"ping","timestamp":?}',
    effect: { sends: ['pong'] },
  },
  { field: 'the payload of a pong', message: '{"type":"pong","payload":?}', effect: nothing },
  ...['timestamp', 'serverTime', 'offsets'].map((name) => ({
    field: `the ${name} of a pong`,
    message: `{"type":"pong","payload":{"${name}":?}}`,
    effect: nothing,
  })),
  {
    field: 'a position in the offsets of a pong',
    message: '{"type":"pong","payload":{"offsets":{"absent":?}}}',
    effect: nothing,
  },
  {
    field: 'the payload of an auth:expiring',
    message: '{"type":"auth:expiring","payload":?}',
    effect: nothing,
  },
  {
    field: 'the expiresAt of an auth:expiring',
    message: '{"type":"auth:expiring","payload":{"expiresAt":?}}',
    effect: nothing,
  },
  { field: 'the payload of a second welcome', message: welcome('?'), effect: nothing },
]

const goaways: readonly WrongField[] = [
  { field: 'the payload of a goaway', message: goaway('?'), effect: nothing },
  ...['deadlineMs', 'windowMs', 'reason'].map((name) => ({
    field: `the ${name} of a goaway`,
    message: goaway(`{"${name}":?}`),
    effect: nothing,
  })),
]

const welcomes: readonly WrongField[] = [
  { field: 'the payload of a welcome', message: welcome('?'), effect: nothing },
  ...['connectionId', 'userId', 'serverTime', 'heartbeatMs', 'limits', 'tag'].map((name) => ({
    field: `the ${name} of a welcome`,
    message: welcome(`{"${name}":?}`),
    effect: nothing,
  })),
  ...['subscriptions', 'frameBytes', 'messagesPerSecond', 'dedupeMs'].map((name) => ({
    field: `the limit ${name} of a welcome`,
    message: welcome(`{"limits":{"${name}":?}}`),
    effect: nothing,
  })),
]

const cases = (table: readonly WrongField[]): readonly MalformedCase[] =>
  table.flatMap(({ field, message, effect, except = [] }) =>
    Object.entries(WRONG)
      .filter(([kind]) => !except.some((other) => other === kind))
      .map(([kind, value]) => ({
        name: `wrong type: ${field} is ${kind}`,
        frames: [message.replace('?', () => value)],
        effect,
      })),
  )

/** Every field of every message of an open connection, with every wrong type. */
export const wrongFields = cases(fields)
/** The same for the goaway. */
export const wrongGoaways = cases(goaways)
/** The same for the welcome. */
export const wrongWelcomes = cases(welcomes)
