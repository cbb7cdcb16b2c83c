import { describe, expectTypeOf, it } from 'vitest'
import type {
  bindList,
  bindRecord,
  ChannelSubscriber,
  channelEvents,
  channelScope,
  feed,
  OptimisticOptions,
  PresenceManager,
  sync,
} from 'wirefold'
import type { MockSubscriber } from 'wirefold/testing'

describe('a mock subscriber', () => {
  it('is accepted wherever a subscriber is', () => {
    expectTypeOf<MockSubscriber>().toExtend<ChannelSubscriber>()
    expectTypeOf<MockSubscriber>().toExtend<Parameters<typeof feed>[0]>()
    expectTypeOf<MockSubscriber>().toExtend<Parameters<typeof sync>[0]>()
    expectTypeOf<MockSubscriber>().toExtend<Parameters<typeof bindList>[0]>()
    expectTypeOf<MockSubscriber>().toExtend<Parameters<typeof bindRecord>[0]>()
    expectTypeOf<MockSubscriber>().toExtend<Parameters<typeof channelEvents>[0]>()
    expectTypeOf<MockSubscriber>().toExtend<Parameters<typeof channelScope>[0]>()
    expectTypeOf<MockSubscriber>().toExtend<ConstructorParameters<typeof PresenceManager>[0]>()
    expectTypeOf<MockSubscriber>().toExtend<NonNullable<OptimisticOptions['channels']>>()
  })
})
