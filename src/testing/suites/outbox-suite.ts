import type { Claim, OutboxDatabase, StoredRequest } from '../../storage/outbox-database.ts'
import { assertSame, type SuiteCase } from './suite-case.ts'

/** Creates an empty database of requests, or opens the last one again (`same`). */
export type MakeOutboxDatabase = (another?: 'same') => OutboxDatabase

const NOW = 1_700_000_000_000
/** The end of an expired lease. */
const OVER = 0

/** The contract of a database of requests, with the clients that share it. */
export const outboxDatabaseSuite: readonly SuiteCase<MakeOutboxDatabase>[] = [
  {
    name: 'keeps the first sender id it is given, and the user signed in last',
    async run(make) {
      const database = make()
      const first = await database.identify('one')
      assertSame([first.senderId, first.userId], ['one', undefined])
      await database.remember('ada')
      const again = await make('same').identify('two')
      assertSame([again.senderId, again.userId], ['one', 'ada'])
      await database.remember(undefined)
      assertSame((await database.identify('three')).userId, undefined)
    },
  },
  {
    name: 'gives back a request as it was put',
    async run(make) {
      const database = make()
      const put = request('a', { ordering: 'key', supersede: 'topic', idempotent: true })
      await database.put(put, OVER)
      const [found] = await make('same').claim(claim())
      const expected = { ...put, owner: 'me' }
      assertSame(sorted(found), sorted(expected))
    },
  },
  {
    name: 'leases unclaimed requests, the oldest first and no more than the limit',
    async run(make) {
      const database = make()
      await database.put(request('c', { createdAt: NOW, order: 2 }), OVER)
      await database.put(request('b', { createdAt: NOW, order: 1 }), OVER)
      await database.put(request('a', { createdAt: NOW - 1, order: 3 }), OVER)
      assertSame(ids(await database.claim(claim({ limit: 2 }))), ['a', 'b'])
      assertSame(ids(await database.claim(claim({ limit: 2 }))), ['c'])
    },
  },
  {
    name: 'leases a request to only one of the owners that claim it at the same time',
    async run(make) {
      const one = make()
      const other = make('same')
      for (const id of ['a', 'b', 'c']) await one.put(request(id), OVER)
      const claims = await Promise.all([
        one.claim(claim({ owner: 'one' })),
        other.claim(claim({ owner: 'other' })),
      ])
      assertSame(claims.flatMap(ids).sort(), ['a', 'b', 'c'])
    },
  },
  {
    name: 'leases the requests of another owner once its lease is over, but not to that owner',
    async run(make) {
      const database = make()
      await database.put(request('a', { owner: 'gone' }), NOW + 1)
      assertSame(ids(await database.claim(claim())), [])
      assertSame(ids(await database.claim(claim({ now: NOW + 1, owner: 'gone' }))), [])
      assertSame(ids(await database.claim(claim({ now: NOW + 1, leaseUntil: NOW + 9 }))), ['a'])
      assertSame(ids(await database.claim(claim({ now: NOW + 8, owner: 'heir' }))), [])
      assertSame(ids(await database.claim(claim({ now: NOW + 9, owner: 'heir' }))), ['a'])
    },
  },
  {
    name: 'leases expired requests like any other, so that they can be reported',
    async run(make) {
      const database = make()
      await database.put(request('a', { expiresAt: NOW - 1 }), OVER)
      assertSame(ids(await database.claim(claim())), ['a'])
    },
  },
  {
    name: 'keeps the requests of another user until they expire, and no longer',
    async run(make) {
      const database = make()
      await database.put(request('a', { userId: 'eve', expiresAt: NOW + 10 }), OVER)
      assertSame(ids(await database.claim(claim({ userId: 'ada' }))), [])
      assertSame(ids(await database.claim(claim({ userId: 'ada', now: NOW + 10 }))), [])
      assertSame(ids(await database.claim(claim({ userId: 'eve', now: NOW + 10 }))), [])
    },
  },
  {
    name: 'leases requests without a user to any user, unless they may have been sent',
    async run(make) {
      const database = make()
      await database.put(request('unsent', { userId: undefined }), OVER)
      await database.put(request('sent', { userId: undefined, sentAt: NOW - 5 }), OVER)
      assertSame(ids(await database.claim(claim({ userId: 'ada' }))), ['unsent'])
      assertSame(ids(await database.claim(claim({ userId: undefined }))), ['sent'])
    },
  },
  {
    name: 'marks the requests that their owner is about to send, in the name of their user',
    async run(make) {
      const database = make()
      await database.put(request('mine', { owner: 'me', userId: undefined }), OVER)
      await database.put(request('taken', { owner: 'other' }), OVER)
      await database.put(request('eves', { owner: 'me', userId: 'eve' }), OVER)
      const sentAt = new Map(['mine', 'taken', 'eves', 'missing'].map((id) => [id, NOW + 7]))
      const mark = { owner: 'me', userId: 'ada', leaseUntil: NOW + 9, sentAt }
      assertSame(await database.mark(mark), ['mine'])
      assertSame(await database.mark({ ...mark, userId: 'eve' }), ['eves'])
      const late = claim({ now: NOW + 9, userId: 'ada', owner: 'heir' })
      const found = await database.claim(late)
      assertSame(found.map(({ requestId, sentAt: at }) => `${requestId} ${at}`).sort(), [
        `mine ${NOW + 7}`,
        'taken undefined',
      ])
    },
  },
  {
    name: 'moves the end of an owner’s lease, and returns the ids it owns',
    async run(make) {
      const database = make()
      await database.put(request('a', { owner: 'me' }), NOW + 1)
      await database.put(request('b', { owner: 'other' }), NOW + 1)
      assertSame(await database.renew('me', NOW + 50), ['a'])
      assertSame(ids(await database.claim(claim({ now: NOW + 1, owner: 'heir' }))), ['b'])
      assertSame(await database.renew('unknown', NOW + 50), [])
    },
  },
  {
    name: 'moves the end of an owner’s lease with every mark',
    async run(make) {
      const database = make()
      await database.put(request('a', { owner: 'me' }), NOW + 1)
      const sentAt = new Map([['a', NOW]])
      await database.mark({ owner: 'me', userId: 'ada', leaseUntil: NOW + 50, sentAt })
      assertSame(ids(await database.claim(claim({ now: NOW + 1, owner: 'heir' }))), [])
    },
  },
  {
    name: 'leases requests at once when their owner has released them',
    async run(make) {
      const database = make()
      await database.put(request('a', { owner: 'me' }), NOW + 50)
      await database.release('me')
      await database.release('unknown')
      assertSame(ids(await database.claim(claim({ owner: 'heir' }))), ['a'])
    },
  },
  {
    name: 'deletes a request, and ignores one that was never there',
    async run(make) {
      const database = make()
      await database.put(request('a'), OVER)
      await database.delete('a')
      await database.delete('missing')
      assertSame(ids(await database.claim(claim())), [])
    },
  },
  {
    name: 'carries out calls in order',
    async run(make) {
      const database = make()
      const put = request('a', { owner: 'me' })
      const sentAt = new Map([['a', NOW]])
      const [, marked, owned, , left] = await Promise.all([
        database.put(put, NOW + 9),
        database.mark({ owner: 'me', userId: 'ada', leaseUntil: NOW + 9, sentAt }),
        database.renew('me', NOW + 20),
        database.delete('a'),
        database.renew('me', NOW + 30),
      ])
      assertSame([marked.length, owned.length, left.length], [1, 1, 0])
    },
  },
]

function request(requestId: string, members: Partial<StoredRequest> = {}): StoredRequest {
  return {
    requestId,
    outgoing: {
      kind: 'request',
      timestamp: NOW,
      requestId,
      type: 'task:create',
      channel: undefined,
      payload: { title: 'Write' },
    },
    userId: 'ada',
    createdAt: NOW,
    order: 0,
    expiresAt: NOW + 60_000,
    sentAt: undefined,
    idempotent: false,
    ordering: undefined,
    supersede: undefined,
    owner: 'gone',
    ...members,
  }
}

function claim(members: Partial<Claim> = {}): Claim {
  return { owner: 'me', userId: 'ada', now: NOW, leaseUntil: NOW + 30_000, limit: 100, ...members }
}

function ids(requests: readonly StoredRequest[]): string[] {
  return requests.map(({ requestId }) => requestId)
}

/** Returns the members of a request, sorted. */
function sorted(found: StoredRequest | undefined): string[] {
  return Object.entries(found ?? {})
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .sort()
}
