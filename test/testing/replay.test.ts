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
    expect(() => replay(`${open}\n{"n":1}`)).toThrow('Line 2 of the recording is no step')
  })
})
