import { describe, expect, it } from 'vitest'
import { native } from 'wirefold'
import type { Dialect, DialectFactory, Intent } from 'wirefold/dialects'
import { entity } from 'wirefold/dialects/entity'
import type { ServerDialect } from 'wirefold/server'
import { entityServer } from '../../src/dialects/entity/server.ts'
import { nativeServer } from '../../src/dialects/native/server.ts'
import type { Command } from '../../src/protocol/command.ts'
import type { ServerFrame } from '../../src/protocol/server-frame.ts'
import { framesOf, intents } from '../../src/testing/dialect-harness.ts'

/** The dialects with two halves. */
const pairs: Readonly<Record<string, readonly [DialectFactory, ServerDialect]>> = {
  native: [native, nativeServer],
  entity: [entity, entityServer],
}

const NOW = 1_700_000_000_000
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Codes of refusals of the server itself. */
const CODES = [
  ...['bad-channel', 'bad-frame', 'forbidden', 'handler-failed', 'internal', 'not-authenticated'],
  ...['outcome-unknown', 'rate-limited', 'subscription-limit', 'too-large', 'unknown-type'],
]

describe.each(Object.entries(pairs))('the halves of the %s dialect', (_name, [client, server]) => {
  /** Returns the messages of an intent, with the commands as which the server reads them. */
  function sent(dialect: Dialect, intent: Intent) {
    const outgoing = dialect.encode(intent) ?? []
    return outgoing.map(({ wire, keys }) => ({ keys, commands: server.decode(json(wire)) }))
  }

  /** Returns the frames as which the client reads a frame of the server. */
  function read(dialect: Dialect, frame: ServerFrame) {
    const text = server.encode(frame, NOW)
    return text === undefined ? [] : framesOf(dialect, JSON.parse(text))
  }

  it('agree on every intent: the server reads it as commands, none of them malformed', () => {
    for (const intent of intents('r')) {
      const commands = sent(client(), intent).flatMap((message) => message.commands)
      expect(commands.filter(({ kind }) => kind === 'malformed')).toEqual([])
      // A presence heartbeat may be a sign of life like any other.
      const alike = intent.kind === 'presence' ? ['presence', 'pong'] : [intent.kind]
      if (commands.length) {
        expect(commands.map(({ kind }) => kind)).toEqual(
          expect.arrayContaining([expect.toBeOneOf(alike)]),
        )
      }
    }
  })

  it('agree on replies: each names a key of the message that it answers', () => {
    let answered = 0
    for (const intent of intents('r')) {
      const dialect = client()
      for (const { keys, commands } of sent(dialect, intent)) {
        const frames = commands.flatMap((command) => replyTo(command) ?? [])
        const replies = frames.flatMap((frame) => read(dialect, frame))
        if (!keys.length || !replies.length) continue
        answered += 1
        const to = replies.flatMap((frame) => ('to' in frame ? frame.to : []))
        expect(keys).toEqual(expect.arrayContaining([expect.toBeOneOf(to)]))
      }
    }
    expect(answered).toBeGreaterThanOrEqual(4)
  })

  it.each(CODES)('agree on the refusal %s', (code) => {
    const error = { code, message: 'No.', retryable: code === 'rate-limited', retryAfterMs: 5 }
    const details = { limit: 'subscriptions', most: 50 }
    const frame = { kind: 'refusal', to: ['r'], error: { ...error, details }, type: 'x' } as const
    expect(read(client(), frame)).toMatchObject([{ kind: 'refusal', to: ['r'], error: { code } }])
  })

  it('agree on the greeting', () => {
    const limits = { subscriptions: 50, frameBytes: 1, messagesPerSecond: 1, dedupeMs: 1 }
    const about = { connectionId: 'c', serverTime: NOW, heartbeatMs: 1, limits, tag: 't' }
    for (const userId of ['u', undefined]) {
      const frames = read(client(), { kind: 'welcome', userId, ...about })
      expect(frames).toMatchObject([{ kind: 'welcome', connectionId: 'c', userId }])
    }
  })

  it('agree on events', () => {
    for (const [payload, id] of [
      [{ a: [1, 'ü'] }, 'e'],
      [null, undefined],
      [undefined, undefined],
    ] as const) {
      const event = { channel: 'entity:Task', type: 'entity:created', id, timestamp: NOW }
      const place = { offset: undefined, via: undefined }
      const text = server.encodeEvent({ ...event, ...place, json: JSON.stringify(payload) })
      expect(framesOf(client(), JSON.parse(text ?? ''))).toMatchObject([
        { kind: 'event', ...event, payload },
      ])
    }
  })

  it('never throw: the server reads any message as commands', () => {
    const wires = [null, 1, 'x', [], [1], {}, { type: 1 }, { type: '' }, { type: 'subscribe' }]
    const deep = ['presence:join', 'subscribe', 'x'].map((type) => {
      return { type, channel: 1, requestId: {}, payload: 'x' }
    })
    for (const wire of [...wires, ...deep]) expect(() => server.decode(wire)).not.toThrow()
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
