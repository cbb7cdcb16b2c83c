import { describe, expect, it } from 'vitest'
import {
  chat,
  createStreamClient,
  notifications,
  presence,
  type StreamStrategy,
} from 'wirefold/dialects/streams'
import { ManualClock, ScriptedPeer } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'
import { Placeholders, recordedSession } from './session.ts'

const lines = recordedSession('plugin-streams')

/** Reference implementation: computes the state of the clients from the frames. */
function literal(frames: readonly Fields[], stream: string) {
  const of = (field: string) => frames.filter((frame) => frame.stream === `${stream}:${field}`)
  return {
    messages: of('chat')
      .filter(({ type }) => type !== 'reload')
      .map(({ type, username, message, id }) => ({ type, username, message, id })),
    users: of('presence').at(-1)?.message ?? [],
    notifications: of('notifications').map(({ message }) => message),
  }
}

async function viewOf(stream: string, strategy: StreamStrategy) {
  const clock = new ManualClock()
  const { transport: pair, messages: sent } = new ScriptedPeer<Fields>({ clock })
  const api = createStreamClient({
    ...{ url: 'ws://test/websocket', transport: pair, clock, stream },
    clients: [chat({ strategy }), presence(), notifications()],
  })
  void api.client.connect()
  await clock.advance(0)
  const placeholders = new Placeholders()
  const received: Fields[] = []
  for (const { dir, frame } of lines) {
    if (dir === 's2c') {
      pair.last.send(JSON.stringify(frame))
      received.push(frame)
    } else if (frame.stream === `${stream}:chat`) {
      void api.chat.send(String(frame.message))
      await clock.advance(0)
      expect(placeholders.matches(frame, sent.at(-1))).toBe(true)
    }
    await clock.advance(0)
    expect({
      messages: api.chat.messages.get(),
      users: api.presence.users.get(),
      notifications: api.notifications.messages.get().map(({ message }) => message),
    }).toEqual(literal(received, stream))
  }
  return { api, sent, url: pair.last.url }
}

describe('a recorded session of a plugin backend', () => {
  it('matches the reference after every line with the strategy streams', async () => {
    const { api, sent, url } = await viewOf('stream:77', 'streams')
    expect(api.chat.messages.get().map(({ id }) => id)).toEqual([
      '1701377504100-0',
      '1701377504203-0',
      '1701377505101-0',
    ])
    expect(sent).toHaveLength(1)
    expect(new URL(url).searchParams.getAll('clients').map((text) => JSON.parse(text))).toEqual([
      { name: 'chat', stream: 'stream:77:chat', strategy: 'streams' },
      { name: 'presence', stream: 'stream:77:presence', strategy: 'pub-sub' },
      { name: 'notifications', stream: 'stream:77:notifications', strategy: 'pub-sub' },
    ])
  })

  it('matches the reference after every line with the strategy pub-sub', async () => {
    const { api } = await viewOf('stream:124', 'pub-sub')
    expect(api.chat.messages.get()).toHaveLength(3)
  })
})
