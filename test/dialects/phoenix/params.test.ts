import { describe, expect, it } from 'vitest'
import { type PhoenixOptions, phoenix, supabase } from 'wirefold/dialects/phoenix'
import { eventsOn, rooms } from '../../support/peers/phoenix-rooms.ts'
import { supabaseChannels } from '../../support/peers/supabase.ts'
import { outcomeOf } from '../../support/scripted.ts'
import { virtual } from './virtual.ts'

const SECOND = 1_000
const track: PhoenixOptions['track'] = (action, meta) =>
  action === 'leave' ? ['untrack'] : ['track', meta]

/** Rooms, of which `locked` admits only who has the key. */
const locked: typeof rooms = {
  ...rooms,
  join: (join, peer) =>
    join.topic === 'locked' && join.params.key !== 1
      ? { error: { reason: 'no key' } }
      : rooms.join(join, peer),
}

describe('a publish', () => {
  it.each([
    ['phoenix', phoenix(), rooms, 'room:1', 'room:1'],
    ['supabase', supabase({ apikey: 'key' }), supabaseChannels().channels, 'team', 'realtime:team'],
  ])('waits until its topic is joined: %s', async (_, dialect, application, name, topic) => {
    const { clock, client, peer, pair, follow } = virtual(dialect, application)
    let isDone = false
    void client.publish(name, 'news', { n: 1 }).then(() => {
      isDone = true
    })
    await clock.advance(SECOND)
    expect([eventsOn(peer, topic), isDone]).toEqual([[], false])
    follow(name)
    await clock.advance(SECOND)
    expect([eventsOn(peer, topic).length, isDone]).toEqual([2, true])
    pair.last.close(1006)
    await clock.advance(0)
    void client.publish(name, 'news', { n: 2 })
    await clock.advance(60 * SECOND)
    const isJoin = eventsOn(peer, topic).map(([event]) => event === 'phx_join')
    expect(isJoin).toEqual([true, false, true, false])
  })

  it('rejects where its topic is never joined', async () => {
    const { clock, client } = virtual(phoenix(), rooms, { requestTimeoutMs: 5_000 })
    const published = outcomeOf(client.publish('room:1', 'news'))
    await clock.advance(5_000)
    expect(published.error).toMatchObject({ code: 'request-timeout', detail: { sent: false } })
  })
})

describe('the parameters of a topic', () => {
  it('are those of its presence after a lost connection, which may join first', async () => {
    const { clock, peer, pair, follow, watch, errors } = virtual(phoenix({ track }), locked)
    const first = follow('locked', { key: 1 })
    await clock.advance(SECOND)
    const users = watch('locked')
    await clock.advance(SECOND)
    first.subscription()
    await clock.advance(SECOND)
    const second = follow('locked', { key: 1 })
    await clock.advance(SECOND)
    for (let cut = 1; cut <= 2; cut++) {
      pair.last.close(1006)
      await clock.advance(60 * SECOND)
      const [join] = peer.joinsOf('locked')
      if (join) peer.track(join, `user ${cut}`, {})
      await clock.advance(SECOND)
      expect(users().map(([id]) => id)).toEqual([`user ${cut}`])
    }
    expect(second.statuses.at(-1)).toBe('gap')
    // The response to each join comes once.
    expect(second.seen).toHaveLength(3)
    expect(errors).toEqual([])
    const joins = eventsOn(peer, 'locked').filter(([event]) => event === 'phx_join')
    expect(joins).toEqual([1, 2, 3].map(() => ['phx_join', { key: 1 }]))
  })

  it('are those of the own presence, too', async () => {
    const { clock, peer, pair, follow, presence } = virtual(phoenix({ track }), locked)
    const { subscription } = follow('locked', { key: 1 })
    await clock.advance(SECOND)
    presence.enter('locked', { typing: true })
    subscription()
    await clock.advance(SECOND)
    pair.last.close(1006)
    await clock.advance(60 * SECOND)
    expect(peer.joinsOf('locked')).toMatchObject([{ params: { key: 1 } }])
  })

  it('are forgotten with the topic', async () => {
    const { clock, peer, follow, watch } = virtual(phoenix(), rooms)
    const { subscription } = follow('room:1', { key: 1 })
    await clock.advance(SECOND)
    subscription()
    await clock.advance(SECOND)
    watch('room:1')
    await clock.advance(SECOND)
    expect(eventsOn(peer, 'room:1')).toEqual([
      ['phx_join', { key: 1 }],
      ['phx_leave', {}],
      ['phx_join', {}],
    ])
  })

  it('keep a private channel of Supabase private', async () => {
    const { clock, peer, pair, follow, watch } = virtual(
      supabase({ apikey: 'key' }),
      supabaseChannels().channels,
    )
    const first = follow('team', { private: true })
    await clock.advance(SECOND)
    watch('team')
    await clock.advance(SECOND)
    first.subscription()
    await clock.advance(SECOND)
    follow('team', { private: true })
    await clock.advance(SECOND)
    pair.last.close(1006)
    await clock.advance(60 * SECOND)
    const joins = eventsOn(peer, 'realtime:team').filter(([event]) => event === 'phx_join')
    expect(joins.length).toBeGreaterThan(1)
    for (const [, payload] of joins) expect(payload).toMatchObject({ config: { private: true } })
  })
})
