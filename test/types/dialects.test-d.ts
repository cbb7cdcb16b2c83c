import { describe, expectTypeOf, it } from 'vitest'
import type { EventFrame, Readable } from 'wirefold'
import type { Dialect, DialectFactory } from 'wirefold/dialects'
import { type DUUIOptions, duuiDialect } from 'wirefold/dialects/duui'
import {
  type ChatMessage,
  chat,
  createStreamClient,
  notifications,
  presence,
  streamPlugin,
} from 'wirefold/dialects/streams'
import {
  type AgentEventData,
  isTopicEvent,
  type ThreadHistoryData,
  topic,
  topics,
  withConfirmations,
  withErrors,
  withInitialTopics,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import { dialectSuite, type MakeDialect } from 'wirefold/testing'

describe('a stream client', () => {
  it('has the APIs of its plugins only', () => {
    const url = '/websocket'
    const api = createStreamClient({
      ...{ url, stream: 'stream:1' },
      clients: [chat({ strategy: 'streams' }), presence()],
    })
    expectTypeOf(api.chat.messages).toEqualTypeOf<Readable<readonly ChatMessage[]>>()
    expectTypeOf(api.chat.send).parameters.toEqualTypeOf<[message: string]>()
    expectTypeOf(api.presence.users).toEqualTypeOf<Readable<readonly string[]>>()
    // @ts-expect-error not among the plugins
    api.notifications
    const other = createStreamClient({ url, stream: 's', clients: [notifications()] })
    expectTypeOf(other.notifications.messages.get()[0]?.level).toEqualTypeOf<string | undefined>()
    // @ts-expect-error not among the plugins
    other.chat
    const votes = streamPlugin('votes', {}, () => ({ yes: 1 }))
    const own = createStreamClient({ url, stream: 's', clients: [votes] as const })
    expectTypeOf(own.votes).toEqualTypeOf<{ yes: number }>()
    // @ts-expect-error no such strategy
    chat({ strategy: 'polling' })
  })
})

describe('topics', () => {
  it('have typed event payloads', () => {
    const event = {} as EventFrame
    if (isTopicEvent(event, 'agent_updated')) {
      expectTypeOf(event.payload).toEqualTypeOf<AgentEventData>()
    }
    if (isTopicEvent(event, 'thread_history')) {
      expectTypeOf(event.payload.messages).toEqualTypeOf<ThreadHistoryData['messages']>()
    }
    // @ts-expect-error no such event
    isTopicEvent(event, 'agent_renamed')
    expectTypeOf(topic.agent).parameter(0).toEqualTypeOf<string | number>()
  })

  it('are combined', () => {
    const later = withErrors(withVersionedEnvelope(withConfirmations(topics)))
    expectTypeOf(withInitialTopics(later, ['agent:1'])).toEqualTypeOf<DialectFactory>()
    // @ts-expect-error the topics are missing
    withInitialTopics(later)
  })
})

describe('dialects', () => {
  it('accept undefined for the default', () => {
    expectTypeOf(duuiDialect({ legacy: undefined })()).toEqualTypeOf<Dialect>()
    expectTypeOf<DUUIOptions['legacy']>().toEqualTypeOf<'ignore' | 'derive' | undefined>()
  })

  it('can be passed to the suite', () => {
    expectTypeOf(dialectSuite[0]?.run).parameter(0).toEqualTypeOf<MakeDialect>()
  })
})
