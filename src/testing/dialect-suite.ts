import {
  encoded,
  framesOf,
  frozen,
  intents,
  type MakeDialect,
  mutations,
  oddMessages,
  textOf,
} from './dialect-harness.ts'
import { assertFrame } from './frame-shapes.ts'
import { assertSame, type SuiteCase } from './suite-case.ts'

/**
 * The contract of every dialect, for its author to run; it depends on no backend.
 *
 * @example
 * for (const { name, run } of dialectSuite) {
 *   it(name, () => run(() => ({ dialect: mine, messages: recorded })))
 * }
 */
export const dialectSuite: readonly SuiteCase<MakeDialect>[] = [
  // Runs first: state shared by sockets must not have been used before.
  {
    name: 'shares no state between sockets',
    async run(make) {
      const { dialect, messages } = make()
      // Last message first, so that the state left by an earlier one is not there yet.
      const backwards = [...messages].reverse()
      const alone = () => backwards.map((message) => textOf(framesOf(dialect(), message)))
      const before = alone()
      const used = dialect()
      encoded(used, 'used')
      for (const message of messages) framesOf(used, message)
      assertSame(alone(), before)
    },
  },
  {
    name: 'never throws on any message, and returns frames that match their types',
    async run(make) {
      const { dialect, messages } = make()
      const one = dialect()
      for (const message of [...oddMessages, ...messages]) {
        for (const odd of [message, ...mutations(message)]) framesOf(one, odd).forEach(assertFrame)
      }
    },
  },
  {
    name: 'decodes a value that is no object to one notice at most, and to nothing else',
    async run(make) {
      const one = make().dialect()
      for (const odd of [undefined, null, true, 7, 'text', Number.NaN]) {
        const kinds = framesOf(one, odd).map(({ kind }) => kind)
        assertSame(kinds, kinds.length ? ['notice'] : [])
      }
    },
  },
  {
    name: 'understands every message of its backend',
    async run(make) {
      const { dialect, messages } = make()
      const one = dialect()
      for (const message of messages) {
        const odd = framesOf(one, message).find(
          (frame) => frame.kind === 'notice' && frame.level === 'malformed',
        )
        if (odd) throw new Error(`${JSON.stringify(message)} is malformed: ${textOf(odd)}.`)
      }
    },
  },
  {
    name: 'does not change the messages it decodes',
    async run(make) {
      const { dialect, messages } = make()
      const [one, other] = [dialect(), dialect()]
      for (const message of messages) {
        assertSame(textOf(framesOf(one, frozen(message))), textOf(framesOf(other, message)))
      }
    },
  },
  {
    name: 'encodes every intent as plain JSON, or does not support it',
    async run(make) {
      for (const [, { wire }] of encoded(make().dialect(), 'r')) {
        const text = JSON.stringify(wire)
        assertSame(typeof text, 'string')
        assertSame(JSON.stringify(JSON.parse(text)), text)
      }
    },
  },
  {
    name: 'covers every channel of a subscribe by exactly one of its messages',
    async run(make) {
      const one = make().dialect()
      for (const intent of intents('r')) {
        if (intent.kind !== 'subscribe' && intent.kind !== 'unsubscribe') continue
        const messages = one.encode(intent) ?? []
        if (messages.length === 0) continue
        const covered = messages.flatMap(({ channels }) => channels ?? intent.channels)
        assertSame([...covered].sort(), [...intent.channels].sort())
      }
    },
  },
  {
    name: 'expects replies only if there are any, under first keys that no other message has',
    async run(make) {
      const one = make().dialect()
      const all = [...encoded(one, 'first'), ...encoded(one, 'second')]
      const subscribes = all.filter(([{ kind }]) => kind === 'subscribe')
      if (!one.capabilities.acks) assertSame(subscribes.flatMap(([, { keys }]) => keys).length, 0)
      for (const id of ['first', 'second']) {
        for (const kind of ['subscribe', 'unsubscribe']) {
          const keys = encoded(one, id).flatMap(([intent, outgoing]) =>
            intent.kind === kind ? outgoing.keys.slice(0, 1) : [],
          )
          assertSame(new Set(keys).size, keys.length)
        }
      }
      const first = (id: string) => encoded(one, id).flatMap(([, { keys }]) => keys.slice(0, 1))
      const shared = first('first').filter((key) => first('second').includes(key))
      assertSame(shared, [])
    },
  },
  {
    name: 'recognises the replies to its messages',
    async run(make) {
      const { dialect, answer } = make()
      const one = dialect()
      for (const [intent, { wire, keys }] of encoded(one, 'r')) {
        if (keys.length === 0) continue
        const reply = answer?.(JSON.parse(JSON.stringify(wire)))
        if (reply === undefined) continue
        const known = framesOf(one, reply).some(
          (frame) => 'to' in frame && frame.to.some((key) => keys.includes(key)),
        )
        if (!known) throw new Error(`The reply to a ${intent.kind} is not recognised.`)
      }
    },
  },
  {
    name: 'keeps all parts of an address, and returns the same result each time',
    async run(make) {
      const one = make().dialect()
      const base = 'ws://host/path?keep=1'
      const address = one.url(base, { token: 'a&b', query: { more: 'ü' } })
      const url = new URL(address)
      // Some backends need a slash at the end.
      const hostAndPath = ({ host, pathname }: URL) => host + pathname.replace(/\/$/, '')
      assertSame(hostAndPath(url), 'host/path')
      assertSame(url.searchParams.get('keep'), '1')
      assertSame(one.url(base, { token: 'a&b', query: { more: 'ü' } }), address)
      const bare = new URL(one.url('ws://host/path', {}))
      assertSame(hostAndPath(bare), 'host/path')
    },
  },
  {
    name: 'matches no channel with another that is not a pattern',
    async run(make) {
      const one = make().dialect()
      assertSame(one.match('room:1', 'room:2'), false)
      assertSame(one.match('room:12', 'room:1'), false)
      assertSame(one.match('rooms:1', 'room:*'), false)
    },
  },
  {
    name: 'has valid numbers',
    async run(make) {
      const { presets, fatalCloseCodes, heartbeat, encode } = make().dialect()
      for (const value of [...Object.values(presets.backoff ?? {}), presets.heartbeatMs ?? 1]) {
        assertSame(typeof value === 'string' || value >= 0, true)
      }
      assertSame(
        fatalCloseCodes.filter((code) => !Number.isInteger(code) || code < 1002 || code > 4999),
        [],
      )
      if (heartbeat === 'ping') {
        assertSame(encode({ kind: 'ping', timestamp: 1 })?.length, 1)
      }
    },
  },
]
