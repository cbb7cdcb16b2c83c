import type { MalformedCase } from './malformed-case.ts'

/** Property names of Object.prototype, and others with a meaning in JavaScript. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
] as const

/** `__proto__` in the spellings that JSON permits. */
const WRITTEN = [
  '__proto__',
  '\\u005f_proto__',
  '_\\u005Fproto__',
  '__\\u0070roto__',
  '__p\\u0072oto__',
  '__pr\\u006Fto__',
  '__pro\\u0074o__',
  '\\u005f\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f',
] as const

const event = (payload: string) => `{"type":"x","channel":"wanted","payload":${payload}}`
const doc = (context: string) => `{"type":"x","channel":"docs","payload":${context}}`
const poison = '{"polluted":true,"type":"x","channel":"wanted","requestId":"<request>"}'

const ofProto = WRITTEN.flatMap((key): MalformedCase[] => [
  {
    name: `the key ${key} next to the fields of an event`,
    frames: [`{"${key}":${poison},"type":"x","channel":"wanted"}`],
    effect: { events: ['x'] },
  },
  {
    name: `the key ${key} in place of all fields`,
    frames: [`{"${key}":${poison}}`],
    effect: { errors: ['bad-frame'] },
  },
  {
    name: `the key ${key} in a payload, at every level`,
    frames: [event(`{"${key}":${poison},"a":[{"${key}":{"${key}":{}},"b":{"${key}":null}}]}`)],
    effect: { events: ['x'] },
  },
  {
    name: `the key ${key} in a context that is merged`,
    frames: [
      doc(`{"kind":"Doc","path":"/a","${key}":${poison}}`),
      doc('{"kind":"Doc","path":"/a"}'),
    ],
    effect: { entities: ['/a'] },
  },
  {
    name: `the key ${key} in place of the kind of a context`,
    frames: [doc(`{"${key}":{"kind":"Doc","path":"/a"}}`)],
    effect: {},
  },
  {
    name: `the key ${key} in a reply`,
    frames: [`{"type":"reply","requestId":"<request>","payload":{"${key}":${poison},"a":1}}`],
    effect: { answer: { value: { a: 1 } } },
  },
  {
    name: `the key ${key} in the maps of a subscribed`,
    frames: [
      `{"type":"subscribed","requestId":"<subscribe>","payload":{"at":{"${key}":["e",1]},"refused":{"${key}":"forbidden"}}}`,
    ],
    effect: { later: 'live' },
  },
  {
    name: `the key ${key} in the offsets of a pong`,
    frames: [`{"type":"pong","payload":{"offsets":{"${key}":["e",1]}}}`],
    effect: {},
  },
  {
    name: `the key ${key} in the details of an error`,
    frames: [
      `{"type":"error","requestId":"<request>","payload":{"code":"c","${key}":${poison},"details":{"${key}":${poison}}}}`,
    ],
    effect: { answer: { error: 'c' } },
  },
])

const ofNames = NAMES.flatMap((name): MalformedCase[] => [
  {
    name: `the channel ${name} of an event`,
    frames: [`{"type":"x","channel":"${name}","payload":1}`],
    effect: {},
  },
  {
    name: `the channel ${name} of an unsubscribed`,
    frames: [`{"type":"unsubscribed","channel":"${name}","payload":{"code":"forbidden"}}`],
    effect: {},
  },
  {
    name: `the channel ${name} of an error`,
    frames: [`{"type":"error","channel":"${name}","payload":{"code":"forbidden"}}`],
    effect: { errors: ['forbidden'] },
  },
  {
    name: `the via ${name} of an event`,
    frames: [`{"type":"x","channel":"wanted","via":"${name}"}`],
    effect: {},
  },
  {
    name: `the type ${name} of an event`,
    frames: [`{"type":"${name}","channel":"wanted"}`],
    effect: { events: [name] },
  },
  {
    name: `the type ${name} without a channel`,
    frames: [`{"type":"${name}","payload":{"${name}":1}}`],
    effect: { errors: ['bad-frame'] },
  },
  {
    name: `the request id ${name}`,
    frames: ['reply', 'error', 'subscribed', 'unsubscribed', 'x'].map(
      (type) => `{"type":"${type}","requestId":"${name}","payload":{}}`,
    ),
    effect: {},
  },
  {
    name: `the code ${name} of an error`,
    frames: [`{"type":"error","payload":{"code":"${name}","message":"${name}"}}`],
    effect: { errors: [name] },
  },
  {
    name: `the event id ${name}, twice`,
    frames: [
      `{"type":"x","channel":"wanted","id":"${name}"}`,
      `{"type":"x","channel":"wanted","id":"${name}"}`,
    ],
    effect: { events: ['x', 'x'] },
  },
  {
    name: `the kind ${name} of a context`,
    frames: [doc(`{"kind":"${name}","path":"/a"}`)],
    effect: {},
  },
  {
    name: `the entity key ${name}`,
    frames: [doc(`{"kind":"Doc","path":"${name}"}`)],
    effect: { entities: [name] },
  },
])

// A client never decodes the key `__proto__`: see above.
const ofMaps = NAMES.filter((name) => name !== '__proto__').flatMap((name): MalformedCase[] => [
  {
    name: `the channel ${name} in the maps of a subscribed`,
    frames: [
      `{"type":"subscribed","requestId":"<subscribe>","payload":{"at":{"${name}":["e",1]},"refused":{"${name}":"forbidden"},"gaps":["${name}"]}}`,
    ],
    effect: { later: 'live' },
  },
  {
    name: `the channel ${name} in the offsets of a pong`,
    frames: [`{"type":"pong","payload":{"offsets":{"${name}":["e",1]}}}`],
    effect: {},
  },
  {
    name: `the key ${name} in a payload`,
    frames: [event(`{"${name}":{"prototype":{"polluted":true}},"a":{"${name}":null}}`)],
    effect: { events: ['x'] },
  },
  {
    name: `the key ${name} in a context that is merged`,
    frames: [
      doc(`{"kind":"Doc","path":"/a","${name}":{"prototype":{"polluted":true}}}`),
      doc(`{"kind":"Doc","path":"/a","${name}":7}`),
    ],
    effect: { entities: ['/a'] },
  },
  {
    name: `the key ${name} in a reply`,
    frames: [`{"type":"reply","requestId":"<request>","payload":{"${name}":7}}`],
    effect: { answer: { value: { [name]: 7 } } },
  },
])

/** Invalid contexts, which a registry must ignore. */
const ofContexts: readonly MalformedCase[] = [
  ...[
    '1',
    '"x"',
    'null',
    '[]',
    '[{"kind":"Doc","path":"/a"}]',
    '{}',
    '{"kind":7}',
    '{"kind":null}',
  ].map((context) => ({ name: `the context ${context}`, frames: [doc(context)], effect: {} })),
  ...['null', '7', '""', '{}', '["/a"]'].map((path) => ({
    name: `a context with the key ${path}`,
    frames: [doc(`{"kind":"Doc","path":${path}}`)],
    effect: {},
  })),
  ...['null', '7', '"x"', '{}', '{"length":1e9}', '[null,7,"x",[],{}]'].map((parts) => ({
    name: `a context with the parts ${parts}`,
    frames: [
      doc(`{"kind":"Box","docs":${parts}}`),
      doc(`{"kind":"Doc","path":"/a","parts":${parts}}`),
    ],
    effect: { entities: ['/a'] },
  })),
  {
    name: 'a context with 10,000 parts',
    frames: [doc(`{"kind":"Box","docs":[${'{"kind":"Doc","path":"/a"},'.repeat(10_000)}7]}`)],
    effect: { entities: ['/a'] },
  },
  {
    name: 'a context with an invalid payload',
    frames: [doc('{"kind":"Doc","path":"/a","payload":{"content":7,"type":{}},"thread":7}')],
    effect: { entities: ['/a'] },
  },
  {
    name: '1,000 kinds without a slot',
    frames: [`[${Array.from({ length: 1_000 }, (_, n) => doc(`{"kind":"K${n}"}`))}]`],
    effect: {},
  },
]

/** Names with a meaning in JavaScript, in every place where a peer can choose a name. */
export const keys: readonly MalformedCase[] = [...ofProto, ...ofNames, ...ofMaps, ...ofContexts]
