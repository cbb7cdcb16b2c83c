import { describe, expect, it } from 'vitest'
import { MemoryBroker, PresenceTracker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'

const room = 'workspace/tasks'
const anna = { userId: 'anna', name: 'Anna' }
const tab = (device: string, owner = device) => ({ ...anna, device, owner })

function made() {
  const clock = new ManualClock()
  const broker = new MemoryBroker({ clock })
  const tracker = new PresenceTracker({ store: broker.presence, clock })
  const events: unknown[] = []
  void broker.subscribe(`presence:${room}`, {
    event: ({ type, payload, offset }) =>
      events.push([type.slice('presence:'.length), payload, offset]),
    broken() {},
  })
  const kinds = () => events.map((one) => (Array.isArray(one) ? one[0] : one))
  return { clock, broker, tracker, events, kinds, now: clock.wall() }
}

describe('a presence tracker', () => {
  it('returns the present users with their meta', async () => {
    const { tracker, events, now } = made()
    await tracker.join(room, anna, { typing: true })
    const user = {
      ...{ id: 'anna', name: 'Anna', lastSeen: now, meta: { typing: true } },
      devices: [{ id: 'anna', lastSeen: now, meta: { typing: true } }],
    }
    expect(await tracker.getPresent(room)).toEqual([{ ...user, at: 1 }])
    const { meta: _, devices, ...rest } = user
    expect(events).toEqual([['join', { user: rest, device: devices[0] }, 1]])
    expect(await tracker.getPresent('elsewhere')).toEqual([])
  })

  it('needs no store, no name and no meta', async () => {
    const tracker = new PresenceTracker({ clock: new ManualClock(5) })
    await tracker.join(room, { userId: 'x' })
    expect(await tracker.getPresent(room)).toEqual([
      { id: 'x', lastSeen: 5, devices: [{ id: 'x', lastSeen: 5 }], at: 1 },
    ])
  })

  it('does nothing for a user who is not present', async () => {
    const { tracker, events } = made()
    await tracker.join(room, anna)
    const absent = { userId: 'absent' }
    expect(await tracker.leave(room, absent)).toBe(false)
    expect(await tracker.update(room, absent, 1)).toBe(false)
    expect(await tracker.heartbeat(room, absent)).toBe(false)
    expect(await tracker.leave('elsewhere', anna)).toBe(false)
    expect(events).toHaveLength(1)
  })

  it('publishes no event for a heartbeat, but returns its time', async () => {
    const { clock, tracker, events, now } = made()
    await tracker.join(room, anna)
    await clock.advance(10_000)
    expect(await tracker.heartbeat(room, anna)).toBe(true)
    expect(await tracker.getPresent(room)).toMatchObject([{ lastSeen: now + 10_000 }])
    expect(events).toHaveLength(1)
  })

  it('removes a member after 30,000 ms without a heartbeat, not after 29,900', async () => {
    const { clock, tracker, kinds } = made()
    await tracker.join(room, anna)
    await tracker.join('elsewhere', tab('b'))
    await clock.advance(29_900)
    expect(await tracker.cleanupStale()).toEqual([])
    await tracker.heartbeat('elsewhere', tab('b'))
    await clock.advance(100)
    const gone = { resource: room, userId: 'anna', device: 'anna' }
    expect(await tracker.cleanupStale()).toEqual([gone])
    expect(await tracker.cleanupStale()).toEqual([])
    expect(kinds()).toEqual(['join', 'leave'])
    expect(await tracker.getPresent('elsewhere')).toHaveLength(1)
    await clock.advance(29_900)
    expect(await tracker.cleanupStale()).toHaveLength(1)
  })

  it('accepts another timeout', async () => {
    const clock = new ManualClock()
    const tracker = new PresenceTracker({ clock, timeoutMs: 50 })
    await tracker.join(room, anna)
    await clock.advance(49)
    expect(await tracker.cleanupStale()).toEqual([])
    await clock.advance(1)
    expect(await tracker.cleanupStale()).toHaveLength(1)
  })

  it('copies the meta', async () => {
    const { tracker } = made()
    const meta = { typing: true }
    await tracker.join(room, anna, meta)
    meta.typing = false
    expect(await tracker.getPresent(room)).toMatchObject([{ meta: { typing: true } }])
  })

  it('refuses an invalid resource, and a meta over 4 KiB or that is not JSON', async () => {
    const { tracker, events } = made()
    for (const resource of ['', '*', 'a:*', 'a\n', 'x'.repeat(300)]) {
      await expect(tracker.join(resource, anna)).rejects.toMatchObject({ code: 'bad-channel' })
      await expect(tracker.getPresent(resource)).rejects.toMatchObject({ code: 'bad-channel' })
    }
    await tracker.join(room, anna, 'x'.repeat(4094))
    const large = tracker.update(room, anna, 'x'.repeat(4095))
    await expect(large).rejects.toMatchObject({ code: 'too-large', detail: { bytes: 4097 } })
    await expect(tracker.update(room, anna, 'ä'.repeat(2048))).rejects.toMatchObject({
      code: 'too-large',
    })
    await expect(tracker.update(room, anna, 1n)).rejects.toMatchObject({ code: 'bad-payload' })
    expect(events).toHaveLength(1)
  })

  it('accepts names of object properties as user ids and resources', async () => {
    const { tracker } = made()
    for (const userId of ['__proto__', 'constructor']) {
      await tracker.join('__proto__', { userId })
    }
    expect((await tracker.getPresent('__proto__')).map(({ id }) => id)).toEqual([
      '__proto__',
      'constructor',
    ])
  })

  it.each(['userId', 'device', 'owner'])(
    'refuses half a surrogate pair in the %s of a member, which Redis would change',
    async (option) => {
      const { tracker, events } = made()
      const member = { userId: 'anna', [option]: 'a\ud800' }
      const refused = { code: 'bad-option', detail: { option } }
      await expect(tracker.join(room, member)).rejects.toMatchObject(refused)
      await expect(tracker.heartbeat(room, member)).rejects.toMatchObject(refused)
      expect(events).toEqual([])
      await tracker.join(room, { userId: 'anna', [option]: 'a😀' })
    },
  )

  it('refuses a member without a user, who would become the user "undefined"', async () => {
    const { tracker, events } = made()
    const members: unknown[] = [{}, { userId: undefined }, { userId: '' }, { userId: 7 }]
    for (const member of [...members, { userId: 'anna', device: null }]) {
      const untyped = member as typeof anna
      const refused = { code: 'bad-option', message: expect.stringContaining('a presence member') }
      await expect(tracker.join(room, untyped)).rejects.toMatchObject(refused)
      await expect(tracker.leave(room, untyped)).rejects.toMatchObject(refused)
    }
    expect(events).toEqual([])
  })
})
