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
  const told: unknown[] = []
  void broker.subscribe(`presence:${room}`, {
    event: ({ type, payload, offset }) =>
      told.push([type.slice('presence:'.length), payload, offset]),
    broken() {},
  })
  const kinds = () => told.map((one) => (Array.isArray(one) ? one[0] : one))
  return { clock, broker, tracker, told, kinds, now: clock.wall() }
}

describe('a presence tracker', () => {
  it('knows who is there, with what they tell of themselves', async () => {
    const { tracker, told, now } = made()
    await tracker.join(room, anna, { typing: true })
    const user = {
      ...{ id: 'anna', name: 'Anna', lastSeen: now, meta: { typing: true } },
      devices: [{ id: 'anna', lastSeen: now, meta: { typing: true } }],
    }
    expect(await tracker.getPresent(room)).toEqual([user])
    expect(told).toEqual([['join', { user }, 1]])
    expect(await tracker.getPresent('elsewhere')).toEqual([])
  })

  it('needs no store, no name and no meta', async () => {
    const tracker = new PresenceTracker({ clock: new ManualClock(5) })
    await tracker.join(room, { userId: 'x' })
    expect(await tracker.getPresent(room)).toEqual([
      { id: 'x', lastSeen: 5, devices: [{ id: 'x', lastSeen: 5 }] },
    ])
  })

  it('does nothing about somebody who is not there', async () => {
    const { tracker, told } = made()
    await tracker.join(room, anna)
    const nobody = { userId: 'nobody' }
    expect(await tracker.leave(room, nobody)).toBe(false)
    expect(await tracker.update(room, nobody, 1)).toBe(false)
    expect(await tracker.heartbeat(room, nobody)).toBe(false)
    expect(await tracker.leave('elsewhere', anna)).toBe(false)
    expect(told).toHaveLength(1)
  })

  it('tells nobody of a sign of life, which is seen by whoever asks', async () => {
    const { clock, tracker, told, now } = made()
    await tracker.join(room, anna)
    await clock.advance(10_000)
    expect(await tracker.heartbeat(room, anna)).toBe(true)
    expect(await tracker.getPresent(room)).toMatchObject([{ lastSeen: now + 10_000 }])
    expect(told).toHaveLength(1)
  })

  it('finds nobody stale after 29,900 ms, and everybody after 30,000', async () => {
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

  it('takes another timeout', async () => {
    const clock = new ManualClock()
    const tracker = new PresenceTracker({ clock, timeoutMs: 50 })
    await tracker.join(room, anna)
    await clock.advance(49)
    expect(await tracker.cleanupStale()).toEqual([])
    await clock.advance(1)
    expect(await tracker.cleanupStale()).toHaveLength(1)
  })

  it('keeps what was given, not the object it was given as', async () => {
    const { tracker } = made()
    const meta = { typing: true }
    await tracker.join(room, anna, meta)
    meta.typing = false
    expect(await tracker.getPresent(room)).toMatchObject([{ meta: { typing: true } }])
  })

  it('refuses what cannot be a resource, and a meta over 4 KiB or that is not JSON', async () => {
    const { tracker, told } = made()
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
    await expect(tracker.update(room, anna, 1n)).rejects.toThrow(TypeError)
    expect(told).toHaveLength(1)
  })

  it('takes names that mean something to objects for names', async () => {
    const { tracker } = made()
    for (const userId of ['__proto__', 'constructor']) {
      await tracker.join('__proto__', { userId })
    }
    expect((await tracker.getPresent('__proto__')).map(({ id }) => id)).toEqual([
      '__proto__',
      'constructor',
    ])
  })
})
