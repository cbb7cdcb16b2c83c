import { describe, expectTypeOf, it } from 'vitest'
import type { RequestCounts } from 'wirefold'
import {
  type ChannelStatus,
  type ChannelSubscriber,
  type EventFrame,
  isWirefoldError,
  type Readable,
  RealtimeClient,
  type Refusal,
  sync,
  WirefoldError,
} from 'wirefold'
import type { RefusalFrame } from 'wirefold/dialects'
import type { ComposerContext, DUUIContext, DUUIPayloadKind } from 'wirefold/dialects/duui'
import { isContextKind } from 'wirefold/dialects/duui'

declare const client: RealtimeClient
declare const channels: ChannelSubscriber

describe('errors', () => {
  it('have the detail of their code', () => {
    const error = new WirefoldError('request-timeout', '', {
      requestId: '',
      timeoutMs: 1,
      sent: true,
    })
    expectTypeOf(error.detail.sent).toEqualTypeOf<boolean>()
    // @ts-expect-error a detail of another code
    new WirefoldError('request-timeout', '', { channel: '' })
    const caught: unknown = error
    if (isWirefoldError(caught, 'too-large')) {
      expectTypeOf(caught.detail).toEqualTypeOf<{
        readonly bytes: number
        readonly limit: number
      }>()
    }
    expectTypeOf<WirefoldError<'title-missing'>['detail']>().toEqualTypeOf<Refusal>()
  })
})

describe('a client', () => {
  it('has the types of replies and states', () => {
    expectTypeOf(client.request('x')).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(client.request<number>('x')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(client.pending).toEqualTypeOf<Readable<RequestCounts>>()
    const state = client.state.get()
    if (state.name === 'waiting') expectTypeOf(state.retryAt).toEqualTypeOf<number>()
    // @ts-expect-error only the state `waiting` has `retryAt`
    state.retryAt
    // @ts-expect-error no such event
    client.on('connected', () => {})
    // @ts-expect-error no such option
    new RealtimeClient('ws://x', { url: '' })
    new RealtimeClient('ws://x', {
      auth: undefined,
      heartbeat: false,
      outbox: { limit: undefined },
    })
  })
})

describe('channels', () => {
  it('pass payload and event to their handlers', () => {
    channels.subscribe('a', (payload, event) => {
      expectTypeOf(payload).toEqualTypeOf<unknown>()
      expectTypeOf(event).toEqualTypeOf<EventFrame>()
    })
    channels.subscribe<{ n: number }>('a', ({ n }) => expectTypeOf(n).toEqualTypeOf<number>())
    const subscription = channels.subscribe('a', async () => {})
    expectTypeOf(subscription.status.get()).toEqualTypeOf<ChannelStatus>()
    expectTypeOf(subscription).toBeCallableWith()
    const status = subscription.status.get()
    if (status.name === 'gap') expectTypeOf(status.asOf).toEqualTypeOf<number>()
    // @ts-expect-error an event is no refusal
    const frame: RefusalFrame = {} as EventFrame
    return frame
  })

  it('keep the type of a state between load and reset', () => {
    sync(channels, 'a', {
      load: async () => ({ state: 1 }),
      into: { reset: (state) => expectTypeOf(state).toEqualTypeOf<number>(), fold: () => {} },
    })
    const load = async () => ({ state: 1 })
    const into = { reset: (state: string) => state, fold: () => {} }
    // @ts-expect-error a state of another type
    sync(channels, 'a', { load, into })
  })
})

describe('the contexts of a gateway', () => {
  it('are distinguished by their kind, exhaustively', () => {
    const label = (context: DUUIContext): string => {
      switch (context.kind) {
        case 'ComposerContext':
          return context.runKey
        case 'DriverContext':
          return context.driver
        case 'WorkerContext':
          return context.name
        case 'DocumentContext':
          return context.path
        case 'DocumentProcessContext':
          return context.document.path
        case 'ComponentContext':
          return context.component
        case 'InstantiatedComponentContext':
          return context.endpoint
        case 'DocumentComponentProcessContext':
          return context.document.document.path
        case 'ReaderContext':
          return String(context.total)
        default:
          expectTypeOf(context).toEqualTypeOf<never>()
          return ''
      }
    }
    expectTypeOf(label).returns.toEqualTypeOf<string>()
    const context = {} as DUUIContext
    if (isContextKind(context, 'ComposerContext')) {
      expectTypeOf(context).toEqualTypeOf<ComposerContext>()
    }
    expectTypeOf<ComposerContext['pipeline_status']>().toEqualTypeOf<
      Readonly<Record<string, string>>
    >()
    expectTypeOf<DUUIPayloadKind>().toEqualTypeOf<
      'STACKTRACE' | 'LUA' | 'TYPESYSTEM' | 'RESPONSE' | 'LOGS' | 'GENERIC' | 'NONE'
    >()
    // @ts-expect-error no such kind
    isContextKind(context, 'OtherContext')
  })
})
