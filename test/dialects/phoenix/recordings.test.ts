import { describe, expect, it } from 'vitest'
import type { Dialect, Frame, Intent } from 'wirefold/dialects'
import { type PhoenixOptions, phoenix, supabase } from 'wirefold/dialects/phoenix'
import { asFields, type Fields } from '../../../src/protocol/fields.ts'
import { readPush } from '../../support/peers/phoenix.ts'
import { recordedTalk } from './recorded.ts'

/**
 * Replays one connection of a recorded session: makes the dialect send each recorded message, and
 * compares it; gives it each message of the server, with its own refs; returns the frames, shortened.
 */
class Replay {
  readonly dialect: Dialect
  readonly frames: unknown[] = []
  /** The dialect's refs, by those of the official client. */
  readonly #refs = new Map<unknown, unknown>()
  #count = 0

  constructor(dialect: Dialect) {
    this.dialect = dialect
  }

  run(name: 'phoenix' | 'supabase', conn: number): readonly unknown[] {
    for (const line of recordedTalk(name).filter((one) => one.conn === conn)) {
      if (line.dir === 's2c') this.#receive(line.message)
      else {
        const { message } = line
        this.#send(message instanceof Uint8Array ? readPush(Buffer.from(message)) : message)
      }
    }
    return this.frames
  }

  /** Subscribes to the presence of a channel, whose topic is joined already. */
  watch(channel: string): void {
    const [message] = this.#encode({ kind: 'subscribe', channels: [`presence:${channel}`] })
    const [, ref, topic] = message ?? []
    this.#take(this.dialect.decode([null, ref, topic, 'phx_reply', { status: 'ok' }]))
  }

  #receive(message: readonly unknown[] | Uint8Array): void {
    if (message instanceof Uint8Array) {
      this.#take(this.dialect.decode(message))
      return
    }
    const [joinRef, ref, ...rest] = message
    const own = (given: unknown) => (given === null ? null : this.#refs.get(given))
    // The reply to a message that this client does not send.
    if (own(ref) === undefined || own(joinRef) === undefined) return
    this.#take(this.dialect.decode([own(joinRef), own(ref), ...rest]))
  }

  #send(recorded: readonly unknown[]): void {
    const [joinRef, ref, topic, event, payload] = recorded
    const channel = String(topic).replace('realtime:', '')
    const config = asFields(payload).config ?? payload
    const inner = asFields(payload)
    const about = { channel, type: String(event), payload }
    const sent = this.#encode(
      event === 'phx_join'
        ? { kind: 'subscribe', channels: [channel], params: config }
        : event === 'phx_leave'
          ? { kind: 'unsubscribe', channels: [channel] }
          : event === 'heartbeat'
            ? { kind: 'ping' }
            : event === 'broadcast'
              ? { kind: 'publish', id: 'i', channel, type: inner.event, payload: inner.payload }
              : event === 'presence'
                ? { kind: 'presence', action: 'join', resource: channel, meta: inner.payload }
                : { kind: 'request', ...about },
    )
    // The official client also leaves a topic of which it was refused.
    if (event === 'phx_leave' && sent.length === 0) return
    expect(sent).toHaveLength(1)
    const [own] = sent
    this.#refs.set(ref, own?.[1])
    if (joinRef !== null) expect(own?.[0]).toBe(this.#refs.get(joinRef))
    expect(own?.slice(2)).toEqual([topic, event, payload])
    if (event === 'phx_join') this.frames.push(`join ${channel}`)
  }

  #encode(given: Fields): readonly (readonly unknown[])[] {
    const timestamp = ++this.#count
    const intent = { timestamp, requestId: `r${timestamp}`, since: new Map(), ...given }
    const messages = this.dialect.encode(intent as unknown as Intent) ?? []
    return messages.map(({ wire }) => wire as readonly unknown[])
  }

  #take(frames: ReturnType<Dialect['decode']>): void {
    this.frames.push(...[frames ?? []].flat().map(shortened))
  }
}

/** Returns what a frame says, without refs. */
function shortened(frame: Frame): unknown {
  switch (frame.kind) {
    case 'event':
      return [`${frame.channel} ${frame.type}`, frame.payload]
    case 'reply':
      return ['reply', frame.payload]
    case 'refusal':
      return `${frame.error.code}: ${frame.error.message}`
    case 'notice':
      return `${frame.level}: ${frame.reason}`
    default:
      return 'channel' in frame ? `${frame.kind} ${frame.channel}` : frame.kind
  }
}

const user = (id: string, ref: string, meta: Fields) => {
  return { user: { id, meta, devices: [{ id: ref, meta }] } }
}
const news = (n: number, topic = 'room:1') => [`${topic} news`, { n }]
const joinedRoom = (topic: string, last: number | null) => [
  ['reply', { as: 'ana', last }],
  [`${topic} phx_join`, { as: 'ana', last }],
]

describe('the recorded session of the official client of Phoenix', () => {
  const track: PhoenixOptions['track'] = (_, meta) => ['status', meta]

  it('gives the same events, members, replies and refusals', () => {
    const replay = new Replay(phoenix({ track })())
    const at = 1_700_000_000
    const [ana, ben] = [
      { online_at: at, device: 'phone' },
      { online_at: at, device: 'web' },
    ]
    // Nothing watches the members of the lobby here: they are shown by the second connection.
    expect(replay.run('phoenix', 2)).toEqual([
      'join room:1',
      ...joinedRoom('room:1', 7),
      'join secret:1',
      'unauthorized: unauthorized',
      'join lobby',
      ...joinedRoom('lobby', null),
      ['room:1 shout', { text: 'hello', by: 'ana' }],
      ['reply', { n: 1 }],
      ['reply', { q: 3 }],
      'division-by-zero: division by zero',
      'pong',
      news(1),
      ['reply', {}],
      'pong',
    ])
    replay.frames.length = 0
    replay.watch('lobby')
    const members = [
      { id: 'ana', ref: 'F103', meta: { ...ana, status: 'busy' } },
      { id: 'ben', ref: 'F104', meta: { ...ben, status: 'away' } },
    ]
    const users = members.map(({ id, ref, meta }) => user(id, ref, meta).user)
    expect(replay.frames).toEqual([
      ['reply', undefined],
      ['presence:lobby presence:sync', { users }],
    ])
  })

  it('gives the same after the link was cut, a channel crashed, and another one closed', () => {
    const replay = new Replay(phoenix()())
    expect(replay.run('phoenix', 3)).toEqual([
      'join room:1',
      'join lobby',
      ...joinedRoom('room:1', 7),
      ...joinedRoom('lobby', null),
      news(2),
      'dropped room:1',
      'join room:1',
      ...joinedRoom('room:1', 7),
      news(3),
      'ended room:1',
      'join room:2',
      ...joinedRoom('room:2', null),
      news(4, 'room:2'),
      // The reply to the leave; the close that follows is of a topic that was left.
      ['reply', {}],
      'ignored: it is of no present join',
    ])
  })
})

describe('the recorded session of the official client of Supabase', () => {
  const system = (channel: string, fields: Fields) => [
    `${channel} system`,
    { channel, extension: 'postgres_changes', ...fields },
  ]
  const listening = { message: 'Subscribed to PostgreSQL', status: 'ok' }
  const refusal =
    'unauthorized: Unauthorized: You do not have permissions to read from this Channel topic: locked'
  const change = (kind: string, fields: Fields) => [
    `todos entity:${kind}`,
    { entityName: 'todos', schema: 'public', matches: [0], old: undefined, ...fields },
  ]
  const accepted = (id: number) => ({
    postgres_changes: [{ id, event: '*', schema: 'public', table: 'todos' }],
  })
  const project = () => {
    const dialect = supabase({ apikey: 'anon' })()
    const hello = { clientId: 'c', senderId: 's', expectUser: undefined, timestamp: 1 }
    dialect.encode({ kind: 'hello', token: 'jwt-ok', ...hello })
    return new Replay(dialect)
  }

  it('gives the same changes, broadcasts, members and refusals', () => {
    const replay = project()
    const first = { id: 1, title: 'first', done: false }
    const frames = replay.run('supabase', 1)
    expect(frames).toEqual([
      'join todos',
      ['reply', accepted(40_000_002)],
      system('todos', listening),
      'join room-1',
      ['reply', { postgres_changes: [] }],
      'join locked',
      refusal,
      change('created', { data: first }),
      change('updated', { data: { ...first, done: true }, old: { id: 1 } }),
      ['reply', {}],
      ['room-1 cursor', { x: 9 }],
      ['reply', {}],
      change('deleted', { data: { id: 1 }, old: { id: 1 } }),
      'pong',
      // The official client repeats a refused join.
      'join locked',
      refusal,
    ])
    replay.frames.length = 0
    replay.watch('room-1')
    expect(replay.frames).toEqual([
      ['reply', undefined],
      [
        'presence:room-1 presence:sync',
        { users: [user('ana', 'F101', { user: 'ana', at: 1 }).user] },
      ],
    ])
  })

  it('gives the same after the link was cut and a channel failed', () => {
    const expired = { message: 'Token has expired 1 seconds ago', status: 'error' }
    expect(project().run('supabase', 2)).toEqual([
      'join todos',
      'join room-1',
      'join locked',
      ['reply', accepted(40_000_006)],
      system('todos', listening),
      ['reply', { postgres_changes: [] }],
      refusal,
      change('created', { data: { id: 3, title: 'back', done: false } }),
      system('room-1', { extension: 'system', ...expired }),
      'expiring',
      'dropped room-1',
      'pong',
      'join locked',
      refusal,
      'join room-1',
      ['reply', { postgres_changes: [] }],
      ['reply', {}],
      'ignored: it is of no present join',
    ])
  })
})
