import { messageOf } from '../../base/errors.ts'
import { channelName } from '../../protocol/channel-name.ts'
import type { Credentials } from '../../protocol/dialect.ts'
import {
  attempt,
  copied,
  type DialectHarness,
  encoded,
  framesOf,
  frozen,
  intents,
  type MakeDialect,
  messagesOf,
  mutations,
  oddMessages,
  shown,
  textOf,
} from './dialect-harness.ts'
import { wrongField } from './frame-shapes.ts'
import type { SuiteCase } from './suite-case.ts'

/**
 * The contract of every dialect, for its author to run; it depends on no backend. The error of a case
 * says what the dialect did, which rule that breaks, and what to change.
 *
 * @example
 * import { dialectSuite } from 'wirefold/testing'
 *
 * for (const { name, run } of dialectSuite) {
 *   it(name, () => run(() => ({ dialect: rooms, messages })))
 * }
 */
export const dialectSuite: readonly SuiteCase<MakeDialect>[] = [
  // Runs first: state shared by sockets must not have been used before.
  rule(
    'shares no state between sockets',
    'Create all state in the factory, which is called for every socket.',
    ({ dialect, messages }) => {
      // Last message first, so that the state left by an earlier one is not there yet.
      const backwards = [...messages].reverse()
      const alone = () => backwards.map((message) => textOf(framesOf(dialect(), message)))
      const before = alone()
      const used = dialect()
      encoded(used, 'used')
      for (const message of messages) framesOf(used, message)
      const after = alone()
      const at = after.findIndex((frames, index) => frames !== before[index])
      if (at < 0) return
      broken(
        `decode() of ${shown(backwards[at])} returned ${after[at]} instead of ${before[at]} after another socket was used`,
      )
    },
  ),
  rule(
    'never throws on any message, and returns frames that match their types',
    "Create frames with the constructors of wirefold/dialects; return noticeFrame('malformed', …) where a needed field is missing or of another type.",
    ({ dialect, messages }) => {
      const one = dialect()
      for (const message of [...oddMessages, ...messages]) {
        for (const odd of [message, ...mutations(message)]) {
          for (const frame of framesOf(one, odd)) {
            const wrong = wrongField(frame)
            if (wrong)
              broken(`decode() of ${shown(odd)} returned ${shown(frame)}, and frame${wrong}`)
          }
        }
      }
    },
  ),
  rule(
    'decodes a value that is no object to one notice at most, and to nothing else',
    "Return one noticeFrame('malformed', …), or undefined.",
    ({ dialect }) => {
      const one = dialect()
      for (const odd of [undefined, null, true, 7, 'text', Number.NaN]) {
        const kinds = framesOf(one, odd).map(({ kind }) => kind)
        if (kinds.length > 1 || (kinds[0] ?? 'notice') !== 'notice') {
          broken(`decode() of ${odd} returned frames of the kinds ${kinds}`)
        }
      }
    },
  ),
  rule(
    'understands every message of its backend',
    "Decode the message, or return noticeFrame('ignored', …) if it is skipped on purpose. Remove it from the harness if the backend does not send it.",
    ({ dialect, messages }) => {
      const one = dialect()
      for (const message of messages) {
        for (const frame of framesOf(one, message)) {
          if (frame.kind !== 'notice' || frame.level === 'ignored') continue
          broken(`decode() of ${shown(message)} returned a malformed notice, ${frame.reason}`)
        }
      }
    },
  ),
  rule(
    'does not change the messages it decodes',
    'Change a copy of the message, such as {...wire}.',
    ({ dialect, messages }) => {
      const [one, other] = [dialect(), dialect()]
      for (const message of messages) {
        const copy = frozen(message)
        const found = textOf(framesOf(one, copy))
        if (textOf(copy) !== textOf(message)) broken(`decode() of ${shown(message)} changed it`)
        if (found === textOf(framesOf(other, message))) continue
        broken(`decode() of ${shown(message)} returned ${found} for a frozen copy only`)
      }
    },
  ),
  rule(
    'encodes every intent as plain JSON or as bytes, or does not support it',
    'Make messages of objects, arrays, texts, finite numbers, booleans and null; or of a Uint8Array, with the codec binaryCodec and without capabilities.batches. Return undefined for an intent that the backend has no message for.',
    ({ dialect }) => {
      const one = dialect()
      const { codec, capabilities } = one
      for (const [{ kind }, { wire }] of encoded(one, 'r')) {
        if (wire instanceof Uint8Array) {
          const isText = typeof codec?.encode(wire) !== 'object'
          const fault = isText ? 'which the codec sends as text' : 'which cannot be joined'
          if (isText || capabilities.batches) broken(`encode() of ${kind} returned bytes, ${fault}`)
          continue
        }
        const text = attempt(`encode() of ${kind}, as JSON,`, () => JSON.stringify(wire))
        if (typeof text !== 'string' || JSON.stringify(JSON.parse(text)) !== text) {
          broken(`encode() of ${kind} returned the message ${wire}`)
        }
      }
    },
  ),
  rule(
    'covers every channel of a subscribe by exactly one of its messages',
    'Name in `channels` of each message the channels that it covers, none where it covers none. A message without `channels` covers all.',
    ({ dialect }) => {
      const one = dialect()
      for (const intent of intents('r')) {
        if (intent.kind !== 'subscribe' && intent.kind !== 'unsubscribe') continue
        const messages = messagesOf(one, intent)
        if (messages.length === 0) continue
        const covered = messages.flatMap(({ channels }) => channels ?? intent.channels)
        // A channel that is left may need no message, while another one needs its subscription.
        const isDue = (channel: string) => intent.kind === 'subscribe' || covered.includes(channel)
        if (textOf([...covered].sort()) === textOf(intent.channels.filter(isDue).sort())) continue
        broken(`encode() of ${intent.kind} ${textOf(intent.channels)} covers ${textOf(covered)}`)
      }
    },
  ),
  rule(
    'expects replies only if there are any, under first keys that no other message has',
    'Begin `keys` with an id made of the requestId, another one for each message of the intent. Where the backend does not answer, leave them empty; where it does, set capabilities.acks.',
    ({ dialect }) => {
      const one = dialect()
      const firstKeys = (id: string, kinds?: string) =>
        encoded(one, id).flatMap(([{ kind }, { keys }]) =>
          kinds === undefined || kinds === kind ? keys.slice(0, 1) : [],
        )
      const early = firstKeys('first')
      for (const key of firstKeys('second')) {
        if (early.includes(key)) broken(`messages of two intents have the first key ${key}`)
      }
      for (const kind of ['subscribe', 'unsubscribe']) {
        const keys = firstKeys('third', kind)
        if (kind === 'subscribe' && keys.length > 0 && !one.capabilities.acks) {
          broken(`a message for subscribe has the key ${keys[0]}, but capabilities.acks is false`)
        }
        const twice = keys.find((key, at) => keys.indexOf(key) !== at)
        if (twice !== undefined) broken(`two messages of one ${kind} have the first key ${twice}`)
      }
    },
  ),
  rule(
    'recognises the replies to its messages',
    'Name in `to` of the frame the value by which the reply names its message, and the same value in `keys` of that message.',
    ({ dialect, answer }) => {
      const one = dialect()
      for (const [{ kind }, { wire, keys }] of encoded(one, 'r')) {
        if (keys.length === 0) continue
        const reply = answer?.(copied(wire))
        if (reply === undefined) continue
        const to = framesOf(one, reply).flatMap((frame) => ('to' in frame ? frame.to : []))
        if (!to.some((key) => keys.includes(key))) {
          broken(`the reply to a ${kind}, ${shown(reply)}, is for [${to}] instead of [${keys}]`)
        }
      }
    },
  ),
  rule(
    'keeps all parts of an address, and returns the same result each time',
    'Add to the query of the given address and leave the rest, as url() of plainDialect does.',
    ({ dialect }) => {
      const one = dialect()
      const base = 'ws://host/path?keep=1'
      const address = (url: string, credentials: Credentials) =>
        attempt(`url('${url}')`, () => new URL(one.url(url, credentials)))
      const first = address(base, CREDENTIALS)
      const again = address(base, CREDENTIALS)
      const bare = address('ws://host/path', {})
      for (const { host, pathname, href } of [first, bare]) {
        // Some backends need a slash at the end.
        if (host + pathname.replace(/\/$/, '') !== 'host/path') broken(`url() returned ${href}`)
      }
      if (first.searchParams.get('keep') !== '1') broken(`url('${base}') returned ${first.href}`)
      if (again.href !== first.href) broken(`url() returned ${first.href}, then ${again.href}`)
    },
  ),
  rule(
    'matches no channel with another that is not a pattern',
    'Return true only for a family such as room:* and a channel that begins with room:, as match() of plainDialect does.',
    ({ dialect }) => {
      const one = dialect()
      for (const [channel, pattern] of UNLIKE) {
        const call = `match('${channel}', '${pattern}')`
        if (attempt(call, () => one.match(channel, pattern))) broken(`${call} returned true`)
      }
    },
  ),
  rule(
    'has valid numbers',
    'Use numbers from 0, and close codes from 1002 to 4999. With the heartbeat `ping`, encode a ping as one message.',
    ({ dialect }) => {
      const one = dialect()
      const { presets, fatalCloseCodes, deniedCloseCodes = [], heartbeat } = one
      const times = { ...presets.backoff, heartbeatMs: presets.heartbeatMs ?? 1 }
      for (const [name, value] of Object.entries(times)) {
        if (typeof value !== 'string' && !(value >= 0)) broken(`the preset ${name} is ${value}`)
      }
      for (const [name, codes] of Object.entries({ fatalCloseCodes, deniedCloseCodes })) {
        for (const code of codes) {
          if (Number.isInteger(code) && code >= 1002 && code <= 4999) continue
          broken(`${name} contain ${code}`)
        }
      }
      for (const code of [1006, 4100, 4200, 4499]) {
        const { floorMs = 0, windowMs = 0 } =
          attempt(`retryAfter(${code})`, () => one.retryAfter?.(code)) ?? {}
        if (!(floorMs >= 0 && windowMs >= 0)) broken(`retryAfter(${code}) is below 0`)
      }
      if (heartbeat !== 'ping') return
      const { length } = messagesOf(one, { kind: 'ping', timestamp: 1 })
      if (length !== 1) broken(`encode() of ping returned ${length} messages`)
    },
  ),
  rule(
    'carries the parameters of a subscribe, or takes none',
    'Return from channelOf() the name itself, or channelWith(name, params) where parameters identify a channel, and send `params` of a subscribe. Leave channelOf() out if the backend takes no parameters.',
    ({ dialect }) => {
      const one = dialect()
      const channelOf = (params: unknown) =>
        attempt(`channelOf('room:1', ${shown(params)})`, () => one.channelOf?.('room:1', params))
      const sent = (params: unknown) => {
        const at = { timestamp: 1, requestId: 'p', since: new Map() }
        const channels = [channelOf(params) ?? 'room:1']
        return textOf(messagesOf(one, { kind: 'subscribe', ...at, channels, params }))
      }
      const [first, same, other] = [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
        { a: 1, b: 3 },
      ]
      const channel = channelOf(first)
      if (channel === undefined) return
      const call = `channelOf('room:1', ${shown(first)})`
      if (channelName(channel) !== 'room:1') {
        broken(`${call} returned ${shown(channel)}, whose name is not room:1`)
      }
      if (channelOf(same) !== channel) {
        broken(`${call} returned another channel than for equal parameters`)
      }
      if (channel !== 'room:1' && channelOf(other) === channel) {
        broken(`${call} returned the same channel as for other parameters`)
      }
      if (sent(first) === sent(other)) {
        broken(
          `encode() of a subscribe with ${shown(first)} returned the same as with other parameters`,
        )
      }
    },
  ),
]

const CREDENTIALS: Credentials = { token: 'a&b', query: { more: 'ü' } }

/** Channels and patterns that do not match. */
const UNLIKE: readonly (readonly [channel: string, pattern: string])[] = [
  ['room:1', 'room:2'],
  ['room:12', 'room:1'],
  ['rooms:1', 'room:*'],
]

/**
 * Returns the case of a rule.
 *
 * @param name the rule, as the rest of a sentence about a dialect
 * @param change what to change in a dialect that breaks it
 * @param check throws an error that says what the dialect did
 */
function rule(
  name: string,
  change: string,
  check: (harness: DialectHarness) => void,
): SuiteCase<MakeDialect> {
  return {
    name,
    async run(make) {
      const harness = make()
      const { dialect } = harness
      let label = dialect.name
      try {
        label = attempt('The factory', dialect).name
        check(harness)
      } catch (cause) {
        const found = `The dialect ${label}: ${messageOf(cause)}`
        throw new Error(`${found}\nRule: it ${name}.\nChange: ${change}`, { cause })
      }
    },
  }
}

/** Throws the error that says what a dialect did. */
function broken(did: string): never {
  throw new Error(`${did}.`)
}
