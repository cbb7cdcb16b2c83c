import { describe, expect, it } from 'vitest'
import type { RealtimeServerOptions, TopicsMountOptions } from 'wirefold/server'
import { refuse, topicsMount } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { asFields, asString, type Fields } from '../../../src/protocol/fields.ts'
import { Placeholders, recordedSession } from '../../replay/session.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

/** A server with a topics mount, where topics of agents and threads exist, and their families. */
async function backend(mount: TopicsMountOptions = {}, options: RealtimeServerOptions = {}) {
  const served = await serve({
    families: ['agent', 'thread'],
    validateChannel: (name) => /^(agent|thread|user):(\d+|\*)$|^system$/.test(name),
    ...options,
  })
  served.server.mount('/api/ws/v2', topicsMount(mount))
  const address = `ws://127.0.0.1:${served.port}/api/ws/v2`
  const open = async (query = '') => {
    const client = await RawClient.open(address + query)
    // Subscribed to `system`, the client has received all that the address stands for.
    await expect.poll(() => served.server.channels.members('system').length).toBeGreaterThan(0)
    return client
  }
  return { ...served, address, open }
}

/** Sends a message, and returns the next one. */
async function ask(client: RawClient, message: object) {
  client.send(message)
  return client.next()
}

const subscribe = (...topics: readonly string[]) => ({
  type: 'subscribe',
  topics,
  message_id: topics.join(),
})

describe('a client of the topics mount', () => {
  it('plays the recorded session of its backend, in both envelopes', async () => {
    const clock = new ManualClock(1_744_187_402_000)
    const lines = recordedSession('agent-topics')
    /** The recorded states of topics, taken from the lines that carry an id of a subscribe. */
    const states = new Map<string, Fields>()
    for (const { frame } of lines) {
      if (frame.type === 'thread_history') states.set(`thread:${frame.thread_id}`, frame)
      if (frame.type === 'agent_state') states.set(`agent:${asFields(frame.data).id}`, frame)
    }
    const { server, open } = await backend(
      {
        snapshot(topic) {
          const { type = '', v, message_id, ...frame } = states.get(topic) ?? {}
          if (topic === 'thread:99999') throw refuse('not-found', 'There is none.')
          if (!type) return undefined
          return { type: String(type), payload: 'data' in frame ? frame.data : frame }
        },
      },
      { clock },
    )
    const client = await open('?initial_topics=thread:88, agent:12,thread:46')
    const placeholders = new Placeholders()
    const auto = expect.stringMatching(/^auto-subscribe-./)
    /** Publishes what the recorded line reports. */
    const publish = ({ type, data, v, topic, ts, ...frame }: Fields) => {
      const { id, agent_id, thread_id } = { ...frame, ...asFields(data) }
      const kind = /^(agent|thread|stream)_/.exec(String(type))?.[1]
      const channel =
        asString(topic) ??
        (kind === undefined
          ? 'system'
          : kind === 'agent'
            ? `agent:${id ?? agent_id}`
            : `thread:${thread_id}`)
      return server.publish(channel, String(type), data ?? frame)
    }
    for (const { dir, frame } of lines) {
      if (dir === 'c2s') {
        placeholders.matches('$now', clock.wall())
        client.send(JSON.parse(JSON.stringify(frame).replaceAll('"$now"', String(clock.wall()))))
        if (frame.type === 'dance') {
          expect(await client.next()).toEqual({
            ...{ type: 'error', message_id: 'x9', error: 'Unknown message type: dance' },
            details: null,
          })
        }
        continue
      }
      // One line of the recording is broken on purpose.
      if (frame.type === undefined) continue
      const isState = 'req_id' in frame || 'message_id' in frame
      if (frame.type === 'PING') await clock.advance(30_000)
      else if (frame.type === 'error') client.send(subscribe('thread:99999'))
      else if (!isState || frame.type === 'stream_start') await publish(frame)
      const due: Fields = JSON.parse(JSON.stringify(frame).replaceAll('"$echo"', `${clock.wall()}`))
      const message_id = String(frame.message_id).startsWith('auto') ? auto : due.message_id
      const expected = { ...due, ...('message_id' in due && { message_id }) }
      if (frame.type === 'error') Object.assign(expected, { message_id: 'thread:99999' })
      if (typeof frame.ts === 'number') Object.assign(expected, { ts: expect.any(Number) })
      expect(await client.next()).toEqual(expected)
      if (frame.type === 'error') {
        expect(await client.next()).toMatchObject({ type: 'subscribe_ack', topics: [] })
      }
    }
    expect(client.texts).toEqual([])
  })

  it('is refused the bad topics of a list, each by an error of its own, and gets the others', async () => {
    const { open } = await backend(
      {
        snapshot(topic) {
          if (topic === 'agent:99999') throw refuse('not-found', 'There is none.')
          if (topic === 'agent:500') throw new Error('database')
          return undefined
        },
      },
      { authorize: (_user, channel) => channel !== 'user:7' },
    )
    const client = await open()
    client.send({
      ...{ type: 'subscribe', message_id: 'm' },
      topics: ['invalid:123', 'agent:99999', 'agent:1', 'user:7', 'agent:500'],
    })
    const error = (text: string) => {
      return { type: 'error', error: text, details: null, message_id: 'm' }
    }
    const listed = (topic: string, error_code: string, text: unknown) => {
      return { type: 'subscribe_error', topics: [topic], error: text, error_code, message_id: 'm' }
    }
    expect(await client.take(5)).toEqual([
      error('Invalid topic format: invalid:123'),
      error('Agent 99999 not found'),
      listed('user:7', 'FORBIDDEN', expect.any(String)),
      listed('agent:500', 'UNKNOWN', 'Failed to process subscription'),
      { type: 'subscribe_ack', topics: ['agent:1'], message_id: 'm' },
    ])
  })

  it('receives the state of a topic between the confirmation and the live events', async () => {
    const asked = deferred<undefined>()
    const { server, open } = await backend({
      async snapshot(topic) {
        if (topic !== 'agent:1') return undefined
        await asked.promise
        return { type: 'agent_state', payload: { id: 1, status: 'idle' } }
      },
    })
    const client = await open()
    client.send(subscribe('agent:1'))
    await expect.poll(() => server.channels.members('agent:1')).toHaveLength(1)
    await server.publish('agent:1', 'agent_updated', { id: 1, status: 'late' })
    asked.resolve(undefined)
    expect(await client.take(3)).toMatchObject([
      { type: 'subscribe_ack' },
      { type: 'agent_state', data: { status: 'idle' }, message_id: 'agent:1' },
      { type: 'agent_updated', data: { status: 'late' } },
    ])
    // Every subscribe asks for the state, also one to a topic that is subscribed to.
    client.send({ ...subscribe('agent:1'), message_id: 'again' })
    expect(await client.take(2)).toMatchObject([
      { type: 'subscribe_ack', message_id: 'again' },
      { type: 'agent_state', message_id: 'again' },
    ])
  })

  it('is refused a topic whose state has no type, which is reported', async () => {
    const states: Record<string, object> = { 'agent:1': { payload: {} }, 'agent:2': { type: '' } }
    const { open, errors } = await backend({
      snapshot: (topic) => states[topic] as { readonly type: string; readonly payload: unknown },
    })
    const client = await open()
    client.send({ type: 'subscribe', topics: ['agent:1', 'agent:2', 'agent:3'], message_id: 'm' })
    expect(await client.take(3)).toMatchObject([
      { type: 'subscribe_error', topics: ['agent:1'], error_code: 'UNKNOWN' },
      { type: 'subscribe_error', topics: ['agent:2'], error_code: 'UNKNOWN' },
      { type: 'subscribe_ack', topics: ['agent:3'] },
    ])
    const failed = { code: 'handler-failed', detail: { where: 'snapshot' } }
    expect(errors).toMatchObject([failed, failed])
  })

  it('is subscribed to the initial topics of all parameters of its address', async () => {
    const { server, open } = await backend()
    await open('?initial_topics=agent:1&initial_topics=thread:2,agent:1')
    expect(server.connections()[0]?.channels).toEqual(['system', 'agent:1', 'thread:2'])
  })

  it('gets `system` and families although `snapshot` refuses the topics that it does not know', async () => {
    const asked: string[] = []
    const { server, open } = await backend({
      snapshot(topic) {
        asked.push(topic)
        throw refuse('not-found', 'There is no such agent.')
      },
    })
    const client = await open()
    expect(await ask(client, subscribe('agent:*'))).toMatchObject({ type: 'subscribe_ack' })
    await server.publish('system', 'system_status', { status: 'up' })
    await server.publish('agent:2', 'agent_created', { id: 2, name: 'Two' })
    expect(await client.take(2)).toMatchObject([
      { type: 'system_status' },
      { type: 'agent_created' },
    ])
    expect(asked).toEqual([])
  })

  it('receives no state that `canReceive` denies', async () => {
    const { open } = await backend(
      { snapshot: () => ({ type: 'agent_state', payload: {} }) },
      { canReceive: () => false },
    )
    const client = await open('?initial_topics=agent:1')
    expect(await ask(client, { type: 'ping', timestamp: 7 })).toEqual({
      ...{ type: 'pong', message_id: null, timestamp: 7 },
    })
  })

  it('receives an event once, of a topic and its family, until it leaves the topic', async () => {
    const { server, open } = await backend()
    const client = await open()
    for (const topic of ['agent:*', 'agent:1']) await ask(client, subscribe(topic))
    await server.publish('agent:1', 'agent_updated', { id: 1, n: 1 })
    await server.publish('agent:2', 'agent_updated', { id: 2, n: 2 })
    client.send({ type: 'unsubscribe', topics: ['agent:1'], message_id: 'u' })
    expect(await client.take(3)).toMatchObject([
      { data: { n: 1 } },
      { data: { n: 2 } },
      { type: 'unsubscribe_success', message_id: 'u' },
    ])
    await server.publish('agent:1', 'agent_updated', { id: 1, n: 3 })
    expect(await client.next()).toMatchObject({ data: { n: 3 } })
  })

  it('is named the topic of an event whose ids do not give it', async () => {
    const { server, open } = await backend()
    const client = await open()
    await ask(client, subscribe('agent:1'))
    await server.publish('agent:1', 'run_update', { id: 501, agent_id: 1 })
    expect(await client.next()).toEqual({
      ...{ type: 'run_update', topic: 'agent:1', data: { id: 501, agent_id: 1 } },
    })
  })

  it('has the user of the token in the query; a bad one is closed with 4401', async () => {
    const { server, open, address } = await backend(
      {},
      { authenticate: ({ token }) => (token === 'bad' ? undefined : token ? { id: token } : null) },
    )
    await open('?token=ada')
    expect(server.connections()).toMatchObject([{ dialect: 'topics', user: { id: 'ada' } }])
    const refused = await RawClient.open(`${address}?token=bad`)
    expect(await refused.next()).toMatchObject({ type: 'error', error_code: 'UNAUTHORIZED' })
    expect((await refused.closed).code).toBe(4401)
  })

  it('survives messages that cannot be read, and answers each with an error', async () => {
    const { open } = await backend({}, { limits: { malformedPerMinute: 9 } })
    const client = await open()
    const bad = (reason: string) => {
      const error = `The message could not be read: ${reason}.`
      return { type: 'error', error, error_code: 'BAD_FRAME', details: null }
    }
    const unread = { type: 'error', error: 'Invalid JSON payload', details: null }
    for (const [text, answer] of [
      ['{', unread],
      ['[]', bad('not an object')],
      ['{"type":"subscribe"}', bad('a subscribe has topics')],
      ['{"type":"subscribe","topics":"agent:1"}', bad('a subscribe has topics')],
    ] as const) {
      client.send(text)
      expect(await client.next()).toEqual({ ...answer, message_id: null })
    }
    client.send('{"type":"x","v":1,"data":1}')
    const { data } = await client.next()
    expect(data).toMatchObject({ error: 'Unknown message type: x' })
  })

  it('is answered under the req_id of a versioned message, also where its data has another id', async () => {
    const { open } = await backend()
    const client = await open()
    const data = { topics: ['agent:1'], message_id: 'other' }
    const message = { v: 1, type: 'subscribe', topic: 'system', ts: 1, data }
    client.send({ ...message, req_id: 'own' })
    client.send(message)
    expect(await client.take(2)).toMatchObject([
      { type: 'subscribe_ack', req_id: 'own', data: { message_id: 'own' } },
      { type: 'subscribe_ack', req_id: 'other', data: { message_id: 'other' } },
    ])
  })

  it('has a revoked topic ended by a subscribe_error', async () => {
    const { server, open } = await backend()
    const client = await open()
    await ask(client, subscribe('agent:1'))
    const [{ id } = { id: '' }] = server.connections()
    server.revoke(id, 'agent:1')
    expect(await client.next()).toMatchObject({
      ...{ type: 'subscribe_error', topics: ['agent:1'], error_code: 'FORBIDDEN' },
    })
  })
})
