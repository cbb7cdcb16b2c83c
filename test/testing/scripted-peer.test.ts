import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { graphqlWs } from 'wirefold/dialects/graphql-ws'
import { phoenix } from 'wirefold/dialects/phoenix'
import { pusher, pusherUrl } from 'wirefold/dialects/pusher'
import { engineIo, socketio } from 'wirefold/dialects/socketio'
import { ManualClock, ScriptedPeer } from 'wirefold/testing'

describe('a scripted peer', () => {
  it('plays a server of Pusher', async () => {
    const clock = new ManualClock()
    const peer = new ScriptedPeer<{ event: string; data: { channel: string } }>({
      clock,
      greetings: [
        {
          event: 'pusher:connection_established',
          data: '{"socket_id":"1.1","activity_timeout":120}',
        },
      ],
      play({ event, data }, send) {
        if (event !== 'pusher:subscribe') return
        send({ event: 'pusher_internal:subscription_succeeded', channel: data.channel, data: '{}' })
      },
    })
    const client = new RealtimeClient(pusherUrl({ key: 'key', cluster: 'eu' }), {
      ...{ transport: peer.transport, clock, dialect: pusher },
    })
    const got: unknown[] = []
    const off = new ChannelSubscriber(client).subscribe('news', (payload) => got.push(payload))
    await clock.advance(100)
    expect(off.status.get().name).toBe('live')
    peer.send({ event: 'said', channel: 'news', data: '{"n":1}' })
    await clock.advance(0)
    expect(got).toEqual([{ n: 1 }])
    expect(peer.messages.map(({ event }) => event)).toContain('pusher:subscribe')
    client.close()
  })

  it('plays a Phoenix server, again after a lost connection', async () => {
    const clock = new ManualClock()
    type Message = readonly [join: string, ref: string, topic: string, event: string]
    const peer = new ScriptedPeer<Message>({
      clock,
      play: ([join, ref, topic], send) =>
        send([join, ref, topic, 'phx_reply', { status: 'ok', response: {} }]),
    })
    const client = new RealtimeClient('ws://test/socket/websocket', {
      ...{ transport: peer.transport, clock, dialect: phoenix() },
    })
    const off = new ChannelSubscriber(client).subscribe('room:1', () => {})
    await clock.advance(100)
    expect(off.status.get().name).toBe('live')
    peer.drop()
    await clock.advance(10_000)
    expect(peer.messages.filter(([, , , event]) => event === 'phx_join')).toHaveLength(2)
    client.close()
  })

  it('plays a GraphQL server', async () => {
    const clock = new ManualClock()
    const peer = new ScriptedPeer<{ type: string; id?: string }>({
      clock,
      play({ type, id }, send) {
        if (type === 'connection_init') send({ type: 'connection_ack' })
        if (type === 'subscribe') send({ type: 'next', id, payload: { data: { n: 1 } } })
      },
    })
    const client = new RealtimeClient('ws://test/graphql', {
      ...{ transport: peer.transport, clock },
      dialect: graphqlWs({ operations: { count: 'subscription { n }' } }),
    })
    const got: unknown[] = []
    new ChannelSubscriber(client).subscribe('count', (payload) => got.push(payload))
    await clock.advance(100)
    expect(got).toMatchObject([{ n: 1 }])
    client.close()
  })

  it('plays a Socket.IO server of rooms in its own texts', async () => {
    const clock = new ManualClock()
    const peer = new ScriptedPeer<string>({
      clock,
      codec: { encode: String, decode: (text) => text },
      greetings: [
        '0{"sid":"1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1e6}',
      ],
      play(text, send) {
        if (text.startsWith('40')) send('40{"sid":"2"}')
        if (text !== '420["join","lobby"]') return
        send('430[]')
        send('42["said","lobby","welcome"]')
      },
    })
    const client = new RealtimeClient('ws://test/', {
      ...{ ...engineIo(peer.transport), clock },
      dialect: socketio({ join: 'join', leave: 'leave', room: 0 }),
    })
    const got: unknown[] = []
    new ChannelSubscriber(client).subscribe('lobby', (text) => got.push(text))
    await clock.advance(1_000)
    peer.send('42["said","lobby","hello"]')
    await clock.advance(0)
    expect(got).toEqual(['welcome', 'hello'])
    expect(peer.messages).toEqual(['40{}', '420["join","lobby"]'])
    client.close()
  })
})
