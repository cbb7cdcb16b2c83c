import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { outcomeOf, scripted } from '../support/scripted.ts'

async function open(answer: (type: string) => unknown = (type) => type) {
  const parts = scripted({ latencyMs: 5, answer }, { random: () => 0.5 })
  const channels = new ChannelSubscriber(parts.client)
  const received: unknown[] = []
  const statuses: string[] = []
  const subscription = channels.subscribe('news', (payload) => received.push(payload))
  subscription.status.subscribe(({ name }) => statuses.push(name))
  await parts.clock.advance(6_000)
  const transitions: string[] = []
  for (const event of ['opened', 'dropped'] as const) {
    parts.client.on(event, () => transitions.push(event))
  }
  const goaway = () =>
    parts.server.send({
      type: 'goaway',
      payload: { deadlineMs: 30_000, windowMs: 10_000, reason: 'deploy' },
    })
  const { ends } = parts.server.transport
  const alive = () => ends.filter(({ closed }) => !closed).length
  return { ...parts, channels, received, statuses, transitions, goaway, ends, alive }
}

describe('a server that announces its shutdown', () => {
  it('is replaced by another connection before it closes, without effect on the application', async () => {
    const { clock, server, client, received, transitions, goaway, ends, alive, statuses } =
      await open()
    goaway()
    await clock.advance(4_000)
    expect(ends).toHaveLength(1)
    server.publish('news', 'note', 1)
    await clock.advance(2_000)
    expect(ends).toHaveLength(2)
    expect(alive()).toBe(1)
    expect(ends[0]?.closed).toMatchObject({ code: 1000 })
    server.publish('news', 'note', 2)
    await clock.advance(1_000)
    expect(received).toEqual([1, 2])
    expect(transitions).toEqual([])
    expect(statuses.at(-1)).toBe('live')
    expect(statuses).not.toContain('gap')
    expect(client.state.get()).toMatchObject({ name: 'open' })
  })

  it('keeps the old connection open for its pending replies, and ignores its events', async () => {
    const { clock, server, client, received, goaway, ends, alive } = await open((type) =>
      type === 'slow' ? undefined : type,
    )
    const slow = outcomeOf(client.request('slow', undefined, { timeoutMs: 60_000 }))
    await clock.advance(100)
    const { requestId } = server.messages.at(-1) ?? {}
    goaway()
    await clock.advance(5_100)
    expect(alive()).toBe(2)
    ends[0]?.send(JSON.stringify({ type: 'note', channel: 'news', payload: 'old', offset: 1 }))
    const quick = outcomeOf(client.request('quick'))
    await clock.advance(100)
    expect(quick).toEqual({ value: 'quick' })
    expect(received).toEqual([])
    expect(server.count('slow')).toBe(1)
    ends[0]?.send(JSON.stringify({ type: 'reply', requestId, payload: 'done' }))
    await clock.advance(100)
    expect(slow).toEqual({ value: 'done' })
    expect(alive()).toBe(1)
  })

  it('can close the old connection before it has replied: the request is sent again on the new one', async () => {
    let answers = false
    const { clock, server, client, goaway, ends } = await open((type) =>
      answers ? type : undefined,
    )
    const slow = outcomeOf(client.request('slow', undefined, { timeoutMs: 60_000 }))
    await clock.advance(100)
    goaway()
    await clock.advance(5_100)
    answers = true
    ends[0]?.close(1012)
    await clock.advance(100)
    expect(slow).toEqual({ value: 'slow' })
    const ids = server.messages.flatMap(({ type, requestId }) => (type === 'slow' ? requestId : []))
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
    expect(client.state.get()).toMatchObject({ name: 'open' })
  })

  it('is retried if the next connection fails, with at most two connections at a time', async () => {
    const { clock, server, client, goaway, ends, alive, received, transitions } = await open()
    goaway()
    goaway()
    server.transport.refusing = true
    let most = 0
    for (let n = 0; n < 80; n++) {
      await clock.advance(100)
      most = Math.max(most, alive())
    }
    expect(ends.length).toBeGreaterThan(3)
    expect(most).toBeLessThanOrEqual(2)
    expect(client.state.get()).toMatchObject({ name: 'open' })
    server.transport.refusing = false
    await clock.advance(2_000)
    server.publish('news', 'note', 1)
    await clock.advance(100)
    expect(received).toEqual([1])
    expect([alive(), transitions]).toEqual([1, []])
  })

  it('can close before the client moved: that is an ordinary disconnect', async () => {
    const { clock, server, goaway, received, transitions, alive, client } = await open()
    goaway()
    await clock.advance(1_000)
    server.drop(1012, '{"windowMs":100}')
    server.publish('news', 'note', 1)
    await clock.advance(1_000)
    expect(received).toEqual([1])
    expect(transitions).toEqual(['dropped', 'opened'])
    await clock.advance(60_000)
    expect(alive()).toBe(1)
    client.close()
    await clock.advance(100)
    expect([alive(), clock.timers]).toEqual([0, 0])
  })

  it('can announce it again on the next connection, repeatedly', async () => {
    const { clock, goaway, ends, alive, transitions, server, received } = await open()
    for (let n = 1; n <= 5; n++) {
      goaway()
      await clock.advance(10_000)
      server.publish('news', 'note', n)
      await clock.advance(100)
    }
    expect(ends).toHaveLength(6)
    expect([alive(), transitions, received]).toEqual([1, [], [1, 2, 3, 4, 5]])
  })

  it('leaves nothing open if the client is closed during the move', async () => {
    const { clock, goaway, client, alive } = await open()
    goaway()
    await clock.advance(5_007)
    client.close()
    await clock.advance(100)
    expect([alive(), clock.timers]).toEqual([0, 0])
  })
})
