import { readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, ContextRegistry, feed, isWirefoldError, RealtimeClient } from 'wirefold'
import type { SessionContext, SessionState } from 'wirefold/dialects/socketio'
import { engineIo, sessionChannel, sessionContexts, sessionSink } from 'wirefold/dialects/socketio'
import { ManualClock, MemoryPair } from 'wirefold/testing'
import type { WireEvent } from './literal-sessions.ts'
import { LiteralSessions } from './literal-sessions.ts'

/** The packets of a recorded connection with one disconnect, in both directions. */
const recording = readFileSync(
  new URL('../recordings/document-sessions.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line): { dir: 's2c' | 'c2s'; eio: string } => JSON.parse(line))
const ONE = '0b7a3c7e-52d4-4d0a-9a35-7d1f0f6b1a01'
const OTHER = '1c8b4d8f-63e5-4e1b-8b46-8e2a1a7c2b02'

/** A client whose server is played from the recording. */
function rig() {
  const clock = new ManualClock()
  const pair = new MemoryPair({ clock })
  const log: string[] = []
  const client = new RealtimeClient('ws://test', {
    ...engineIo(pair),
    clock,
    logger: (area, message) => log.push(`${area} ${message}`),
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  client.on('failed', () => {})
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  const sessions = sessionContexts(new ContextRegistry())
  const subscribed = new Set<string>()
  const follow = (id: string) => {
    subscribed.add(id)
    return feed(channels, sessionChannel(id), sessionSink(sessions))
  }
  const show = () =>
    new Map<string, SessionState | undefined>(
      sessions
        .slot('session')
        .keys.get()
        .map((id) => [id, sessions.slot('session').get(id)]),
    )
  let handshakes = 0
  /**
   * Sends a packet of the server; a new Engine.IO handshake means a new connection. After each connect
   * packet it confirms the subscriptions, which the recording omits on its second connection.
   */
  async function play(packet: string): Promise<void> {
    if (packet.startsWith('0') && handshakes++ > 0) {
      pair.last.close(1006)
      await clock.advance(1_000)
    }
    await clock.advance(1)
    pair.last.send(packet)
    await clock.advance(1)
    if (!packet.startsWith('40')) return
    for (const sessionId of subscribed) {
      pair.last.send(`42${JSON.stringify(['subscribed', { sessionId }])}`)
    }
    await clock.advance(1)
  }
  const sent = () => pair.ends.map(({ received }) => [...received])
  return { clock, client, log, errors, sessions, follow, show, play, sent }
}

describe('a recorded connection of a session server', () => {
  it('sends the recorded packets, and subscribes again on its second connection', async () => {
    const { play, follow, sent, log, errors, client } = rig()
    const following = follow(ONE)
    for (const { dir, eio } of recording) {
      if (dir === 's2c') await play(eio)
      else if (eio.includes('unsubscribe')) following()
    }
    const recorded = recording.filter(({ dir }) => dir === 'c2s').map(({ eio }) => eio)
    const [hello, subscribe, pong, unsubscribe] = recorded
    expect(sent()).toEqual([
      [hello, subscribe, pong],
      [hello, subscribe, unsubscribe],
    ])
    expect(errors).toEqual([])
    // Events of a session without a subscription, and the end of the recording.
    expect(log.filter((line) => line.includes('no subscription'))).toEqual([
      'channels no subscription to socket: connected dropped',
      `channels no subscription to session:${OTHER}: clarification dropped`,
      `channels no subscription to session:${OTHER}: error dropped`,
    ])
    expect(client.state.get().name).toBe('failed')
  })

  it('has the same state as the reference implementation after every packet', async () => {
    const { play, follow, show, errors } = rig()
    const literal = new LiteralSessions()
    follow(ONE)
    follow(OTHER)
    for (const { dir, eio } of recording) {
      if (dir === 'c2s') continue
      await play(eio)
      const event = eventOf(eio)
      if (event) literal.take(event)
      expect(show()).toEqual(literal.states)
    }
    // `connected`, `subscribed`, `update` and `unsubscribed`.
    expect([literal.stale, literal.ignored, literal.malformed]).toEqual([0, 4, 0])
    expect(errors).toEqual([])
    expect(show().get(ONE)).toMatchObject({
      isCompleted: true,
      progress: { status: 'ACTIVE', progress: 0, prompts: { total: 3, pending: 3 } },
      modelResults: [{ modelName: 'llama3.1:8b', status: 'processing' }],
      completed: { result: { content: 'Final report' } },
    })
    expect(show().get(OTHER)).toMatchObject({
      isCompleted: false,
      clarifications: [{ question: expect.stringContaining('157000'), status: 'pending' }],
      error: { error: 'Ollama returned 500' },
    })
  })
})

/** Returns the event of a packet, parsed without the library. */
function eventOf(packet: string): WireEvent | undefined {
  return packet.startsWith('42') ? JSON.parse(packet.slice(2)) : undefined
}

const SESSIONS = ['a', 'b', 'c']
const stamp = fc.oneof(
  { weight: 9, arbitrary: fc.nat(20).map((second) => stampOf(second)) },
  { weight: 1, arbitrary: fc.constantFrom('yesterday', '', undefined) },
)
const of = <T>(fields: { readonly [name in keyof T]: fc.Arbitrary<T[name]> }) =>
  fc.record({ sessionId: fc.constantFrom(...SESSIONS), timestamp: stamp, ...fields })
const status = fc.constantFrom('ACTIVE', 'PROCESSING', 'COMPLETED', 'FAILED', 'EXPIRED', 'ODD')
const events: fc.Arbitrary<WireEvent> = fc.oneof(
  fc.tuple(fc.constant('progress'), of({ status, progress: fc.nat(100) })),
  fc.tuple(
    fc.constant('model_result'),
    of({ modelName: fc.constantFrom('m', 'n', undefined), duration: fc.nat(9) }),
  ),
  fc.tuple(
    fc.constant('clarification'),
    of({
      clarificationId: fc.constantFrom('1', '2', 3),
      status: fc.constantFrom('pending', 'answered'),
    }),
  ),
  fc.tuple(fc.constant('completed'), of({ result: fc.nat(9) })),
  fc.tuple(fc.constant('error'), of({ error: fc.string() })),
  fc.tuple(fc.constant('update'), of({ anything: fc.nat(9) })),
  fc.tuple(fc.constantFrom('progress', 'completed', 'model_result'), fc.jsonValue()),
)

describe('events of three sessions in any order', () => {
  test.prop([fc.array(events, { maxLength: 60 })], { numRuns: 100 })(
    'result in the same state as the reference implementation',
    async (stream) => {
      const { play, follow, show, client, errors, sessions, log } = rig()
      const literal = new LiteralSessions()
      for (const id of SESSIONS) follow(id)
      await play('0{}')
      await play('40{"sid":"x"}')
      for (const event of stream) {
        literal.take(JSON.parse(JSON.stringify(event)))
        await play(`42${JSON.stringify(event)}`)
      }
      expect(show()).toEqual(literal.states)
      // Each session event without a readable timestamp is reported, and counted.
      const unstamped = stream.filter(([, data]) => isUnstamped(data))
      expect(errors.map((error) => isWirefoldError(error) && error.detail)).toMatchObject(
        unstamped.map(() => ({ reason: 'its timestamp is no date' })),
      )
      expect(client.stats().malformed).toBe(unstamped.length)
      // Events without a session belong to the socket, which has no subscription.
      const unwanted = log.filter((line) => line.includes('no subscription to socket:'))
      expect(unwanted).toHaveLength(literal.malformed)
      expect(sessions.counts().suppressed).toBeGreaterThanOrEqual(literal.stale)
    },
  )

  test.prop([fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 })])(
    'end in the state of the newest one, for any order',
    (order) => {
      const sessions = sessionContexts(new ContextRegistry())
      for (const n of order) sessions.dispatch(progress(n))
      expect(sessions.slot('session').get('s')?.progress?.progress).toBe(11)
    },
  )
})

describe('a fetched state', () => {
  it('replaces older events and is replaced by newer ones, at any time', () => {
    for (const order of [
      [1, 2, 3],
      [1, 3, 2],
      [2, 1, 3],
      [2, 3, 1],
      [3, 1, 2],
      [3, 2, 1],
    ]) {
      const sessions = sessionContexts(new ContextRegistry())
      const sink = sessionSink(sessions)
      const seen: unknown[] = []
      for (const n of order) {
        if (n === 2) sink.reset([progress(2)], undefined)
        else sessions.dispatch(progress(n))
        seen.push(sessions.slot('session').get('s')?.progress?.progress)
      }
      expect(seen).toEqual(order.map((_, at) => Math.max(...order.slice(0, at + 1))))
    }
  })
})

function stampOf(second: number): string {
  return new Date(1_762_596_000_000 + second * 1_000).toISOString()
}

function isUnstamped(data: unknown): boolean {
  if (typeof data !== 'object' || data === null || !('sessionId' in data)) return false
  if (typeof data.sessionId !== 'string') return false
  return !('timestamp' in data) || Number.isNaN(Date.parse(String(data.timestamp)))
}

function progress(n: number): SessionContext {
  const timestamp = stampOf(n)
  const prompts = { total: 12, completed: n, processing: 0, pending: 12 - n, failed: 0 }
  const data = { sessionId: 's', timestamp, status: 'PROCESSING', progress: n, prompts }
  return {
    kind: 'session',
    event: 'progress',
    data: { ...data, hasClarifications: false, clarificationCount: 0 },
  }
}
