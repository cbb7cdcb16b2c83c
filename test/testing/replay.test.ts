import { runInNewContext } from 'node:vm'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, createStore, RealtimeClient, sync, webSocketTransport } from 'wirefold'
import { ManualClock, record, replay, ScriptedServer } from 'wirefold/testing'
import { WebSocket } from 'ws'
import { balanced, serve, until } from '../support/live.ts'
import { scripted } from '../support/scripted.ts'

/** An application: numbers in step with a channel, which a request adds to. */
function application(options: ClientOptions, url = 'ws://test/ws') {
  const client = new RealtimeClient(url, {
    backoff: { minMs: 20, initialMs: 40, maxMs: 100 },
    ...options,
  })
  const state = createStore<readonly number[]>([])
  const statuses: string[] = []
  const channels = new ChannelSubscriber(client)
  const numbers = sync<readonly number[]>(channels, 'numbers', {
    load: async () => ({ state: await client.request<readonly number[]>('numbers:get') }),
    into: {
      reset: (all) => state.set(all),
      fold: (events) => state.set([...state.get(), ...events.map((one) => Number(one.payload))]),
    },
  })
  numbers.status.listen(({ name }) => statuses.push(name))
  numbers.start()
  return { client, state, statuses, add: (n: number) => client.request('numbers:add', n) }
}

/** Plays the application on a real server, with a lost connection in between; returns the recording. */
async function recorded() {
  const { server, port } = await serve()
  const front = await balanced()
  front.backends.add(port)
  const stored = [0]
  const add = async (n: number): Promise<void> => {
    stored.push(n)
    await server.publish('numbers', 'added', n)
  }
  server.handle('numbers:get', () => stored)
  server.handle('numbers:add', async (n: number) => {
    await add(n)
    return stored.length
  })
  const recording = record(webSocketTransport(WebSocket))
  const app = application({ transport: recording }, front.url)
  onTestFinished(() => app.client.close())
  await until(() => expect(app.statuses.at(-1)).toBe('live'))
  await app.add(1)
  await until(() => expect(app.state.get()).toEqual([0, 1]))
  front.dropAll()
  await add(2)
  await until(() => expect(app.state.get()).toEqual([0, 1, 2]))
  await app.add(3)
  await until(() => expect(app.state.get()).toEqual([0, 1, 2, 3]))
  const outcome = { state: app.state.get(), statuses: [...app.statuses] }
  app.client.close()
  return { jsonl: recording.jsonl(), ...outcome }
}

/** Plays the application on a recording, in virtual time. */
function replayed(jsonl: string) {
  const clock = new ManualClock()
  const session = replay(jsonl, { clock })
  const app = application({ transport: session, clock })
  onTestFinished(() => app.client.close())
  const passed = async (check: () => boolean): Promise<void> => {
    for (let ms = 0; !check() && ms < 60_000; ms += 5) await clock.advance(5)
  }
  return { clock, session, app, passed }
}

describe('a session recorded against a real server', () => {
  it('has the same outcome when it is replayed in virtual time', async () => {
    const { jsonl, state, statuses } = await recorded()
    const { session, app, passed } = replayed(jsonl)
    await passed(() => app.statuses.at(-1) === 'live')
    void app.add(1)
    await passed(() => app.state.get().length === 3)
    void app.add(3)
    await passed(() => app.state.get().length === 4)
    expect(app.state.get()).toEqual(state)
    expect(app.statuses).toEqual(statuses)
    app.client.close()
    session.check()
  })

  it('fails with the difference where the client sends something else', async () => {
    const { jsonl } = await recorded()
    const { session, app, passed } = replayed(jsonl)
    await passed(() => app.statuses.at(-1) === 'live')
    app.add(7).catch(() => {})
    await passed(() => app.state.get().length === 3)
    expect(app.state.get()).toEqual([0])
    expect(() => session.check()).toThrow(
      /another message 4 on connection 1: payload: recorded 1, sent 7\n- recorded \{"type":"numbers:add".*\n\+ sent {5}\{"type":"numbers:add"/,
    )
  })

  it('fails with what is missing where the client sends nothing', async () => {
    const { jsonl } = await recorded()
    const { session, app, passed } = replayed(jsonl)
    await passed(() => app.statuses.at(-1) === 'live')
    await passed(() => false)
    expect(() => session.check()).toThrow(
      /^The client did not send message 4 of connection 1: \{"type":"numbers:add"/,
    )
  })
})

/** Plays a subscription of `news` on a transport; `during` is what happens meanwhile. */
async function followed(
  transport: ClientOptions['transport'],
  clock: ManualClock,
  during: () => Promise<void>,
  options: ClientOptions = {},
) {
  const client = new RealtimeClient('ws://test/', { transport, clock, ...options })
  const seen: unknown[] = []
  new ChannelSubscriber(client).subscribe('news', (n) => seen.push([n, clock.now()]))
  await during()
  const attempts = client.stats().reconnects
  client.close()
  return { seen, attempts }
}

/** Records a session with a scripted server that publishes at the given times, and replays it. */
async function recordedAndReplayed(
  times: readonly number[],
  { record: recorded = {}, replay: again = {} }: Record<string, ClientOptions> = {},
) {
  const lengthMs = (times.at(-1) ?? 0) + 500
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock, latencyMs: 20 })
  const recording = record(server.transport, { clock })
  for (const at of times) clock.after(at, () => server.publish('news', 'said', at))
  const real = await followed(recording, clock, () => clock.advance(lengthMs), recorded)
  // Another date, so that heartbeats carry other timestamps.
  const later = new ManualClock(1_800_000_000_000)
  const session = replay(recording.jsonl(), { clock: later })
  const play = () => later.advance(session.lengthMs)
  const outcome = await followed(session, later, play, again)
  return { real, outcome, session }
}

describe('a session with heartbeats', () => {
  it.each([
    ['quiet for half a minute', [30_000]],
    ['quiet for five minutes', [300_000]],
    ['with an event every second', Array.from({ length: 60 }, (_, n) => 500 + n * 1_000)],
    ['with an event every three seconds', Array.from({ length: 40 }, (_, n) => 500 + n * 3_000)],
    ['with an event every eight seconds', Array.from({ length: 20 }, (_, n) => 500 + n * 8_000)],
  ])('is played with its delays and without a lost connection: %s', async (_, times) => {
    const { real, outcome, session } = await recordedAndReplayed(times)
    expect(real.seen).toHaveLength(times.length)
    expect(outcome).toEqual(real)
    session.check()
  })

  it('answers heartbeats that come more often than recorded, or at other times', async () => {
    const { real, outcome, session } = await recordedAndReplayed([70_000], {
      record: { heartbeat: { intervalMs: 25_000 } },
      replay: { heartbeat: { intervalMs: 9_000 } },
    })
    expect(outcome).toEqual(real)
    session.check()
  })

  it('loses the connection where heartbeats were not answered', async () => {
    const clock = new ManualClock()
    const server = new ScriptedServer({ clock, latencyMs: 20 })
    const recording = record(server.transport, { clock })
    clock.after(60_000, () => server.transport.halfOpen())
    clock.after(200_000, () => server.publish('news', 'said', 1))
    const real = await followed(recording, clock, () => clock.advance(250_000))
    expect(real.attempts).toBe(1)
    const later = new ManualClock()
    const session = replay(recording.jsonl(), { clock: later })
    const outcome = await followed(session, later, () => later.advance(300_000))
    session.check()
    expect(outcome.attempts).toBe(1)
    expect(outcome.seen).toHaveLength(1)
  })
})

describe('a recording', () => {
  it('has both directions, with times and without secrets, one JSON object per line', async () => {
    const clock = new ManualClock()
    const server = new ScriptedServer({ clock, latencyMs: 10 })
    const redact = (text: string) => text.replaceAll('secret', '***')
    const recording = record(server.transport, { clock, redact })
    const client = new RealtimeClient('ws://test/?token=secret', {
      ...{ transport: recording, clock, auth: () => 'secret' },
    })
    await Promise.all([client.connect(), clock.advance(100)])
    client.close()
    const text = recording.jsonl()
    expect(text).not.toContain('secret')
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { n: 1, at: 0, open: 'ws://test/?token=***' },
      { n: 1, at: 10, opened: true },
      { n: 1, at: 10, out: expect.stringContaining('"hello"') },
      { n: 1, at: 30, in: expect.stringContaining('"welcome"') },
      { n: 1, close: 1000 },
    ])
    replay(text, { clock })
  })

  it('is redacted in every text: subprotocols, reasons, and messages in bytes', async () => {
    const { clock, server } = scripted()
    const redact = (text: string) => text.replaceAll('SECRET', '******')
    const recording = record(server.transport, { clock, redact })
    const handlers = { opened() {}, message() {}, closed() {} }
    const near = recording.open('ws://test/', ['v1', 'bearer.SECRET'], handlers)
    await clock.advance(0)
    near.send(new TextEncoder().encode('{"token":"SECRET"}').buffer)
    near.send(new Uint8Array([0xff, ...new TextEncoder().encode('SECRET'), 0x80]).buffer)
    server.transport.last.close(4401, 'bad token SECRET')
    await clock.advance(0)
    const lines = recording.jsonl().trim().split('\n')
    const steps = lines.map((line) => JSON.parse(line))
    expect(steps).toMatchObject([
      { protocols: ['v1', 'bearer.******'] },
      { opened: true },
      { out: { base64: btoa('{"token":"******"}') } },
      { out: { base64: btoa('\xff******\x80') } },
      { closed: { code: 4401, reason: 'bad token ******' } },
    ])
  })

  it.each(['***', '', 'REDACTED'])('plays with the real token where it says “%s”', async (mask) => {
    const clock = new ManualClock()
    const server = new ScriptedServer({ clock })
    const redact = (text: string) => text.replaceAll('SECRET-TOKEN-1', mask)
    const recording = record(server.transport, { clock, redact })
    clock.after(1_000, () => server.publish('news', 'said', 1))
    const auth = () => 'SECRET-TOKEN-1'
    const during = () => clock.advance(2_000)
    const real = await followed(recording, clock, during, { auth })
    const later = new ManualClock()
    const session = replay(recording.jsonl(), { clock: later })
    const again = await followed(session, later, () => later.advance(2_000), { auth })
    expect(again).toEqual(real)
    session.check()
  })

  it('keeps bytes of another realm, and views of them', async () => {
    const { clock, server } = scripted()
    const recording = record(server.transport, { clock })
    const handlers = { opened() {}, message() {}, closed() {} }
    const near = recording.open('ws://test/', [], handlers)
    await clock.advance(0)
    const foreign: ArrayBuffer = runInNewContext('new Uint8Array([1, 200]).buffer')
    expect(foreign instanceof ArrayBuffer).toBe(false)
    near.send(foreign)
    server.transport.last.send(new Uint8Array([0, 1, 200, 7]).subarray(1, 3))
    await clock.advance(0)
    const lines = recording.jsonl().trim().split('\n').slice(2)
    const data = { base64: btoa('\x01\xc8') }
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ out: data }, { in: data }])
  })

  it('keeps binary messages byte for byte', async () => {
    const { clock, server } = scripted()
    const recording = record(server.transport, { clock })
    const got: unknown[] = []
    const handlers = { opened() {}, message: (data: unknown) => got.push(data), closed() {} }
    const near = recording.open('ws://test/', [], handlers)
    await clock.advance(0)
    near.send(new Uint8Array([0, 128, 255]).buffer)
    server.transport.last.send(new Uint8Array([1, 200]).buffer)
    await clock.advance(0)
    const session = replay(recording.jsonl(), { clock })
    const again = session.open('ws://test/', [], handlers)
    await clock.advance(0)
    again.send(new Uint8Array([0, 128, 255]).buffer)
    await clock.advance(0)
    expect(got).toHaveLength(2)
    expect(got[1]).toEqual(got[0])
    session.check()
  })
})

describe('a replay', () => {
  const open = '{"n":1,"at":0,"open":"ws://test/","protocols":[]}'
  const handlers = { opened() {}, message() {}, closed() {} }

  it('waits for the client, and keeps the delays of the server', async () => {
    const clock = new ManualClock()
    const session = replay(
      [
        ...[open, '{"n":1,"at":10,"opened":true}', '{"n":1,"at":11,"out":"{\\"a\\":1}"}'],
        '{"n":1,"at":61,"in":"b"}',
      ].join('\n'),
      { clock },
    )
    const got: string[] = []
    const near = session.open('ws://test/', [], {
      ...handlers,
      message: (data) => got.push(`${data} at ${clock.now()}`),
    })
    await clock.advance(1_000)
    near.send('{"a":1}')
    await clock.advance(1_000)
    expect(got).toEqual(['b at 1050'])
    expect(session.lengthMs).toBe(61)
    session.check()
  })

  it('carries the ids of this run into the messages of the server', async () => {
    const clock = new ManualClock()
    const session = replay(
      [
        ...[open, '{"n":1,"at":0,"out":"{\\"requestId\\":\\"recorded-id\\"}"}'],
        '{"n":1,"at":0,"in":"{\\"requestId\\":\\"recorded-id\\"}"}',
      ].join('\n'),
      { clock },
    )
    const got: unknown[] = []
    const near = session.open('ws://test/', [], { ...handlers, message: (data) => got.push(data) })
    near.send('{"requestId":"id-of-this-run"}')
    await clock.advance(0)
    expect(got).toEqual(['{"requestId":"id-of-this-run"}'])
  })

  it('replaces ids in the values and names of JSON, also of JSON in a text', async () => {
    const clock = new ManualClock()
    const line = (at: number, step: object) => JSON.stringify({ n: 1, at, ...step })
    const json = JSON.stringify
    const session = replay(
      [
        ...[
          open,
          line(0, { out: json({ token: 'recorded-token', requestId: 'request-1', ts: 5 }) }),
        ],
        line(0, { in: json({ token: 'recorded-token', ts: 5, n: 5 }) }),
        line(0, {
          in: json({ 'of:request-1': [json({ to: 'recorded-token' }), 'x-request-1-y'] }),
        }),
        line(0, { in: 'plain request-1.' }),
      ].join('\n'),
      { clock },
    )
    const got: unknown[] = []
    const near = session.open('ws://test/', [], { ...handlers, message: (data) => got.push(data) })
    const token = 'p$$word-$& "quoted"'
    near.send(json({ token, requestId: 'of-this-run', ts: 6 }))
    await clock.advance(0)
    expect(got).toEqual([
      json({ token, ts: 6, n: 5 }),
      json({ 'of:of-this-run': [json({ to: token }), 'x-of-this-run-y'] }),
      'plain of-this-run.',
    ])
  })

  it('compares short ids, which the application chose', async () => {
    const session = replay(`${open}\n{"n":1,"at":0,"out":"{\\"id\\":\\"42\\"}"}`)
    session.open('ws://test/', [], handlers).send('{"id":"43"}')
    expect(() => session.check()).toThrow('id: recorded "42", sent "43"')
  })

  it('reads as many lines as there are, with the work of each', () => {
    const first = { n: 1, at: 0, open: 'ws://test/', protocols: [] }
    // 200,000 lines took more than five minutes, as each one copied those before it.
    const lines = Array.from({ length: 200_000 }, (_, at) => `{"n":1,"at":${at},"in":"x"}\n`)
    expect(replay(`${JSON.stringify(first)}\n${lines.join('')}`).lengthMs).toBe(199_999)
  })

  it('compares thousands of messages that the client has sent in advance', async () => {
    const clock = new ManualClock()
    const outs = Array.from({ length: 20_000 }, (_, n) => `{"n":1,"at":9,"out":"{\\"k\\":${n}}"}\n`)
    const session = replay(`${open}\n{"n":1,"at":9,"opened":true}\n${outs.join('')}`, { clock })
    const near = session.open('ws://test/', [], handlers)
    for (let n = 0; n < 20_000; n++) near.send(`{"k":${n}}`)
    await clock.advance(10)
    session.check()
  })

  it('fails where the client connects, or sends, once more than recorded', async () => {
    const clock = new ManualClock()
    const session = replay(open, { clock })
    session.open('ws://test/', [], handlers)
    session.check()
    session.open('ws://test/', [], handlers)
    expect(() => session.check()).toThrow('The client opened connection 2; the recording has 1.')
    const other = replay(open, { clock })
    other.open('ws://test/', [], handlers).send('{"type":"extra"}')
    expect(() => other.check()).toThrow('not in the recording, on connection 1: {"type":"extra"}')
    expect(() => replay(open, { clock }).check()).toThrow('opened 0 of the 1 connections')
  })

  it('says which line it cannot read', () => {
    for (const line of [
      ...['{"n":1}', '{"n":1,"at":0}', '{"n":1,"at":0,"in":5}', '{"n":1,"at":0,"sent":"x"}'],
      ...['{"n":1,"at":0,"closed":1006}', '{"n":1,"at":0,"open":"ws://test/"}', 'null', '{"n":'],
    ]) {
      expect(() => replay(`${open}\n${line}`), line).toThrow('Line 2 of the recording is no step')
    }
  })

  it('reads a file that begins with a byte order mark', () => {
    expect(replay(`\uFEFF${open}\r\n`).lengthMs).toBe(0)
  })
})
