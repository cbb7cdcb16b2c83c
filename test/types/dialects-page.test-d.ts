import { describe, it } from 'vitest'
import type { Sink } from 'wirefold'
import { ChannelSubscriber, defineManager, feed, RealtimeClient } from 'wirefold'
import { duuiDialect, processChannel } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { chat, createStreamClient, presence } from 'wirefold/dialects/streams'
import {
  isTopicEvent,
  topic,
  topics,
  withConfirmations,
  withErrors,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import { dialectSuite } from 'wirefold/testing'
import { rooms } from '../dialects/own-dialect.ts'

// What the page takes for granted.
declare const session: { token(): string }
declare const contexts: Sink
declare const channels: ChannelSubscriber
declare const messages: readonly unknown[]
declare function show(type: string, payload: unknown): void
declare function append(text: string): void
declare function refetchAgents(): void
declare function render(...values: readonly unknown[]): void

describe('the page about dialects, line by line', () => {
  it('entity', () => {
    const client = new RealtimeClient('wss://api.example.com/ws', {
      dialect: entity,
      auth: () => session.token(),
    })
    const channels = new ChannelSubscriber(client)
    channels.subscribe('entity:Task', (payload, { type }) => show(type, payload))
  })

  it('topics', () => {
    const dialect = withErrors(withVersionedEnvelope(withConfirmations(topics)))
    const client = new RealtimeClient('wss://api.example.com/api/ws/v2', { dialect })
    const channels = new ChannelSubscriber(client)
    channels.subscribe(topic.thread(45), (_, event) => {
      if (isTopicEvent(event, 'stream_chunk')) append(event.payload.content)
    })
  })

  it('managers', () => {
    const dashboard = defineManager({ topics: ['agent:*'], onEvent: () => refetchAgents() })
    dashboard.initialize(channels)
    dashboard.cleanup()
  })

  it('duui', () => {
    const dialect = duuiDialect({ legacy: 'derive' })
    const client = new RealtimeClient('wss://gateway/ws/processes/42/events', { dialect })
    feed(new ChannelSubscriber(client), processChannel('42'), contexts)
  })

  it('streams', async () => {
    const api = createStreamClient({
      url: 'wss://example.com/websocket',
      stream: 'stream:123',
      clients: [chat({ strategy: 'streams' }), presence()],
    })
    api.chat.messages.subscribe((messages) => render(messages, api.presence.users.get()))
    await api.chat.send('hello')
  })

  it('the suite', () => {
    for (const { name, run } of dialectSuite) {
      it(name, () => run(() => ({ dialect: rooms, messages })))
    }
  })
})
