import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, ContextRegistry, defineManager } from 'wirefold'
import { scripted } from '../support/scripted.ts'

function rig() {
  const { client, server, clock, errors } = scripted()
  return { client, server, clock, errors, channels: new ChannelSubscriber(client) }
}

describe('a component manager', () => {
  it('handles every event of its channels from initialize to cleanup', async () => {
    const { channels, server, clock } = rig()
    const received: unknown[] = []
    const manager = defineManager({
      topics: ['agent:1', 'agent:2'],
      onEvent: (payload, { channel }) => received.push([channel, payload]),
    })
    expect(manager.active).toBe(false)
    manager.initialize(channels)
    await clock.advance(0)
    server.publish('agent:1', 'agent_updated', 'a')
    server.publish('agent:2', 'agent_updated', 'b')
    await clock.advance(0)
    expect(manager.active).toBe(true)
    manager.cleanup()
    server.publish('agent:1', 'agent_updated', 'c')
    await clock.advance(0)
    expect(received).toEqual([
      ['agent:1', 'a'],
      ['agent:2', 'b'],
    ])
  })

  it('starts once for repeated calls of `initialize`, and can be started again', async () => {
    const { channels, client, server, clock } = rig()
    const received: unknown[] = []
    const manager = defineManager({
      topics: ['agent:1'],
      onEvent: (payload) => received.push(payload),
    })
    manager.initialize(channels)
    manager.initialize(channels)
    expect(client.stats().handlers).toBe(1)
    manager.cleanup()
    manager.cleanup()
    expect(client.stats().handlers).toBe(0)
    manager.initialize(channels)
    await clock.advance(0)
    server.publish('agent:1', 'agent_updated', 'once')
    await clock.advance(0)
    expect(received).toEqual(['once'])
  })

  it('does not affect other subscribers of its channels', async () => {
    const { channels, server, clock } = rig()
    const received: unknown[] = []
    channels.subscribe('agent:1', (payload) => received.push(payload))
    const manager = defineManager({ topics: ['agent:1'], onEvent: () => {} })
    manager.initialize(channels)
    await clock.advance(0)
    manager.cleanup()
    await clock.advance(10_000)
    expect(server.count('unsubscribe')).toBe(0)
    server.publish('agent:1', 'agent_updated', 'a')
    await clock.advance(0)
    expect(received).toEqual(['a'])
  })

  it('opens no connection, and leaves nothing after ten thousand cycles', async () => {
    const { channels, client, server, clock } = rig()
    channels.subscribe('system', () => {})
    await clock.advance(0)
    const timers = clock.timers
    const chat = { thread: 0 }
    const manager = defineManager({
      topics: () => [`thread:${chat.thread % 10}`, 'agent:*'],
      onEvent: () => {},
    })
    for (chat.thread = 0; chat.thread < 10_000; chat.thread++) {
      manager.initialize(channels)
      if (chat.thread % 1_000 === 0) await clock.advance(10)
      manager.cleanup()
    }
    await clock.advance(1_000)
    expect(server.transport.ends).toHaveLength(1)
    expect(client.stats().handlers).toBe(1)
    expect(channels.size).toBe(1)
    expect(clock.timers).toBe(timers)
    expect([...server.subscribed]).toEqual(['system'])
  })

  it('passes events to a registry, or any other handler', async () => {
    const { channels, server, clock } = rig()
    const agents = new ContextRegistry<{ kind: 'Agent'; id: string }>().keyed('Agent', (a) => a.id)
    const manager = defineManager({
      topics: ['agent:*'],
      onEvent: (_, event) => agents.fold([event]),
    })
    manager.initialize(channels)
    await clock.advance(0)
    server.publish('agent:*', 'agent_updated', { kind: 'Agent', id: '7' })
    await clock.advance(0)
    expect(agents.slot('Agent').keys.get()).toEqual(['7'])
  })

  it('passes refusals to its `onError`', async () => {
    const { client, clock, errors } = scripted({ refuse: () => 'forbidden' })
    const channels = new ChannelSubscriber(client)
    const refused: unknown[] = []
    const quiet = defineManager({
      topics: ['agent:1'],
      onEvent: () => {},
      onError: ({ code }) => refused.push(code),
    })
    quiet.initialize(channels)
    defineManager({ topics: ['agent:2'], onEvent: () => {} }).initialize(channels)
    await clock.advance(0)
    expect(refused).toEqual(['forbidden'])
    expect(errors).toMatchObject([{ code: 'forbidden' }])
  })

  it('subscribes to nothing if one of its names is invalid', () => {
    const { channels, client } = rig()
    const manager = defineManager({ topics: ['agent:1', ''], onEvent: () => {} })
    expect(() => manager.initialize(channels)).toThrow('is not a valid channel')
    expect(manager.active).toBe(false)
    expect(client.stats().handlers).toBe(0)
  })
})
