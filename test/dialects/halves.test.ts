import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { native } from 'wirefold'
import type { Dialect, DialectFactory, Intent } from 'wirefold/dialects'
import { entity } from 'wirefold/dialects/entity'
import { sessions, withAcks } from 'wirefold/dialects/socketio'
import { streams } from 'wirefold/dialects/streams'
import {
  topics,
  withConfirmations,
  withErrors,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import type { ServerDialect } from 'wirefold/server'
import { entityServer } from '../../src/dialects/entity/server.ts'
import { nativeServer } from '../../src/dialects/native/server.ts'
import { withHandshake } from '../../src/dialects/socketio/handshake.ts'
import { engineTransport } from '../../src/dialects/socketio/packets.ts'
import { sessionEvents, socketioServer } from '../../src/dialects/socketio/server.ts'
import { streamsServer, withIds } from '../../src/dialects/streams/server.ts'
import { topicsServer } from '../../src/dialects/topics/server.ts'
import type { Command } from '../../src/protocol/command.ts'
import { jsonCodec } from '../../src/protocol/json-codec.ts'
import { textsOf } from '../../src/protocol/server-dialect.ts'
import type { ServerFrame } from '../../src/protocol/server-frame.ts'
import { framesOf, intents } from '../../src/testing/suites/dialect-harness.ts'

/** A dialect with two halves. */
interface Pair {
  readonly client: DialectFactory
  /** Makes the half of the server, for a client that has sent a message. */
  readonly server: () => ServerDialect
  /** Intents that the server reads as a command of another kind. */
  readonly alike?: Readonly<Record<string, string>>
  /** Returns the payload as which the client reads that of an event, where the protocol changes it. */
  readonly payload?: (payload: unknown) => unknown
  /** Whether events have no id and no time. */
  readonly bare?: boolean
  /** Whether the greeting does not name the user. */
  readonly nameless?: boolean
  /** Channel of an event, and of subscribes, where the protocol names only some. */
  readonly channel?: string
  /** Code as which the client reads a refused subscribe, where the protocol has one for all. */
  readonly code?: string
  /** Returns the wire values in a text of the server; default its JSON. */
  readonly unframed?: (text: string) => readonly unknown[]
  /** Returns the text of a wire value of the client; default its JSON. */
  readonly framed?: (wire: unknown) => string
}

/** Passes a text through the transport of Engine.IO: one of the server in, or one of the client out. */
function overEngine(from: 'server' | 'client', text: string): readonly string[] {
  const out: string[] = []
  let received = (_: string): void => {}
  const transport = engineTransport(
    {
      name: 'test',
      open(_url, _protocols, handlers) {
        received = (data) => handlers.message(data)
        return { bufferedAmount: 0, send: (data) => out.push(String(data)), close() {} }
      },
    },
    '/',
  ).open('', [], {
    opened() {},
    message: (data) => from === 'server' && out.push(String(data)),
    closed: ({ cause }) => out.push(JSON.stringify(['refused', cause])),
  })
  received('0{}')
  if (from === 'server') received(text)
  else transport.send(text)
  return out
}

const topicsPair = (client: DialectFactory, wire: object): Pair => ({
  client,
  server() {
    const server = topicsServer()
    server.decode(wire)
    return server
  },
  // A message without `data` is its own payload.
  payload: (payload) => payload ?? (payload === null ? null : expect.anything()),
  bare: true,
})

const pairs: Readonly<Record<string, Pair>> = {
  native: { client: native, server: () => nativeServer },
  entity: { client: entity, server: () => entityServer },
  streams: {
    client: streams,
    server() {
      const server = streamsServer()
      server.encoders.set('entity:Task', withIds)
      return server
    },
    alike: { publish: 'request' },
    // The payload is the whole message.
    payload: (payload) => expect.objectContaining(payload ? Object(payload) : {}),
    bare: true,
  },
  socketio: {
    client: withAcks(withHandshake(sessions)),
    server: () => socketioServer('/', sessionEvents('/')),
    channel: 'session:1',
    code: 'session-error',
    nameless: true,
    payload: (payload) => expect.objectContaining({ ...Object(payload), sessionId: '1' }),
    bare: true,
    unframed: (text) => overEngine('server', text).map((one) => JSON.parse(one)),
    framed: (wire) => overEngine('client', JSON.stringify(wire))[0] ?? '',
  },
  'topics (flat)': topicsPair(withErrors(withConfirmations(topics)), { type: 'ping' }),
  'topics (versioned)': topicsPair(withErrors(withVersionedEnvelope(withConfirmations(topics))), {
    ...{ v: 1, type: 'ping', topic: 'system', ts: 1, data: {} },
  }),
}

const NOW = 1_700_000_000_000

/** Codes of refusals of the server itself. */
const CODES = [
  ...['bad-channel', 'bad-frame', 'forbidden', 'handler-failed', 'internal', 'not-authenticated'],
  ...['outcome-unknown', 'rate-limited', 'subscription-limit', 'too-large', 'unknown-type'],
]

describe.each(Object.entries(pairs))('the halves of the %s dialect', (_name, pair) => {
  const { client, alike = {}, payload: paid = (payload: unknown) => payload, bare } = pair
  const { unframed = (text: string) => [JSON.parse(text)], framed = JSON.stringify } = pair

  /** Returns intents of every kind, on channels that the protocol can name. */
  const asked = (): readonly Intent[] =>
    intents('r').map((intent) =>
      pair.channel !== undefined && 'channels' in intent
        ? { ...intent, channels: [pair.channel] }
        : intent,
    )

  /** Returns the messages of an intent, with the commands as which the server reads them. */
  function sent(dialect: Dialect, server: ServerDialect, intent: Intent) {
    const outgoing = dialect.encode(intent) ?? []
    return outgoing.map(({ wire, keys }) => ({
      keys,
      commands: server.decode((server.codec ?? jsonCodec).decode(framed(wire))),
    }))
  }

  /** Returns the frames as which the client reads texts of the server. */
  const read = (dialect: Dialect, texts: readonly string[]) =>
    texts.flatMap((text) => unframed(text).flatMap((wire) => framesOf(dialect, wire)))

  it('agree on every intent: the server reads it as commands, none of them malformed', () => {
    for (const intent of asked()) {
      const commands = sent(client(), pair.server(), intent).flatMap((message) => message.commands)
      expect(commands.filter(({ kind }) => kind === 'malformed')).toEqual([])
      // A presence heartbeat may be a sign of life like any other.
      const kinds = intent.kind === 'presence' ? ['presence', 'pong'] : [intent.kind]
      if (commands.length) {
        expect(commands.map(({ kind }) => kind)).toEqual(
          expect.arrayContaining([expect.toBeOneOf([alike[intent.kind], ...kinds])]),
        )
      }
    }
  })

  it('agree on replies: each that the client awaits names a key of its message', () => {
    for (const intent of asked()) {
      const [dialect, server] = [client(), pair.server()]
      for (const { keys, commands } of sent(dialect, server, intent)) {
        if (!keys.length) continue
        const frames = commands.flatMap((command) => replyTo(command) ?? [])
        const replies = frames.flatMap((frame) => read(dialect, textsOf(server.encode(frame, NOW))))
        const to = replies.flatMap((frame) => ('to' in frame ? frame.to : []))
        // A join of presence is answered by the list of members.
        if (intent.kind !== 'presence' || to.length) {
          expect(keys).toEqual(expect.arrayContaining([expect.toBeOneOf(to)]))
        }
      }
    }
  })

  it.each(CODES)('agree on the refusal %s', (code) => {
    const [dialect, server] = [client(), pair.server()]
    const error = { code, message: 'No.', retryable: code === 'rate-limited', retryAfterMs: 5 }
    const details = { limit: 'subscriptions', most: 50 }
    const awaited = asked()
      .flatMap((intent) => (intent.kind === 'subscribe' ? sent(dialect, server, intent) : []))
      .find(({ keys }) => keys.length)
    const [command] = awaited?.commands ?? []
    // A client that awaits no reply learns of no refusal.
    if (!awaited || command?.kind !== 'subscribe')
      return expect(client().capabilities.acks).toBe(false)
    const { requestId, channels } = command
    const to = requestId === undefined ? [] : [requestId]
    const refused = new Map(channels.map((channel) => [channel, { ...error, details, channel }]))
    const answer = { kind: 'subscribed', to, channels, at: new Map(), refused, gaps: [] } as const
    const frames = read(dialect, textsOf(server.encode(answer, NOW)))
    const errors = frames.flatMap((frame) => {
      if (frame.kind === 'subscribed') return [...frame.refused.values()]
      return 'error' in frame ? [frame.error] : []
    })
    expect(errors).toHaveLength(channels.length)
    for (const read of errors) expect(read.code).toBe(pair.code ?? code)
  })

  it('agree on the greeting, if there is one', () => {
    const limits = { subscriptions: 50, frameBytes: 1, messagesPerSecond: 1, dedupeMs: 1 }
    const about = { connectionId: 'c', serverTime: NOW, heartbeatMs: 1, limits, tag: 't' }
    const [hello] = intents('r')
    for (const userId of ['u', undefined]) {
      const texts = textsOf(pair.server().encode({ kind: 'welcome', userId, ...about }, NOW))
      // Without a hello of its own, the client is open with its socket.
      const greets = hello && client().encode(hello) !== undefined
      const frames = read(client(), texts)
      const named = pair.nameless ? {} : { userId }
      const welcome = { kind: 'welcome', connectionId: 'c', ...named }
      if (greets) expect(frames[0]).toMatchObject(welcome)
      else expect(frames).toEqual([])
    }
  })

  it('agree on events', () => {
    for (const [payload, id] of [
      [{ a: [1, 'ü'] }, 'e'],
      [null, undefined],
      [undefined, undefined],
    ] as const) {
      const { channel, ...event } = {
        channel: pair.channel ?? 'entity:Task',
        type: 'entity:created',
        timestamp: NOW,
      }
      const place = { channel, id, offset: undefined, via: undefined }
      const server = pair.server()
      const encoder = server.events?.(channel, channel) ?? server
      const text = encoder.encodeEvent({ ...event, ...place, json: JSON.stringify(payload) })
      expect(read(client(), [text ?? ''])).toMatchObject([
        {
          ...{ kind: 'event', channel, type: event.type, payload: paid(payload) },
          ...(!bare && { id, timestamp: NOW }),
        },
      ])
    }
  })

  it('never throw: the server reads any message as commands', () => {
    const wires = [null, 1, 'x', [], [1], {}, { type: 1 }, { type: '' }, { type: 'subscribe' }]
    const deep = ['presence:join', 'subscribe', 'x'].map((type) => {
      return { type, channel: 1, requestId: {}, payload: 'x', topics: 1, v: 1, data: 'x' }
    })
    const server = pair.server()
    for (const wire of [...wires, ...deep]) expect(() => server.decode(wire)).not.toThrow()
  })

  test.prop([fc.jsonValue(), fc.string()])('read anything as commands', (wire, text) => {
    const server = pair.server()
    for (const command of server.decode(wire)) expect(typeof command.kind).toBe('string')
    const read = (): unknown => (server.codec ?? jsonCodec).decode(text)
    try {
      server.decode(read())
    } catch (error) {
      expect(error).toMatchObject({ code: 'bad-frame' })
    }
  })
})

/** Returns a positive reply to a command. */
function replyTo(command: Command): ServerFrame | undefined {
  const to = 'requestId' in command && command.requestId !== undefined ? [command.requestId] : []
  switch (command.kind) {
    case 'subscribe': {
      const none = { at: new Map(), refused: new Map(), gaps: [] }
      return { kind: 'subscribed', to, ...none, channels: command.channels }
    }
    case 'unsubscribe':
      return { kind: 'released', to, channels: command.channels }
    case 'request':
      return { kind: 'reply', to, type: command.type, payload: {}, at: undefined }
    case 'publish':
      return { kind: 'reply', to, type: 'publish', payload: undefined, at: [] }
    case 'presence':
      if (!to.length) return undefined
      return {
        ...{ kind: 'reply', to, type: `presence:${command.action}` },
        ...{ payload: undefined, at: undefined },
      }
    default:
      return undefined
  }
}
