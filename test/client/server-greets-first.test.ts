import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import type { Dialect } from 'wirefold/dialects'
import { eventFrame, plainDialect, welcomeFrame } from 'wirefold/dialects'
import { ManualClock, ScriptedPeer } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'

/** A dialect whose server sends `{welcome: kept}` first, with the rooms that it has kept for the client. */
const greeted = (): Dialect => {
  let kept: readonly string[] = []
  return {
    ...plainDialect,
    name: 'greeted',
    fatalCloseCodes: [4403],
    decode(wire) {
      const { welcome, room, body, goodbye, why } = Object(wire)
      if (goodbye !== undefined) return { kind: 'close', code: goodbye, reason: why }
      if (room !== undefined) return eventFrame(room, 'said', { payload: body })
      kept = welcome
      return welcomeFrame({})
    },
    encode(intent) {
      switch (intent.kind) {
        case 'hello':
          return []
        case 'subscribe':
          return intent.channels.flatMap((join) =>
            kept.includes(join) ? [] : [{ wire: { join }, keys: [], channels: [join] }],
          )
        case 'request':
          return [{ wire: { call: intent.type }, keys: [] }]
        default:
          return undefined
      }
    },
  }
}

function connected(auth?: () => string) {
  const clock = new ManualClock()
  const { transport: pair, messages: sent } = new ScriptedPeer<Fields>({ clock })
  const options = { transport: pair, clock, dialect: greeted, random: () => 0.5 }
  const client = new RealtimeClient('ws://test/', { ...options, ...(auth && { auth }) })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  const send = (message: Fields): void => pair.last.send(JSON.stringify(message))
  return { clock, pair, sent, client, errors, send, channels: new ChannelSubscriber(client) }
}

describe('a server that greets first', () => {
  it('gets no message before its welcome, and then what the welcome leaves to say', async () => {
    const { clock, sent, send, channels } = connected()
    const received: unknown[] = []
    channels.subscribe('a', (body) => received.push(body))
    const b = channels.subscribe('b', (body) => received.push(body))
    await clock.advance(100)
    expect(sent).toEqual([])
    send({ welcome: ['a'] })
    await clock.advance(1)
    expect(sent).toEqual([{ join: 'b' }])
    expect(b.status.get()).toEqual({ name: 'live' })
    send({ room: 'a', body: 1 })
    await clock.advance(1)
    expect(received).toEqual([1])
  })

  it('gets a request made before the welcome after the subscribes', async () => {
    const { clock, sent, send, client, channels } = connected()
    const said = client.request('first')
    channels.subscribe('a', () => {})
    await clock.advance(100)
    const late = client.request('second')
    channels.subscribe('b', () => {})
    await clock.advance(100)
    expect(sent).toEqual([])
    send({ welcome: [] })
    await clock.advance(1)
    await Promise.all([said, late])
    expect(sent).toEqual([{ join: 'a' }, { join: 'b' }, { call: 'first' }, { call: 'second' }])
  })

  it('gets them again on the next connection, once it has welcomed that', async () => {
    const { clock, pair, sent, send, channels } = connected()
    channels.subscribe('a', () => {})
    await clock.advance(1)
    send({ welcome: [] })
    await clock.advance(1)
    pair.last.close(1006)
    await clock.advance(5_000)
    expect(pair.ends).toHaveLength(2)
    expect(sent).toHaveLength(1)
    send({ welcome: [] })
    await clock.advance(1)
    expect(sent).toEqual([{ join: 'a' }, { join: 'a' }])
  })
})

describe('a server that says why it ends the connection', () => {
  it('is dialled again, as after a close with that code', async () => {
    const { clock, pair, send, client } = connected()
    const losses: unknown[] = []
    client.on('dropped', (close) => losses.push(close))
    void client.connect()
    await clock.advance(1)
    send({ welcome: [] })
    await clock.advance(1)
    send({ goodbye: 1012, why: 'restart' })
    await clock.advance(1)
    expect(losses).toEqual([{ code: 1012, reason: 'restart' }])
    // The client closes the socket itself.
    expect(pair.last.closed).toBeDefined()
    await clock.advance(5_000)
    expect(pair.ends).toHaveLength(2)
  })

  it.each(['before', 'after'])(
    'is not dialled again where the code is fatal, %s its welcome',
    async (when) => {
      const { clock, pair, send, client } = connected()
      const opened = client.connect()
      opened.catch(() => {})
      client.on('failed', () => {})
      await clock.advance(1)
      if (when === 'after') send({ welcome: [] })
      send({ goodbye: 4403, why: 'banned' })
      await clock.advance(60_000)
      expect(pair.ends).toHaveLength(1)
      expect(client.state.get()).toMatchObject({
        name: 'failed',
        error: { code: 'failed', detail: { reason: 'banned', closeCode: 4403 } },
      })
    },
  )

  it('is asked once more, with other credentials, where it has refused these', async () => {
    const tokens = ['old', 'new']
    const { clock, pair, send, client } = connected(() => tokens.shift() ?? '')
    void client.connect()
    await clock.advance(1)
    send({ goodbye: 4401, why: 'unauthorized' })
    await clock.advance(5_000)
    expect(pair.ends.map(({ url }) => url)).toEqual([
      'ws://test/?token=old',
      'ws://test/?token=new',
    ])
  })
})
