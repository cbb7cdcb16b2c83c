import { describe, expect, it } from 'vitest'
import type { ChannelStatus, ClientOptions, Subscription } from 'wirefold'
import { PresenceManager } from 'wirefold'
import type { Dialect, DialectFactory } from 'wirefold/dialects'
import { channelWith, plainDialect } from 'wirefold/dialects'
import { actioncable, anycable, anycablePresence, resourceOf } from 'wirefold/dialects/actioncable'
import { dialled } from '../../support/dialled.ts'
import { recordedLines } from './recording.ts'

/** Plays the recorded server to a client; `act` has what the application does, by the time of the line before. */
async function replayed(
  name: 'actioncable' | 'anycable',
  dialect: DialectFactory,
  act: (rig: ReturnType<typeof dialled>) => Readonly<Record<number, () => unknown>>,
  options: ClientOptions = {},
) {
  const rig = dialled(dialect, () => {}, { auth: () => 't-ana', ...options })
  const { clock, pair, client } = rig
  const actions = new Map(Object.entries(act(rig)).map(([t, run]) => [Number(t), run]))
  let conn = 2
  void client.connect()
  await clock.advance(1)
  for (const line of recordedLines(name).filter(({ conn: of }) => of >= conn)) {
    if (line.conn > conn) {
      conn = line.conn
      pair.last.close(1006)
      await clock.advance(1)
      void client.connect()
      await clock.advance(1)
    }
    if (line.dir === 's2c') await rig.deliver(JSON.parse(line.data))
    // Some lines have the same time.
    actions.get(line.t)?.()
    actions.delete(line.t)
    await clock.advance(1)
  }
  return { ...rig, commands: rig.sent.map((sent) => JSON.stringify(sent)) }
}

/** Follows a subscription's statuses, by name and reason. */
function statusesOf(subscription: Subscription): readonly string[] {
  const names: string[] = []
  subscription.status.subscribe((status: ChannelStatus) => {
    names.push(status.name === 'gap' ? `gap: ${status.reason}` : status.name)
  })
  return names
}

const room = (id: string) => ({ params: { room: id } })

describe('the recorded session of a Rails server', () => {
  const ROOM = channelWith('RoomChannel', { room: '1' })
  const OTHER = channelWith('RoomChannel', { room: '2' })

  async function session() {
    const events: unknown[] = []
    const refusals: unknown[] = []
    const statuses: (readonly string[])[] = []
    const rig = await replayed('actioncable', actioncable(), ({ channels, client }) => {
      const handler = (payload: unknown, { channel, type }: { channel: string; type: string }) =>
        events.push([channel, type, payload])
      const act = (channel: string, action: string, payload?: object) =>
        client.request(action, payload, { channel })
      let second: Subscription
      return {
        752: () => {
          const first = channels.subscribe('RoomChannel', handler, room('1'))
          statuses.push(statusesOf(first))
        },
        758: () => {
          second = channels.subscribe('RoomChannel', handler, room('2'))
        },
        776: () => {
          const onError = ({ code }: { code: string }) => refusals.push(code)
          channels.subscribe('RoomChannel', handler, { ...room('secret-9'), onError })
        },
        856: () => act(ROOM, 'speak', { text: 'hi ben' }),
        890: () => act(OTHER, 'whoami'),
        1030: () => {
          void act(ROOM, 'boom')
          void client.publish(ROOM, 'no_such_action', { a: 1 })
        },
        5370: () => second(),
      }
    })
    return { ...rig, events, refusals, statuses: statuses.flat() }
  }

  it('delivers each event of its rooms once', async () => {
    const { events } = await session()
    expect(events).toEqual([
      ['RoomChannel', 'message', { by: 'ben', text: 'hello' }],
      ['RoomChannel', 'message', { by: 'ana', text: 'hi ben' }],
      ['RoomChannel', 'message', { you: 'ana', room: '2' }],
      ['RoomChannel', 'message', { by: 'system', n: 1 }],
      ['RoomChannel', 'message', { by: 'ben', text: 'back' }],
      ['RoomChannel', 'message', { by: 'ben', text: 'after restart' }],
      ['RoomChannel', 'message', { by: 'ben', text: 'last' }],
    ])
  })

  it('sends the commands of the official client, byte for byte', async () => {
    const { commands } = await session()
    const official = recordedLines('actioncable').filter(({ dir }) => dir === 'c2s')
    expect(commands).toEqual(official.map(({ data }) => data))
  })

  it('refuses the rejected room, and shows a gap after each lost connection', async () => {
    const { refusals, statuses, errors, pair } = await session()
    expect(refusals).toEqual(['forbidden'])
    const lost = ['gap: no-recovery']
    expect(statuses).toEqual(['pending', 'live', 'recovering', ...lost, ...lost, ...lost])
    expect(errors).toEqual([])
    expect(pair.ends.map(({ url, protocols }) => [url, protocols])).toEqual(
      Array(4).fill(['ws://test/ws?token=t-ana', ['actioncable-v1-json']]),
    )
  })

  it('gives up where the credentials were refused', async () => {
    const { client, clock, deliver, pair } = dialled(actioncable())
    client.connect().catch(() => {})
    await clock.advance(1)
    const [refused] = recordedLines('actioncable')
    await deliver(JSON.parse(refused?.data ?? ''))
    await clock.advance(60_000)
    expect(pair.ends).toHaveLength(1)
    expect(client.state.get()).toMatchObject({
      name: 'failed',
      error: { detail: { reason: 'unauthorized', closeCode: 4401 } },
    })
  })
})

describe('the recorded session of AnyCable', () => {
  /** Plays the session; what it returns has to be the same as that of the official client. */
  async function session(dialect: DialectFactory) {
    const events: (readonly [number, unknown])[] = []
    const statuses: (readonly string[])[] = []
    const present: unknown[] = []
    const ROOM = channelWith('RoomChannel', { room: '1' })
    const resource = resourceOf('RoomChannel', { room: '1' })
    const rig = await replayed('anycable', dialect, ({ channels, client }) => {
      const presence = new PresenceManager(channels)
      const handler = (payload: unknown, { via }: { via?: string | undefined }) =>
        events.push([via === ROOM ? 1 : 2, payload])
      let second: Subscription
      let here: () => void
      return {
        269: () => {
          statuses.push(statusesOf(channels.subscribe('RoomChannel', handler, room('1'))))
        },
        285: () => {
          second = channels.subscribe('RoomChannel', handler, room('2'))
          statuses.push(statusesOf(second))
        },
        343: () => {
          void client.request('speak', { text: 'hi' }, { channel: ROOM })
        },
        373: () => {
          void client.request('whoami', {}, { channel: ROOM })
          void client.publish(ROOM, 'typing', { who: 'ana' })
        },
        435: () => {
          here ??= presence.enter(resource, { name: 'Ana' })
          presence
            .of(resource)
            .subscribe((users) => present.push(users.map(({ id, name }) => [id, name])))
        },
        3699: () => second(),
        3759: () => here(),
      }
    })
    return { ...rig, events, statuses, present }
  }
  /** A dialect of one client. */
  const made = () =>
    anycable({ presence: anycablePresence(() => 'ana'), whispers: ['typing'], pongs: true })
  const sent = (commands: readonly string[], command: string) =>
    commands.map((text) => JSON.parse(text)).filter((sent) => sent.command === command)
  const ofRoom = (id: number, events: readonly (readonly [number, unknown])[]) =>
    events.filter(([room]) => room === id).map(([, payload]) => payload)
  const resumed = recordedLines('anycable')
    .filter(({ dir, conn }) => dir === 'c2s' && conn > 2)
    .map(({ data }) => JSON.parse(data))

  /** The rules, each with what the official client did. */
  const rules: Readonly<Record<string, (run: Awaited<ReturnType<typeof session>>) => void>> = {
    'each event is delivered once, those missed in a cut as well'({ events, errors }) {
      expect(ofRoom(1, events)).toEqual([
        ...[{ old: true }, { by: 'ben', text: 'hello' }, { by: 'ana', text: 'hi' }],
        ...[{ typing: 'ben' }, { you: 'ana' }, { n: 'missed 1' }, { n: 'live' }, { n: 'last' }],
      ])
      expect(ofRoom(2, events)).toEqual([{ n: 'missed 2' }, { n: 'in the new epoch' }])
      expect(errors).toEqual([])
    },
    'no channel shows a gap'({ statuses }) {
      const twice = ['recovering', 'live', 'recovering', 'live']
      expect(statuses).toEqual([
        ['pending', 'live', ...twice],
        ['pending', 'live', ...twice, 'pending'],
      ])
    },
    'the session is restored'({ pair, commands }) {
      expect(pair.ends.map(({ url }) => url)).toEqual([
        'ws://test/ws?token=t-ana',
        'ws://test/ws?token=t-ana&sid=sid-1',
        'ws://test/ws?token=t-ana&sid=sid-3',
      ])
      expect(sent(commands, 'history').map(({ history }) => history)).toEqual(
        resumed.flatMap(({ command, history }) => (command === 'history' ? [history] : [])),
      )
    },
    'a lost session is replaced by subscribes with the positions'({ commands }) {
      expect(
        sent(commands, 'subscribe')
          .slice(2)
          .map(({ history }) => history),
      ).toEqual(
        resumed.flatMap(({ command, history }) => (command === 'subscribe' ? [history] : [])),
      )
      expect(sent(commands, 'subscribe')).toHaveLength(4)
    },
    'whispers and actions are sent as such'({ commands }) {
      expect(sent(commands, 'whisper').map(({ data }) => data)).toEqual([
        { who: 'ana', type: 'typing' },
      ])
      expect(sent(commands, 'message').map(({ data }) => data)).toEqual([
        '{"text":"hi","action":"speak"}',
        '{"action":"whoami"}',
      ])
    },
    'pings are answered'({ commands }) {
      expect(sent(commands, 'pong')).toHaveLength(1)
    },
    'the client joins again on each connection'({ commands }) {
      const presence = { id: 'ana', info: { name: 'Ana' } }
      expect(sent(commands, 'join').map((join) => join.presence)).toEqual(Array(3).fill(presence))
      expect(sent(commands, 'leave')).toHaveLength(1)
    },
    'the list of those present follows'({ present }) {
      expect(
        present.filter((users, at) => at > 0 && String(users) !== String(present[at - 1])),
      ).toEqual([
        [
          ['ben', 'Ben'],
          ['ana', 'Ana'],
        ],
        [['ben', 'Ben']],
        [],
      ])
    },
  }

  it.each(Object.entries(rules))('says: %s', async (_, check) => check(await session(made())))

  /** Dialects with one rule broken, and the rules that find it. */
  const spoilt: Readonly<
    Record<string, [alter: (sound: Dialect) => Partial<Dialect>, by: string[]]>
  > = {
    'does not name its session': [() => ({ url: plainDialect.url }), ['the session is restored']],
    'subscribes again to what was restored': [
      ({ decode }) => ({
        decode: (wire) => decode({ ...Object(wire), restored_ids: [] }),
      }),
      ['the session is restored', 'a lost session is replaced by subscribes with the positions'],
    ],
    'asks for no history': [
      ({ encode }) => ({
        encode: (intent) =>
          encode(intent)?.map((outgoing) => ({
            ...outgoing,
            wire: { ...Object(outgoing.wire), history: undefined },
          })),
      }),
      ['the session is restored', 'a lost session is replaced by subscribes with the positions'],
    ],
    'forgets its positions': [
      ({ decode }) => ({
        decode: (wire) => decode({ ...Object(wire), epoch: undefined }),
      }),
      ['the session is restored', 'a lost session is replaced by subscribes with the positions'],
    ],
    'takes each history for incomplete': [
      ({ decode }) => ({
        decode: (wire) =>
          decode(
            Object(wire).type === 'confirm_history'
              ? { ...Object(wire), type: 'reject_history' }
              : wire,
          ),
      }),
      ['no channel shows a gap'],
    ],
    'performs its whispers': [
      ({ encode }) => ({
        encode: (intent) =>
          encode(intent.kind === 'publish' ? { ...intent, kind: 'request' } : intent),
      }),
      ['whispers and actions are sent as such'],
    ],
    'answers no ping': [
      ({ encode }) => ({ encode: (intent) => (intent.kind === 'pong' ? [] : encode(intent)) }),
      ['pings are answered'],
    ],
  }

  it.each(Object.entries(spoilt))('finds a dialect that %s', async (_, [alter, by]) => {
    const sound = made()
    const run = await session(() => {
      const dialect = sound()
      return { ...dialect, ...alter(dialect) }
    })
    const broken = Object.entries(rules).filter(([, check]) => {
      try {
        check(run)
        return false
      } catch {
        return true
      }
    })
    expect(broken.map(([name]) => name)).toEqual(by)
  })
})
