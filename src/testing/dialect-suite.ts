import {
  framesOf,
  frozen,
  intents,
  type MakeDialect,
  mutations,
  oddMessages,
  said,
  textOf,
} from './dialect-harness.ts'
import { assertFrame } from './frame-shapes.ts'
import { assertSame, type SuiteCase } from './suite-case.ts'

/**
 * What every dialect has to keep, for its own author to run: nothing here knows any backend.
 *
 * @example
 * for (const { name, run } of dialectSuite) {
 *   it(name, () => run(() => ({ dialect: mine, messages: recorded })))
 * }
 */
export const dialectSuite: readonly SuiteCase<MakeDialect>[] = [
  // The first of all: a memory that sockets share must not have been used before.
  {
    name: 'gives every socket a memory of its own',
    async run(make) {
      const { dialect, messages } = make()
      // The last first, so that what an earlier one leaves behind is not there yet.
      const backwards = [...messages].reverse()
      const alone = () => backwards.map((message) => textOf(framesOf(dialect(), message)))
      const before = alone()
      const used = dialect()
      said(used, 'used')
      for (const message of messages) framesOf(used, message)
      assertSame(alone(), before)
    },
  },
  {
    name: 'never throws, whatever comes, and makes frames that are what their type says',
    async run(make) {
      const { dialect, messages } = make()
      const one = dialect()
      for (const message of [...oddMessages, ...messages]) {
        for (const odd of [message, ...mutations(message)]) framesOf(one, odd).forEach(assertFrame)
      }
    },
  },
  {
    name: 'tells of what is no object by one notice at most, and takes it for nothing else',
    async run(make) {
      const one = make().dialect()
      for (const odd of [undefined, null, true, 7, 'text', Number.NaN]) {
        const kinds = framesOf(one, odd).map(({ kind }) => kind)
        assertSame(kinds, kinds.length ? ['notice'] : [])
      }
    },
  },
  {
    name: 'understands what its backend sends',
    async run(make) {
      const { dialect, messages } = make()
      const one = dialect()
      for (const message of messages) {
        const odd = framesOf(one, message).find(
          (frame) => frame.kind === 'notice' && frame.level === 'malformed',
        )
        if (odd) throw new Error(`${JSON.stringify(message)} is malformed to it: ${textOf(odd)}.`)
      }
    },
  },
  {
    name: 'leaves what it reads as it is',
    async run(make) {
      const { dialect, messages } = make()
      const [one, other] = [dialect(), dialect()]
      for (const message of messages) {
        assertSame(textOf(framesOf(one, frozen(message))), textOf(framesOf(other, message)))
      }
    },
  },
  {
    name: 'puts every intent into messages of plain JSON, or has no word for it',
    async run(make) {
      for (const [, { wire }] of said(make().dialect(), 'r')) {
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
    name: 'waits for answers only where there are some, under keys no other message has first',
    async run(make) {
      const one = make().dialect()
      const all = [...said(one, 'first'), ...said(one, 'second')]
      const subscribes = all.filter(([{ kind }]) => kind === 'subscribe')
      if (!one.capabilities.acks) assertSame(subscribes.flatMap(([, { keys }]) => keys).length, 0)
      for (const id of ['first', 'second']) {
        for (const kind of ['subscribe', 'unsubscribe']) {
          const keys = said(one, id).flatMap(([intent, outgoing]) =>
            intent.kind === kind ? outgoing.keys.slice(0, 1) : [],
          )
          assertSame(new Set(keys).size, keys.length)
        }
      }
      const first = (id: string) => said(one, id).flatMap(([, { keys }]) => keys.slice(0, 1))
      const shared = first('first').filter((key) => first('second').includes(key))
      assertSame(shared, [])
    },
  },
  {
    name: 'recognises the answer to what it said',
    async run(make) {
      const { dialect, answer } = make()
      const one = dialect()
      for (const [intent, { wire, keys }] of said(one, 'r')) {
        if (keys.length === 0) continue
        const answered = answer?.(JSON.parse(JSON.stringify(wire)))
        if (answered === undefined) continue
        const known = framesOf(one, answered).some(
          (frame) => 'to' in frame && frame.to.some((key) => keys.includes(key)),
        )
        if (!known) throw new Error(`The answer to a ${intent.kind} is not taken for one.`)
      }
    },
  },
  {
    name: 'keeps what an address has, and adds to it anew each time',
    async run(make) {
      const one = make().dialect()
      const base = 'ws://host/path?keep=1'
      const address = one.url(base, { token: 'a&b', query: { more: 'ü' } })
      const url = new URL(address)
      // Some backends want a slash at the end.
      const place = ({ host, pathname }: URL) => host + pathname.replace(/\/$/, '')
      assertSame(place(url), 'host/path')
      assertSame(url.searchParams.get('keep'), '1')
      assertSame(one.url(base, { token: 'a&b', query: { more: 'ü' } }), address)
      const bare = new URL(one.url('ws://host/path', {}))
      assertSame(place(bare), 'host/path')
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
    name: 'has numbers that make sense',
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
