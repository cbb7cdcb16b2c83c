import { describe, expect, it } from 'vitest'
import { ask, at, backend, connect, error, PLACE } from './entity-clients.ts'

describe('presence at the entity mount', () => {
  const join = (metadata?: object) => ({
    type: 'presence:join',
    requestId: 'j',
    payload: { resource: 'workspace/tasks', ...(metadata && { metadata }) },
  })
  const entry = (name: string, metadata: object = {}) => ({
    userId: `u-${name.toLowerCase()}`,
    userName: name,
    resource: 'workspace/tasks',
    lastSeen: expect.stringMatching(/^\d{4}-.*Z$/),
    metadata,
  })
  const joined = (name: string, metadata?: object) => ({
    type: 'presence:join',
    channel: PLACE,
    payload: entry(name, metadata),
    timestamp: at,
  })

  it('answers a join with `subscribed` without its id, then the list', async () => {
    const client = await connect(await backend(), 'ines')
    client.send(join({ color: 'blue' }))
    expect(await client.take(2)).toEqual([
      { type: 'subscribed', channel: PLACE, timestamp: at },
      {
        type: 'presence:sync',
        channel: PLACE,
        payload: { users: [entry('Ines', { color: 'blue' })] },
        timestamp: at,
      },
    ])
  })

  it('shows others a join with the whole entry, and a leave with the names', async () => {
    const served = await backend()
    const ines = await connect(served, 'ines')
    ines.send(join())
    await ines.take(2)
    const jon = await connect(served, 'jon')
    jon.send(join({ color: 'red' }))
    const entered = await ines.next()
    const joinedAt = expect.stringMatching(/^\d{4}-.*Z$/)
    const payload = { ...entry('Jon', { color: 'red' }), joinedAt }
    expect(entered).toEqual({ ...joined('Jon'), payload })
    await jon.take(2)
    jon.send({ type: 'presence:leave', requestId: 'x', payload: { resource: 'workspace/tasks' } })
    const left = {
      type: 'presence:leave',
      channel: PLACE,
      payload: { userId: 'u-jon', userName: 'Jon' },
      timestamp: at,
    }
    const unsubscribed = { type: 'unsubscribed', channel: PLACE, timestamp: at }
    expect(await jon.take(2)).toEqual([left, unsubscribed])
    expect(await ines.next()).toEqual(left)
  })

  it('shows a user whose metadata or tabs change as one entry, that of the newest tab', async () => {
    const served = await backend({ presence: { graceMs: 0 } })
    const ines = await connect(served, 'ines')
    ines.send(join())
    await ines.take(2)
    const [first, second] = [await connect(served, 'jon'), await connect(served, 'jon')]
    first.send(join({ tab: 1 }))
    expect(await ines.next()).toMatchObject(joined('Jon', { tab: 1 }))
    second.send(join({ tab: 2 }))
    expect(await ines.next()).toEqual(joined('Jon', { tab: 2 }))
    first.send(join({ tab: 3 }))
    // The change of the older tab is announced with the metadata of the newest one.
    expect(await ines.next()).toEqual(joined('Jon', { tab: 2 }))
    second.ws.close()
    expect(await ines.next()).toEqual(joined('Jon', { tab: 3 }))
    first.ws.close()
    expect(await ines.next()).toMatchObject({ type: 'presence:leave' })
  })

  it('is refused without a user', async () => {
    const client = await connect(await backend())
    const message = 'Must be authenticated for presence'
    expect(await ask(client, join())).toEqual(error('UNAUTHENTICATED', message, { requestId: 'j' }))
    expect(await ask(client, { type: 'ping' })).toMatchObject({ type: 'pong' })
  })

  it('does not register a member that may not subscribe', async () => {
    const { server, ...served } = await backend({
      limits: { subscriptions: 1 },
      authorize: (user, _channel, action) => action !== 'subscribe' || user?.id === 'u-ines',
    })
    const ines = await connect(served, 'ines')
    await ask(ines, { type: 'subscribe', channel: 'a' })
    expect(await ask(ines, join())).toEqual(
      error('SUBSCRIPTION_LIMIT', 'Maximum 1 subscriptions allowed', { requestId: 'j' }),
    )
    const jon = await connect(served, 'jon')
    expect(await ask(jon, join())).toMatchObject({ payload: { code: 'FORBIDDEN' } })
    expect(await server.presence.getPresent('workspace/tasks')).toEqual([])
  })

  it.each([
    ['of an anonymous client', undefined, {}, undefined, 'UNAUTHENTICATED'],
    ['with metadata over 4 KiB', 'ines', {}, 'x'.repeat(5_000), 'TOO_LARGE'],
    [
      'that is not allowed',
      'ines',
      { authorize: (_: unknown, __: string, action: string) => action !== 'presence' },
      undefined,
      'FORBIDDEN',
    ],
  ])(
    'refuses a join %s in its order, also without an id',
    async (_, token, options, metadata, code) => {
      const client = await connect(await backend(options), token)
      client.send({ type: 'presence:join', payload: { resource: 'workspace/tasks', metadata } })
      client.send({ type: 'subscribe', channel: 'entity:Task' })
      const [refused, subscribed] = await client.take(2)
      expect(refused).toMatchObject({ type: 'error', channel: PLACE, payload: { code } })
      expect(subscribed).toMatchObject({ type: 'subscribed', channel: 'entity:Task' })
    },
  )

  it('does not confirm a refused join of a user who is present', async () => {
    const client = await connect(await backend(), 'ines')
    client.send(join({ color: 'blue' }))
    await client.take(2)
    const large = { resource: 'workspace/tasks', metadata: 'x'.repeat(5_000) }
    client.send({ type: 'presence:join', payload: large })
    client.send({ type: 'presence:join', payload: large, requestId: 'k' })
    client.send({ type: 'ping' })
    const payload = { code: 'TOO_LARGE' }
    const answers = await client.take(3)
    expect(answers.filter(({ type }) => type !== 'pong')).toMatchObject([
      { type: 'error', channel: PLACE, payload },
      { type: 'error', requestId: 'k', payload },
    ])
    client.send(join({ color: 'red' }))
    const types = (await client.take(3)).map(({ type }) => type)
    expect(types.sort()).toEqual(['presence:join', 'presence:sync', 'subscribed'])
  })
})
