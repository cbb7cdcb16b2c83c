import { describe, expect, it } from 'vitest'
import { anycable } from 'wirefold/dialects/actioncable'
import type { Fields } from '../../../src/protocol/fields.ts'
import { dialled } from '../../support/dialled.ts'

const ROOM = '{"channel":"RoomChannel"}'

/** A client that follows a room; the test plays the server, which confirms only what the test says. */
async function open() {
  const rig = dialled(anycable(), () => {}, { requestTimeoutMs: 60_000 })
  const { pair, clock, client, channels, sent, deliver } = rig
  const received: unknown[] = []
  const subscription = channels.subscribe('RoomChannel', (message) => received.push(message))
  const statuses: string[] = []
  subscription.status.subscribe(({ name }) => statuses.push(name))
  await clock.advance(1)
  const confirm = () => deliver({ type: 'confirm_history', identifier: ROOM })
  const event = (offset: number, more: Fields = {}): Fields => ({
    ...{ identifier: ROOM, message: offset, stream_id: 's', epoch: 'e', offset, ...more },
  })
  /** Loses the connection and opens the next one, up to its welcome. */
  const reconnect = async (welcome: Fields = {}): Promise<void> => {
    pair.last.close(1006)
    await clock.advance(1)
    void client.connect()
    await clock.advance(1)
    await deliver({ type: 'welcome', ...welcome })
  }
  const lastCommand = (): Fields => sent.at(-1) ?? {}
  return { ...rig, received, statuses, subscription, confirm, event, reconnect, lastCommand }
}

const ping = (message: unknown) => ({ type: 'ping', message })

describe('the history that a client of AnyCable asks for', () => {
  it('is none for a new channel, whose events wait for the confirmation', async () => {
    const { deliver, confirm, event, received, statuses, lastCommand } = await open()
    await deliver({ type: 'welcome', sid: 'a' })
    expect(lastCommand()).toEqual({
      command: 'subscribe',
      identifier: ROOM,
      history: { streams: {} },
    })
    await deliver({ type: 'confirm_subscription', identifier: ROOM }, event(1))
    expect([received, statuses.at(-1)]).toEqual([[], 'pending'])
    await confirm()
    expect([received, statuses.at(-1)]).toEqual([[1], 'live'])
  })

  it.each([
    ['seconds', 1_700_000_000],
    ['milliseconds', 1_700_000_000_123],
    ['nanoseconds', 1_700_000_000.123 * 1e9],
  ])('begins at the last ping, whose time is in %s', async (_, time) => {
    const { deliver, confirm, reconnect, lastCommand } = await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(ping(time))
    await reconnect()
    expect(lastCommand().history).toEqual({ since: 1_700_000_000, streams: {} })
  })

  it('does not begin at a ping that came before the welcome, or before the last history', async () => {
    const { deliver, confirm, event, pair, clock, client, reconnect, lastCommand } = await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(ping(100), event(1))
    const expected = { history: { since: 100, streams: { s: { epoch: 'e', offset: 1 } } } }
    pair.last.close(1006)
    await clock.advance(1)
    void client.connect()
    await clock.advance(1)
    await deliver(ping(200), { type: 'welcome' })
    expect(lastCommand()).toMatchObject(expected)
    await deliver(ping(300))
    await reconnect()
    expect(lastCommand()).toMatchObject(expected)
    await confirm()
    await deliver(ping(400))
    await reconnect()
    expect(lastCommand()).toMatchObject({ history: { since: 400 } })
  })

  it('begins at a ping that came while there was no channel', async () => {
    const { deliver, confirm, clock, channels, subscription, reconnect, lastCommand } = await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(ping(100))
    subscription()
    await clock.advance(1)
    await deliver(ping(200))
    channels.subscribe('RoomChannel', () => {})
    await clock.advance(1)
    await confirm()
    await reconnect()
    expect(lastCommand()).toMatchObject({ history: { since: 200 } })
  })

  it('goes before the actions that were called with the subscribe, which wait for it', async () => {
    const { deliver, channels, client, clock, sent } = await open()
    await deliver({ type: 'welcome' })
    const act = (type: string) => client.request(type, {}, { channel: 'OtherChannel' })
    channels.subscribe('OtherChannel', () => {})
    void act('first')
    void act('second')
    await clock.advance(1)
    void act('third')
    await clock.advance(1)
    expect(sent).toHaveLength(2)
    await deliver({ type: 'confirm_history', identifier: '{"channel":"OtherChannel"}' })
    const other = sent.slice(1).map(({ command, data }) => [command, data])
    expect(other).toEqual([
      ['subscribe', undefined],
      ...['first', 'second', 'third'].map((action) => ['message', `{"action":"${action}"}`]),
    ])
  })

  it('is asked for anew where no answer came in time, without the loss of what waited', async () => {
    const { deliver, confirm, event, received, clock, sent, subscription } = await open()
    await deliver({ type: 'welcome' })
    await deliver(event(1))
    for (let waited = 0; waited < 61_000; waited += 1_000) {
      await clock.advance(1_000)
      await deliver(ping(waited))
    }
    expect(sent.map(({ command }) => command)).toEqual(['subscribe', 'unsubscribe', 'subscribe'])
    await deliver(event(2))
    await confirm()
    expect(received).toEqual([1, 2])
    expect(subscription.status.get().name).toBe('live')
  })

  it('begins before an event that was waiting for a history when the connection ended', async () => {
    const { deliver, confirm, event, received, statuses, reconnect, lastCommand } = await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(event(1), ping(100))
    await reconnect()
    await deliver(event(3), event(1, { stream_id: 'other' }))
    await reconnect()
    expect(lastCommand().history).toEqual({
      since: 100,
      streams: { s: { epoch: 'e', offset: 1 } },
    })
    await deliver(event(3), event(2), event(3))
    await confirm()
    expect([received, statuses.at(-1)]).toEqual([[1, 2, 3], 'live'])
  })

  it('keeps its epoch until the server has answered, whose history began anew', async () => {
    const { deliver, confirm, event, received, statuses, clock, reconnect, lastCommand } =
      await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(event(4), ping(100))
    await reconnect()
    await deliver(event(2, { epoch: 'new' }))
    for (let waited = 0; waited < 61_000; waited += 1_000) {
      await clock.advance(1_000)
      await deliver(ping(waited))
    }
    expect(lastCommand().history).toEqual({
      since: 100,
      streams: { s: { epoch: 'e', offset: 4 } },
    })
    await deliver({ type: 'reject_history', identifier: ROOM }, event(3, { epoch: 'new' }))
    expect([received, statuses.at(-1)]).toEqual([[4, 2, 3], 'gap'])
    await reconnect()
    expect(lastCommand().history).toMatchObject({ streams: { s: { epoch: 'new', offset: 3 } } })
  })

  it('has no more positions than a hundred, and asks by time for the other streams', async () => {
    const { deliver, confirm, event, received, reconnect, lastCommand } = await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(ping(100))
    for (let stream = 0; stream < 150; stream++)
      await deliver(event(1, { stream_id: `s${stream}` }))
    await reconnect()
    expect(received).toHaveLength(150)
    const { history } = lastCommand()
    expect(Object.keys(Object(history).streams)).toHaveLength(100)
    expect(history).toMatchObject({ since: 100, streams: { s149: { epoch: 'e', offset: 1 } } })
  })

  it('is none for a channel that was left in between', async () => {
    const { deliver, confirm, event, pair, clock, channels, subscription, client, lastCommand } =
      await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(ping(100), event(1))
    pair.last.close(1006)
    subscription()
    await clock.advance(0)
    void client.connect()
    await clock.advance(1)
    await deliver({ type: 'welcome' })
    channels.subscribe('RoomChannel', () => {})
    await clock.advance(1)
    expect(lastCommand().history).toEqual({ streams: {} })
  })

  it('is given up with a gap where ten thousand events wait for it', async () => {
    const { deliver, confirm, event, received, statuses, pair, clock, reconnect } = await open()
    await deliver({ type: 'welcome' })
    await confirm()
    await deliver(ping(100), event(1))
    await reconnect()
    for (let offset = 2; offset < 10_002; offset++) pair.last.send(JSON.stringify(event(offset)))
    await clock.advance(1)
    expect([received.length, statuses.at(-1)]).toEqual([1, 'recovering'])
    await deliver(event(10_002))
    expect([received.length, statuses.at(-1)]).toEqual([10_002, 'gap'])
  })

  it('is not asked for after a rejection', async () => {
    const { deliver, channels, sent, clock, subscription } = await open()
    subscription.ready.catch(() => {})
    await deliver({ type: 'welcome' })
    await deliver({ type: 'reject_subscription', identifier: ROOM })
    expect(subscription.status.get().name).toBe('refused')
    channels.subscribe('RoomChannel', () => {})
    await clock.advance(1)
    expect(sent.map(({ command }) => command)).toEqual(['subscribe', 'subscribe'])
  })

  it('survives positions and sessions of any form', async () => {
    const { deliver, confirm, event, received, reconnect, errors, lastCommand } = await open()
    await deliver({ type: 'welcome', sid: 7, restored: 'yes', restored_ids: [7, null, ROOM, ''] })
    await confirm()
    const odd: readonly Fields[] = [
      ...[{ stream_id: 7 }, { epoch: null }, { offset: '1' }, { offset: -1 }, { offset: 1e21 }],
      ...[{ stream_id: '' }, { stream_id: '__proto__' }, { stream_id: 'constructor' }],
    ]
    await deliver(...odd.map((more) => event(1, more)), ping('now'), ping(null), ping(-1))
    expect(received).toEqual(odd.map(() => 1))
    await reconnect()
    expect(Object.keys(lastCommand())).toEqual(['command', 'identifier', 'history'])
    expect(errors).toEqual([])
  })
})
