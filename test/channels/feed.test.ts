import { describe, expect, it } from 'vitest'
import type { EventFrame } from 'wirefold'
import { ChannelSubscriber, feed } from 'wirefold'
import { scripted } from '../support/scripted.ts'

describe('feed', () => {
  it('folds an event before any handler receives it, in any order of subscribing', async () => {
    const { clock, server, client } = scripted()
    const channels = new ChannelSubscriber(client)
    const folded: unknown[] = []
    const seen: unknown[] = []
    channels.subscribe('news', () => seen.push(folded.length))
    const off = feed(channels, 'news', {
      fold: (events: readonly EventFrame[]) => folded.push(...events.map(({ payload }) => payload)),
    })
    await clock.advance(1)
    server.publish('news', 'note', 'one')
    await clock.advance(1)
    off()
    server.publish('news', 'note', 'two')
    await clock.advance(1)
    expect(folded).toEqual(['one'])
    expect(seen).toEqual([1, 1])
  })

  it('delivers only later events to a handler that is subscribed while an event is folded', async () => {
    const { clock, server, client } = scripted()
    const channels = new ChannelSubscriber(client)
    const seen: unknown[] = []
    let subscribed = false
    const fold = (): void => {
      if (subscribed) return
      subscribed = true
      // Its position includes the event already.
      const { position } = channels.subscribe('news', (payload) => seen.push(payload))
      seen.push(position?.offset)
    }
    feed(channels, 'news', { fold })
    await clock.advance(1)
    server.publish('news', 'note', 'one')
    server.publish('news', 'note', 'two')
    await clock.advance(1)
    expect(seen).toEqual([1, 'two'])
  })

  it('folds the value that the application maps an event to, and skips undefined', async () => {
    const { clock, server, client } = scripted()
    const channels = new ChannelSubscriber(client)
    const folded: EventFrame[] = []
    const sink = { fold: (events: readonly EventFrame[]) => void folded.push(...events) }
    feed(channels, 'news', sink, ({ type, payload }) =>
      type === 'note' ? { text: payload } : undefined,
    )
    await clock.advance(1)
    server.publish('news', 'note', 'one')
    server.publish('news', 'typing')
    await clock.advance(1)
    expect(folded).toMatchObject([{ payload: { text: 'one' }, type: 'note', offset: 1 }])
  })
})
