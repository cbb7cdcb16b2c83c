import { describe, expect, it, vi } from 'vitest'
import { entity } from 'wirefold/dialects/entity'
import type { Fields } from '../../../src/protocol/fields.ts'
import { dialled } from '../../support/dialled.ts'
import { outcomeOf } from '../../support/scripted.ts'

const connected = { type: 'connected', payload: { connectionId: 'c1', userId: 'u-ines' } }

/** A connected client of an entity backend. */
async function open(
  play: (message: Fields, send: (message: unknown) => void) => void = () => {},
  options: Parameters<typeof dialled>[2] = {},
) {
  const rig = dialled(entity, play, options)
  rig.greetings.push(connected)
  void rig.client.connect()
  await rig.clock.advance(0)
  return rig
}

const confirms = (message: Fields, send: (message: unknown) => void) => {
  const { type, channel, requestId } = message
  if (type === 'subscribe' || type === 'unsubscribe') send({ type: `${type}d`, channel, requestId })
}

describe('the entity dialect', () => {
  it('encodes a subscribe byte for byte as documented by the backend', () => {
    const encoded = entity().encode({
      kind: 'subscribe',
      timestamp: 1_701_234_567_890,
      requestId: 'req_123',
      channels: ['entity:Task'],
      since: new Map(),
    })
    expect(encoded?.map(({ wire }) => JSON.stringify(wire))).toEqual([
      '{"type":"subscribe","channel":"entity:Task","requestId":"req_123","timestamp":1701234567890}',
    ])
  })

  it('opens with the server’s first message, and retries without it', async () => {
    const { client } = await open()
    expect(client.state.get().name).toBe('open')
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const silent = dialled(entity)
    void silent.client.connect()
    await silent.clock.advance(9_999)
    expect(silent.client.state.get().name).toBe('connecting')
    await silent.clock.advance(1)
    expect(silent.client.state.get().name).toBe('waiting')
    expect(warned).toHaveBeenCalledOnce()
  })

  it('puts the credentials of each attempt into the address', async () => {
    let count = 0
    const { pair, clock } = await open(undefined, { auth: () => `token ${++count}` })
    pair.last.close(1006)
    await clock.advance(2_000)
    expect(pair.ends.map(({ url }) => url)).toEqual([
      'ws://test/ws?token=token+1',
      'ws://test/ws?token=token+2',
    ])
  })

  it('retries ten times with delays from 1 to 30 s, then fails', async () => {
    const { client, pair, clock } = dialled(entity)
    pair.refusing = true
    const waits: number[] = []
    let last = clock.now()
    client.state.listen(({ name }) => {
      if (name !== 'connecting') return
      waits.push(clock.now() - last)
      last = clock.now()
    })
    void client.connect()
    await clock.advance(600_000)
    expect(waits).toEqual([
      0,
      ...[1, 2, 4, 8, 16, 30, 30, 30, 30, 30].map((seconds) => seconds * 1000),
    ])
    expect(client.state.get().name).toBe('failed')
  })

  it('pings every 25 s, and accepts a pong with the server’s time', async () => {
    const { sent, clock, client } = await open(({ type }, send) => {
      if (type === 'ping') send({ type: 'pong', timestamp: 1_701_234_577_165.25 })
    })
    await clock.advance(24_999)
    expect(sent).toEqual([])
    await clock.advance(100_002)
    expect(sent).toHaveLength(5)
    expect(sent[0]).toEqual({ type: 'ping', timestamp: expect.any(Number) })
    expect(client.stats().opens).toBe(1)
  })

  it('subscribes again to every channel, one message each, on each connection', async () => {
    const { channels, sent, clock, pair } = await open(confirms)
    const first = channels.subscribe('entity:Task', () => {})
    channels.subscribe('entity:Task:7', () => {})
    await clock.advance(0)
    expect(sent.map(({ type, channel }) => [type, channel])).toEqual([
      ['subscribe', 'entity:Task'],
      ['subscribe', 'entity:Task:7'],
    ])
    expect(new Set(sent.map(({ requestId }) => requestId)).size).toBe(2)
    await expect(first.ready).resolves.toBeUndefined()
    sent.length = 0
    pair.last.close(1006)
    await clock.advance(1_500)
    expect(sent.map(({ channel }) => channel)).toEqual(['entity:Task', 'entity:Task:7'])
    expect(first.status.get().name).toBe('gap')
  })

  it('refuses only the refused channel, with our code and the original one', async () => {
    const { channels, clock, errors } = await open(({ type, channel, requestId }, send) => {
      if (type !== 'subscribe') return
      if (channel !== 'entity:Task:51') send({ type: 'subscribed', channel, requestId })
      else {
        const payload = { code: 'SUBSCRIPTION_LIMIT', message: 'Maximum 50 subscriptions allowed' }
        send({ type: 'error', requestId, payload })
      }
    })
    const refused: unknown[] = []
    const good = channels.subscribe('entity:Task', () => {})
    const bad = channels.subscribe('entity:Task:51', () => {}, { onError: (e) => refused.push(e) })
    await clock.advance(0)
    expect(good.status.get().name).toBe('live')
    expect(bad.status.get().name).toBe('refused')
    expect(refused).toMatchObject([
      {
        code: 'subscription-limit',
        message: expect.stringContaining('Maximum 50 subscriptions allowed'),
        detail: { details: { code: 'SUBSCRIPTION_LIMIT' } },
      },
    ])
    expect(errors).toEqual([])
  })

  it('settles the oldest pending subscribe if a reply has no request id', async () => {
    const { client, channels, clock, deliver } = await open()
    const answered: string[] = []
    const watching = channels.subscribe('presence:workspace/tasks', () => {})
    await clock.advance(0)
    for (const action of ['join', 'update'] as const) {
      client.port.say(
        {
          ...{ kind: 'presence', timestamp: 1, requestId: action, action },
          ...{ resource: 'workspace/tasks', meta: { at: action } },
        },
        (answer) => answered.push(`${action} ${answer?.kind}`),
      )
    }
    const ack = { type: 'subscribed', channel: 'presence:workspace/tasks' }
    await deliver(ack)
    expect(watching.status.get().name).toBe('live')
    expect(answered).toEqual([])
    await deliver(ack)
    expect(answered).toEqual(['join reply'])
    await deliver(ack, ack, ack)
    expect(answered).toEqual(['join reply', 'update reply'])
  })

  it('encodes presence: an update joins again, one heartbeat covers all resources', () => {
    const encode = (action: 'join' | 'update' | 'leave' | 'heartbeat') =>
      entity().encode({
        ...{ kind: 'presence', timestamp: 5, requestId: 'r', action },
        ...{ resource: 'a/b', meta: { color: 'blue' } },
      })?.[0]
    const joined = {
      type: 'presence:join',
      requestId: 'r',
      payload: { resource: 'a/b', metadata: { color: 'blue' } },
      timestamp: 5,
    }
    expect(encode('join')?.wire).toEqual(joined)
    expect(encode('update')?.wire).toEqual(joined)
    expect(encode('leave')).toEqual({
      wire: { type: 'presence:leave', requestId: 'r', payload: { resource: 'a/b' }, timestamp: 5 },
      keys: [],
    })
    expect(encode('heartbeat')).toEqual({
      wire: { type: 'presence:heartbeat', timestamp: 5 },
      keys: [],
    })
  })

  it('does not support publish', async () => {
    const { client } = await open()
    await expect(client.publish('entity:Task', 'note')).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  it('is live again when a presence list arrives after a reconnect', async () => {
    const { channels, pair, clock, deliver } = await open(confirms)
    const watching = channels.subscribe('presence:a', () => {})
    await clock.advance(0)
    pair.last.close(1006)
    await clock.advance(1_500)
    expect(watching.status.get().name).toBe('gap')
    await deliver({ type: 'presence:join', channel: 'presence:a', payload: { userId: 'u' } })
    expect(watching.status.get().name).toBe('gap')
    await deliver({ type: 'presence:sync', channel: 'presence:a', payload: { users: [] } })
    expect(watching.status.get().name).toBe('live')
  })

  it('ignores messages without a channel while no user is signed in', async () => {
    const rig = dialled(entity)
    rig.greetings.push({ type: 'connected', payload: { connectionId: 'c', userId: null } })
    void rig.client.connect()
    await rig.clock.advance(0)
    await rig.deliver({ type: 'report:ready', payload: {} })
    expect(rig.notices).toMatchObject([
      { level: 'ignored', reason: 'it has no channel, and no user is signed in' },
    ])
    expect(rig.errors).toEqual([])
  })
})

describe('requests to an entity backend', () => {
  it('settle each with its own reply, a thousand at once and in any order', async () => {
    const waiting: Fields[] = []
    const { client, clock, deliver } = await open((message) => waiting.push(message))
    const outcomes = Array.from({ length: 1_000 }, (_, n) =>
      outcomeOf(client.request('task:get', { n })),
    )
    await clock.advance(0)
    expect(new Set(waiting.map(({ requestId }) => requestId)).size).toBe(1_000)
    waiting.sort((a, b) => (String(a.requestId) < String(b.requestId) ? -1 : 1))
    await deliver(
      ...waiting.map(({ type, requestId, payload }) => ({
        type,
        requestId,
        payload: { got: payload },
      })),
    )
    expect(outcomes.map(({ value }) => value)).toEqual(outcomes.map((_, n) => ({ got: { n } })))
    expect(client.pending.get()).toEqual({ queued: 0, sent: 0 })
  })

  it('reject with our error codes', async () => {
    const codes: Record<string, string> = {
      UNKNOWN_MESSAGE_TYPE: 'unknown-type',
      UNAUTHENTICATED: 'not-authenticated',
      FORBIDDEN: 'forbidden',
      RATE_LIMITED: 'rate-limited',
      constructor: 'constructor',
    }
    const { client, clock } = await open(({ type: code, requestId }, send) =>
      send({ type: 'error', requestId, payload: { code, message: `no: ${code}` } }),
    )
    for (const [theirs, ours] of Object.entries(codes)) {
      const outcome = outcomeOf(client.request(theirs))
      await clock.advance(0)
      expect(outcome.error).toMatchObject({
        code: ours,
        detail: { details: { code: theirs }, retryable: ours === 'rate-limited' },
      })
    }
  })

  it('reject with the backend’s retry delay', async () => {
    const { client, clock } = await open(({ requestId }, send) =>
      send({ type: 'error', requestId, payload: { code: 'RATE_LIMITED', retryAfterMs: 500 } }),
    )
    const outcome = outcomeOf(client.request('task:get'))
    await clock.advance(0)
    expect(outcome.error).toMatchObject({ detail: { retryable: true, retryAfterMs: 500 } })
  })

  it('time out, and ignore a late reply', async () => {
    const waiting: Fields[] = []
    const { client, clock, deliver, errors } = await open((message) => waiting.push(message))
    const outcome = outcomeOf(client.request('slow', {}, { timeoutMs: 2_000 }))
    await clock.advance(2_000)
    expect(outcome.error).toMatchObject({ code: 'request-timeout' })
    await deliver({ type: 'slow', requestId: waiting[0]?.requestId, payload: 'late' })
    await deliver({ type: 'error', requestId: waiting[0]?.requestId, payload: { code: 'X' } })
    expect(outcome).toEqual({ error: expect.anything() })
    expect(errors).toEqual([])
  })
})
