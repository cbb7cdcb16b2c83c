import { describe, expect, it } from 'vitest'
import type { PresenceUser } from 'wirefold/server'
import { ChannelEvent } from 'wirefold/server'
import { WholeUsers } from '../../../src/server/channels/whole-users.ts'
import { deferred } from '../raw-client.ts'

const source = 'presence:room'

function event(offset: number, type: string, id: string): ChannelEvent {
  const json = JSON.stringify({ user: { id }, gone: 'd' })
  return new ChannelEvent(
    source,
    { epoch: 'e', offset },
    { source, type, json, id: undefined, timestamp: 1 },
  )
}

const user = (id: string): PresenceUser => ({ id, lastSeen: 1, devices: [] })

/** Events with whole users; each read of the store waits for its answer. */
function rig() {
  const reads: ReturnType<typeof deferred<readonly PresenceUser[] | Error>>[] = []
  const delivered: unknown[] = []
  const errors: unknown[] = []
  const whole = new WholeUsers({
    present: async () => {
      const read = deferred<readonly PresenceUser[] | Error>()
      reads.push(read)
      const answer = await read.promise
      if (answer instanceof Error) throw answer
      return answer
    },
    deliver: ({ offset, type, payload }) => delivered.push([offset, type, payload]),
    report: (error) => errors.push(error),
  })
  return { whole, reads, delivered, errors }
}

describe('events with whole users', () => {
  it('are delivered at once, except an update, which waits for its user', async () => {
    const { whole, reads, delivered } = rig()
    whole.take(event(1, 'presence:join', 'a'))
    expect(delivered).toHaveLength(1)
    whole.take(event(2, 'presence:update', 'a'))
    whole.take(event(3, 'presence:leave', 'b'))
    expect(delivered).toHaveLength(1)
    reads[0]?.resolve([user('a')])
    await expect.poll(() => delivered.length).toBe(3)
    expect(delivered.slice(1)).toEqual([
      [2, 'presence:update', { user: user('a'), gone: 'd' }],
      [3, 'presence:leave', { user: { id: 'b' }, gone: 'd' }],
    ])
  })

  it('share a read that starts after the last of them', async () => {
    const { whole, reads, delivered } = rig()
    for (const offset of [1, 2, 3]) whole.take(event(offset, 'presence:update', 'a'))
    expect(reads).toHaveLength(1)
    reads[0]?.resolve([user('a')])
    await expect.poll(() => reads.length).toBe(2)
    expect(delivered.map((one) => (one as unknown[])[0])).toEqual([1])
    reads[1]?.resolve([user('a')])
    await expect.poll(() => delivered.length).toBe(3)
    expect(reads).toHaveLength(2)
  })

  it('omit a user who has left since, or cannot be read, and report the error', async () => {
    const { whole, reads, delivered, errors } = rig()
    whole.take(event(1, 'presence:update', 'a'))
    whole.take(event(2, 'presence:update', 'a'))
    reads[0]?.resolve([])
    await expect.poll(() => reads.length).toBe(2)
    const error = new Error('away')
    reads[1]?.resolve(error)
    await expect.poll(() => errors).toEqual([error])
    whole.take(event(3, 'presence:leave', 'a'))
    const leave = [3, 'presence:leave', { user: { id: 'a' }, gone: 'd' }]
    await expect.poll(() => delivered).toEqual([leave])
  })
})
