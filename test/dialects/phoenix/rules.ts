import { expect } from 'vitest'
import type { DialectFactory } from 'wirefold/dialects'
import { eventsOn, rooms } from '../../support/peers/phoenix-rooms.ts'
import { supabaseChannels } from '../../support/peers/supabase.ts'
import { virtual } from './virtual.ts'

/** A rule of a dialect; rejects for a dialect that breaks it. */
type Rule = (dialect: DialectFactory) => Promise<void>

const SECOND = 1_000

/** Rules of `phoenix({ track })`, played in virtual time. */
export const phoenixRules: Readonly<Record<string, Rule>> = {
  async 'drops the messages of a join that was replaced'(dialect) {
    const { clock, peer, follow } = virtual(dialect, rooms)
    const { subscription, seen, statuses } = follow('quiet')
    await clock.advance(SECOND)
    const [old] = peer.joinsOf('quiet')
    subscription.renew()
    await clock.advance(SECOND)
    old?.push('news', 'old')
    await clock.advance(SECOND)
    expect(seen).toEqual([])
    expect(statuses.at(-1)).toBe('live')
    expect(peer.joinsOf('quiet')).toHaveLength(1)
  },
  async 'does not repeat a refused join'(dialect) {
    const { clock, peer, follow, pair } = virtual(dialect, rooms)
    const { statuses } = follow('secret:1')
    await clock.advance(SECOND)
    pair.last.close(1006)
    await clock.advance(600 * SECOND)
    expect(statuses).toEqual(['pending', 'refused'])
    expect(eventsOn(peer, 'secret:1')).toHaveLength(1)
  },
  async 'joins a crashed topic again, after growing waits'(dialect) {
    const { clock, peer, follow } = virtual(dialect, rooms)
    const { statuses } = follow('room:1')
    await clock.advance(SECOND)
    for (let crashes = 0; crashes < 200; crashes++) {
      peer.end('room:1', 'phx_error')
      await clock.advance(SECOND)
    }
    await clock.advance(30 * SECOND)
    expect(statuses.at(-1)).toBe('gap')
    expect(peer.joinsOf('room:1')).toHaveLength(1)
    expect(eventsOn(peer, 'room:1').length).toBeLessThan(150)
  },
  async 'joins again after a join that crashed'(dialect) {
    let crashes = 3
    const join = () => (crashes-- > 0 ? { error: { reason: 'join crashed' } } : { ok: {} })
    const { clock, peer, follow, errors } = virtual(dialect, { ...rooms, join })
    const { statuses } = follow('room:1')
    await clock.advance(14 * SECOND)
    expect(statuses.at(-1)).toBe('refused')
    await clock.advance(2 * SECOND)
    expect(statuses.at(-1)).toBe('live')
    expect(eventsOn(peer, 'room:1')).toHaveLength(4)
    expect(errors).toMatchObject([{ code: 'join-crashed' }])
  },
  async 'ends with a topic that the server closes'(dialect) {
    const { clock, peer, follow } = virtual(dialect, rooms)
    const { statuses } = follow('room:1')
    await clock.advance(SECOND)
    peer.end('room:1', 'phx_close')
    await clock.advance(600 * SECOND)
    expect(statuses).toEqual(['pending', 'live', 'ended'])
    expect(eventsOn(peer, 'room:1')).toHaveLength(1)
  },
  async 'joins a topic once for its events and its presence'(dialect) {
    const { clock, peer, follow, watch } = virtual(dialect, rooms)
    const { seen } = follow('lobby', { device: 'phone' })
    await clock.advance(SECOND)
    const users = watch('lobby')
    await clock.advance(SECOND)
    expect(users()).toMatchObject([['ana', { device: 'phone' }, 1]])
    expect(seen).toEqual([['phx_join', { as: 'ana', last: null }]])
    expect(eventsOn(peer, 'lobby')).toHaveLength(1)
  },
  async 'keeps changes of the members that overtake their list'(dialect) {
    const { clock, peer, watch } = virtual(dialect, rooms)
    const users = watch('quiet')
    await clock.advance(SECOND)
    const meta = (ref: string) => ({ metas: [{ phx_ref: ref }] })
    peer.broadcast('quiet', 'presence_diff', { joins: { ben: meta('F2') }, leaves: {} })
    peer.broadcast('quiet', 'presence_diff', { joins: {}, leaves: { eve: meta('F1') } })
    peer.broadcast('quiet', 'presence_state', { eve: meta('F1'), ida: meta('F3') })
    await clock.advance(SECOND)
    expect(users().map(([id]) => id)).toEqual(['ida', 'ben'])
  },
  async 'recognises a device by its phx_ref'(dialect) {
    const { clock, peer, watch } = virtual(dialect, rooms)
    const users = watch('quiet')
    await clock.advance(SECOND)
    const metas = (...refs: string[]) => ({ metas: refs.map((phx_ref) => ({ phx_ref })) })
    const replaced = { metas: [{ phx_ref: 'F4', phx_ref_prev: 'F2', on: true }] }
    peer.broadcast('quiet', 'presence_state', { ben: metas('F1', 'F2') })
    peer.broadcast('quiet', 'presence_diff', { joins: { ben: metas('F2', 'F3') }, leaves: {} })
    await clock.advance(SECOND)
    expect(users()).toMatchObject([['ben', {}, 3]])
    peer.broadcast('quiet', 'presence_diff', { joins: {}, leaves: { ben: metas('F1') } })
    peer.broadcast('quiet', 'presence_diff', { joins: { ben: replaced }, leaves: {} })
    await clock.advance(SECOND)
    expect(users()).toMatchObject([['ben', { on: true }, 2]])
    peer.broadcast('quiet', 'presence_diff', { joins: {}, leaves: { ben: metas('F3', 'F4') } })
    await clock.advance(SECOND)
    expect(users()).toEqual([])
  },
  async 'tracks again after every join'(dialect) {
    const { clock, peer, follow, presence, pair } = virtual(dialect, rooms)
    follow('room:1')
    presence.enter('room:1', { typing: true })
    const present = () => Object.keys(peer.presences('room:1'))
    await clock.advance(SECOND)
    expect(present()).toEqual(['ana'])
    peer.end('room:1', 'phx_error')
    await clock.advance(20 * SECOND)
    expect(present()).toEqual(['ana'])
    pair.last.close(1006)
    await clock.advance(20 * SECOND)
    expect(present()).toEqual(['ana'])
  },
  async 'tracks again where only presence needs the topic'(dialect) {
    const { clock, peer, presence } = virtual(dialect, rooms)
    presence.enter('room:1', { typing: true })
    await clock.advance(SECOND)
    peer.end('room:1', 'phx_error')
    await clock.advance(40 * SECOND)
    expect(Object.keys(peer.presences('room:1'))).toEqual(['ana'])
  },
  async 'keeps a connection whose heartbeats are answered'(dialect) {
    const { clock, client, peer } = virtual(dialect, rooms)
    let drops = 0
    client.on('dropped', () => drops++)
    void client.connect()
    await clock.advance(300 * SECOND)
    expect(drops).toBe(0)
    peer.answersHeartbeats = false
    await clock.advance(60 * SECOND)
    expect(drops).toBeGreaterThan(0)
  },
}

const todos = { postgres_changes: [{ event: '*', schema: 'public', table: 'todos' }] }

/** Rules of `supabase({ apikey })`, played in virtual time. */
export const supabaseRules: Readonly<Record<string, Rule>> = {
  async 'is live once the server listens to the database'(dialect) {
    const { channels, listen } = supabaseChannels({ listens: false })
    const { clock, peer, follow } = virtual(dialect, channels)
    const { statuses } = follow('todos', todos)
    await clock.advance(SECOND)
    expect(statuses).toEqual(['pending'])
    for (const join of peer.joinsOf('realtime:todos')) listen(join)
    await clock.advance(SECOND)
    expect(statuses).toEqual(['pending', 'live'])
  },
  async 'takes the changes of its present join only'(dialect) {
    const { channels, change } = supabaseChannels()
    const { clock, peer, follow, pair } = virtual(dialect, channels)
    const { seen } = follow('todos', todos)
    await clock.advance(SECOND)
    pair.last.close(1006)
    await clock.advance(20 * SECOND)
    const data = { schema: 'public', table: 'todos', type: 'INSERT', record: { id: 1 } }
    peer.broadcast('realtime:todos', 'postgres_changes', { ids: [40_000_001], data })
    change(peer, 'todos', 'DELETE', { old_record: { id: 2 } })
    await clock.advance(SECOND)
    expect(seen).toMatchObject([
      ['system', {}],
      ['system', {}],
      ['entity:deleted', { data: { id: 2 }, matches: [0] }],
    ])
  },
  async 'joins a channel again that the server closed'(dialect) {
    const { channels, shutDown } = supabaseChannels()
    const { clock, peer, follow } = virtual(dialect, channels)
    const { statuses } = follow('room')
    await clock.advance(SECOND)
    shutDown(peer, 'room', 'Too many messages per second')
    await clock.advance(20 * SECOND)
    expect(statuses.at(-1)).toBe('gap')
    expect(peer.joinsOf('realtime:room')).toHaveLength(1)
  },
  async 'joins again with a new token where the last one has expired'(dialect) {
    let count = 0
    const { channels } = supabaseChannels({ expired: new Set(['jwt-1']) })
    const auth = () => `jwt-${++count}`
    const { clock, peer, follow, errors } = virtual(dialect, channels, { auth })
    const { statuses } = follow('room')
    await clock.advance(20 * SECOND)
    expect(statuses).toEqual(['pending', 'refused', 'pending', 'live'])
    expect(errors).toMatchObject([{ code: 'invalid-jwt-token' }])
    expect(eventsOn(peer, 'realtime:room')).toMatchObject([
      ['phx_join', { access_token: 'jwt-1' }],
      ['phx_join', { access_token: 'jwt-2' }],
    ])
  },
  async 'waits for the acknowledgement of a broadcast where the channel has them'(dialect) {
    const { channels } = supabaseChannels()
    const receive: typeof channels.receive = () => {}
    const { clock, client, follow } = virtual(dialect, { ...channels, receive })
    follow('acked', { broadcast: { ack: true } })
    follow('plain')
    await clock.advance(SECOND)
    let settled = 0
    void client.publish('plain', 'x', {}).then(() => settled++)
    client.publish('acked', 'x', {}).catch(() => (settled += 10))
    await clock.advance(SECOND)
    expect(settled).toBe(1)
    await clock.advance(20 * SECOND)
    expect(settled).toBe(11)
  },
  async 'joins for presence without being asked'(dialect) {
    const { channels } = supabaseChannels()
    const { clock, peer, follow, watch, presence } = virtual(dialect, channels)
    follow('room', { presence: { key: 'ana' } })
    const users = watch('room')
    presence.enter('room', { at: 1 })
    await clock.advance(SECOND)
    expect(users()).toEqual([['ana', { at: 1 }, 1]])
    expect(peer.joinsOf('realtime:room')).toHaveLength(1)
  },
}
