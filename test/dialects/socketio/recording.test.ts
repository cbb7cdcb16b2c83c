import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import type { Dialect, Intent, Outgoing } from 'wirefold/dialects'
import { replyFrame } from 'wirefold/dialects'
import { acknowledge, engineIoTransport, socketio } from 'wirefold/dialects/socketio'
import { type FarEnd, ManualClock, MemoryPair } from 'wirefold/testing'
import { packetsOf, recorded } from './recorded.ts'

/** A client against a far end that the test plays; `sent` are the packets of the client. */
function played(token: string, alter: (dialect: Dialect) => Partial<Dialect> = () => ({})) {
  const clock = new ManualClock(1_700_000_000_000)
  const sent: unknown[] = []
  const ends: FarEnd[] = []
  const pair = new MemoryPair({
    clock,
    onConnect(end) {
      ends.push(end)
      end.onMessage = (data) => sent.push(data)
      end.onBytes = (data) => sent.push([...data])
    },
  })
  const sound = socketio({
    ...{ join: 'join', leave: 'leave', room: 0 },
    args: (type, payload) => (Array.isArray(payload) && type !== 'join' ? payload : [payload]),
  })
  const client = new RealtimeClient('ws://host', {
    dialect: () => {
      const dialect = sound()
      return { ...dialect, ...alter(dialect) }
    },
    transport: engineIoTransport(pair),
    auth: () => token,
    ...{ clock, random: () => 0.5 },
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  const received: unknown[] = []
  const follow = (channel: string) =>
    channels.subscribe(channel, (payload, { type }) => received.push([channel, type, payload]), {
      onError: (error) => received.push([channel, error.code]),
    })
  /** Sends packets of the server, each as it was recorded. */
  const play = async (...packets: readonly (string | ArrayBuffer | undefined)[]) => {
    for (const packet of packets) ends.at(-1)?.send(packet)
    await clock.advance(1)
  }
  return { clock, client, channels, received, follow, sent, errors, play, ends }
}

/** Returns the recorded packet of the server that begins so. */
function recordedPacket(conn: number, start: string): string {
  const found = packetsOf(conn, 's2c').find(
    (data) => typeof data === 'string' && data.startsWith(start),
  )
  if (typeof found !== 'string') throw new Error(`The recording has no packet ${start}.`)
  return found
}

const bytes = (data: string | ArrayBuffer | undefined) =>
  typeof data === 'string' ? data : [...new Uint8Array(data ?? new ArrayBuffer(0))]

/** Plays the second connection: what the client sent, what its handlers got, and what its requests returned. */
async function secondConnection(alter?: (dialect: Dialect) => Partial<Dialect>) {
  const parts = played('t-ana', alter)
  const { clock, client, channels, received, follow, play } = parts
  const outcomes: unknown[] = []
  const ask = (type: string, payload: unknown) =>
    client.request(type, payload).then(
      (reply) => outcomes.push(reply),
      ({ code, message }) => outcomes.push([code, message]),
    )
  const one = follow('room:1')
  const two = follow('room:2')
  follow('secret:9')
  await clock.advance(1)
  /** What the application did when the client sent its next packet. */
  const acts: (() => unknown)[] = [
    ...[() => {}, () => {}, () => {}, () => {}],
    () => ask('say', ['room:1', 'hi ana here']),
    () => ask('sum', [2, 3]),
    () => ask('say', ['room:404', 'x']),
    () => ask('file', ['a.bin', Uint8Array.of(9, 8, 7)]),
    () =>
      channels.subscribe('socket', async (payload, event) => {
        received.push(['socket', event.type, payload])
        if (event.type === 'question') await acknowledge(client, event, { answer: 42 })
      }),
  ]
  for (const { dir, data } of recorded.filter(({ conn }) => conn === 2)) {
    if (dir === 's2c') await play(data)
    else acts.shift()?.()
    await clock.advance(1)
  }
  return { ...parts, outcomes, one, two }
}

describe('the recorded session of socket.io-client with a stock server', () => {
  it('is refused by the same packets', async () => {
    const { clock, client, sent, play } = played('nope')
    const failures: unknown[] = []
    client.on('failed', (error) => failures.push(error))
    client.connect().catch(() => {})
    await clock.advance(1)
    for (const packet of packetsOf(1, 's2c')) await play(packet)
    expect(sent).toEqual(packetsOf(1, 'c2s'))
    await clock.advance(1_000)
    for (const packet of packetsOf(1, 's2c')) await play(packet)
    expect(failures).toMatchObject([
      {
        detail: { closeCode: 4401 },
        cause: { message: 'not authorized', data: { code: 'BAD_TOKEN' } },
      },
    ])
  })

  it('is the same packets of the client, byte for byte, and goes on after a cut', async () => {
    const { clock, client, received, follow, sent, errors, play, ends, outcomes, one, two } =
      await secondConnection()
    expect(sent).toEqual(packetsOf(2, 'c2s').map(bytes))
    expect(outcomes).toEqual([
      { ok: true },
      5,
      ['refused', 'The server refused the request say: not a member'],
      { name: 'a.bin', bytes: 3 },
    ])
    expect(received).toEqual([
      ['secret:9', 'forbidden'],
      ['room:1', 'said', { by: 'ben', text: 'hello' }],
      ['room:1', 'said', { by: 'ana', text: 'hi ana here' }],
      ['room:2', 'said', { by: 'system', text: 'volatile one' }],
      ['room:2', 'blob', Uint8Array.of(0, 1, 2, 254, 255)],
      ['socket', 'question', { n: 21 }],
    ])
    expect([one, two].map(({ status }) => status.get().name)).toEqual(['live', 'live'])

    // The link is cut; the server replays what happened meanwhile before it accepts the client.
    sent.length = received.length = 0
    ends.at(-1)?.close(1006)
    await clock.advance(10_000)
    const [opening, ...rest] = packetsOf(4, 's2c')
    await play(opening)
    expect(sent).toEqual(packetsOf(4, 'c2s').slice(0, 1))
    const [first, second, accepted, welcome, after] = rest
    await play(first, second)
    expect(received).toEqual([
      ['room:1', 'said', { by: 'ben', text: 'while you were away 1' }],
      ['room:2', 'said', { by: 'ben', text: 'while you were away 2' }],
    ])
    expect(client.state.get().name).toBe('connecting')
    await play(accepted, welcome)
    // The client joins again: the server may have another idea of the rooms than it.
    const joins = sent.slice(1).map(String)
    expect(joins.map((packet) => packet.replace(/^42\d/, ''))).toEqual([
      ...['["join","room:1"]', '["join","room:2"]'],
    ])
    for (const packet of joins) await play(`43${packet.slice(2, 3)}[{"ok":true}]`)
    await play(after)
    expect(received.slice(2)).toEqual([
      ['socket', 'welcome', { user: 'ana', recovered: true }],
      ['room:1', 'said', { by: 'ben', text: 'after' }],
    ])
    expect([one, two].map(({ status }) => status.get().name)).toEqual(['live', 'live'])

    // Another namespace on the same connection.
    sent.length = received.length = 0
    two()
    await clock.advance(1)
    const staff = follow('/staff')
    await clock.advance(1)
    const unnumbered = (packet: unknown) => String(packet).replace(/\d+\[/, '[')
    expect(sent.map(unnumbered)).toEqual(
      [packetsOf(4, 'c2s')[1], packetsOf(4, 'c2s')[2]].map(unnumbered),
    )
    await play(recordedPacket(4, '40/staff'), recordedPacket(4, '42/staff,["welcome"'))
    expect(staff.status.get().name).toBe('live')
    client.request('join', 'desk', { channel: '/staff' }).then((reply) => outcomes.push(reply))
    await clock.advance(1)
    expect(unnumbered(sent.at(-1))).toBe('42/staff,[' + '"join","desk"]')
    const number = /^42\/staff,(\d+)/.exec(String(sent.at(-1)))?.[1]
    await play(
      recordedPacket(4, '43/staff').replace('43/staff,0', `43/staff,${number}`),
      recordedPacket(4, '42/staff,["said"'),
    )
    expect(outcomes.at(-1)).toEqual({ ok: true, members: 1 })
    expect(received).toEqual([
      ['/staff', 'welcome', { user: 'ana', recovered: false }],
      ['/staff', 'said', ['desk', { by: 'boss', text: 'staff only' }]],
    ])

    // The server disconnects the client, whose next session begins anew: the stored one is an older one.
    sent.length = 0
    client.on('failed', () => {})
    await play('41')
    expect(client.state.get()).toMatchObject({
      name: 'failed',
      error: { detail: { closeCode: 1008 } },
    })
    client.connect().catch(() => {})
    await clock.advance(1)
    await play(opening)
    expect(sent).toEqual(['40{"token":"t-ana"}'])
    expect(errors).toEqual([])
  })

  const without =
    (kind: Intent['kind'], change: (said: readonly Outgoing[]) => readonly Outgoing[]) =>
    ({ encode }: Dialect) => ({
      encode: (intent: Intent) => {
        const said = encode(intent)
        return said && intent.kind === kind ? change(said) : said
      },
    })
  const twins: Readonly<Record<string, (dialect: Dialect) => Partial<Dialect>>> = {
    'leaves out attachments': without('request', (said) => said.slice(0, 1)),
    'acknowledges nothing': without('request', (said) =>
      said.filter(({ keys }) => keys.length > 0),
    ),
    'answers no pings': without('pong', () => []),
    'sends no credentials': without('hello', (said) =>
      said.map((one) => ({ ...one, wire: ['connect', {}] })),
    ),
    'takes failed acknowledgements for replies': ({ decode }) => ({
      decode: (wire) =>
        [decode(wire) ?? []]
          .flat()
          .map((frame) => (frame.kind === 'refusal' ? replyFrame(frame.to, frame.error) : frame)),
    }),
    'gives every event to one channel': ({ decode }) => ({
      decode: (wire) =>
        [decode(wire) ?? []]
          .flat()
          .map((frame) => (frame.kind === 'event' ? { ...frame, channel: 'socket' } : frame)),
    }),
    'does not wait for attachments': ({ decode }) => ({
      decode: (wire) => (wire instanceof Uint8Array ? undefined : decode(wire)),
    }),
  }
  it.each(Object.entries(twins))('is another one for a dialect that %s', async (_, alter) => {
    const shown = ({ sent, received, outcomes }: Awaited<ReturnType<typeof secondConnection>>) =>
      JSON.stringify([sent, received, outcomes])
    expect(shown(await secondConnection(alter))).not.toBe(shown(await secondConnection()))
  })
})
