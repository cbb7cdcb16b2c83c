import { describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber, ContextRegistry, sync } from 'wirefold'
import type { Clarification, Post, SessionContext } from 'wirefold/dialects/socketio'
import { responder, sessionChannel, sessionContexts, sessionSink } from 'wirefold/dialects/socketio'
import { overEngineIo } from '../../support/engine-server.ts'
import { started } from '../../support/started.ts'

const at = (second: number) => ({
  sessionId: 's',
  timestamp: new Date(1_762_596_000_000 + second * 1_000).toISOString(),
})
const question: Clarification = {
  ...at(1),
  clarificationId: 'c',
  question: 'Which of them?',
  status: 'pending',
}
const clarification: SessionContext = { kind: 'session', event: 'clarification', data: question }

function keep() {
  const sessions = sessionContexts(new ContextRegistry())
  const session = () => sessions.slot('session').get('s')
  return { sessions, session }
}

describe('sessions', () => {
  it('are completed by a completed event, or by their progress', () => {
    const { sessions, session } = keep()
    const prompts = { total: 1, completed: 1, processing: 0, pending: 0, failed: 0 }
    const progress = { ...at(2), progress: 100, prompts, hasClarifications: true }
    const report = (status: string, second: number) =>
      sessions.dispatch({
        kind: 'session',
        event: 'progress',
        data: { ...progress, ...at(second), status, clarificationCount: 1 },
      })
    report('PROCESSING', 2)
    expect(session()?.isCompleted).toBe(false)
    report('COMPLETED', 3)
    expect(session()?.isCompleted).toBe(true)
    report('EXPIRED', 4)
    expect(session()?.isCompleted).toBe(false)
    sessions.dispatch({ kind: 'session', event: 'completed', data: { ...at(3), result: {} } })
    expect(session()?.isCompleted).toBe(true)
  })

  it('do not notify listeners of an outdated event', () => {
    const { sessions } = keep()
    const listener = vi.fn()
    sessions.entity('session', 's').listen(listener)
    const complete = (second: number) =>
      sessions.dispatch({
        kind: 'session',
        event: 'completed',
        data: { ...at(second), result: second },
      })
    complete(5)
    complete(4)
    complete(1)
    expect(listener).toHaveBeenCalledTimes(1)
    expect(sessions.counts()).toMatchObject({ created: 1, suppressed: 2 })
  })

  it.each(['yesterday', '', undefined])(
    'keep values with a timestamp if an event with the timestamp %j arrives',
    (unreadable) => {
      const { sessions, session } = keep()
      const models = { modelName: 'm', duration: 1, status: 'completed' } as const
      const dispatch = (timestamp: unknown, text: string) => {
        const base = { sessionId: 's', timestamp: timestamp as string }
        const kind = 'session'
        sessions.dispatch({ kind, event: 'completed', data: { ...base, result: text } })
        sessions.dispatch({ kind, event: 'error', data: { ...base, error: text } })
        sessions.dispatch({
          kind,
          event: 'model_result',
          data: { ...base, ...models, result: text },
        })
      }
      const shown = () => {
        const { completed, error, modelResults } = session() ?? {}
        return [completed?.result, error?.error, modelResults?.[0]?.result]
      }
      dispatch(unreadable, 'unstamped')
      expect(shown()).toEqual(['unstamped', 'unstamped', 'unstamped'])
      dispatch(at(1).timestamp, 'stamped')
      expect(shown()).toEqual(['stamped', 'stamped', 'stamped'])
      dispatch(unreadable, 'late')
      expect(shown()).toEqual(['stamped', 'stamped', 'stamped'])
      expect(session()?.errors.map(({ error }) => error)).toEqual(['unstamped', 'late', 'stamped'])
    },
  )

  it('keep the newest 100 errors by timestamp, each once', () => {
    const { sessions, session } = keep()
    const fail = (second: number) =>
      sessions.dispatch({
        kind: 'session',
        event: 'error',
        data: { ...at(second), error: `${second}` },
      })
    for (const second of [3, 1, 2, 3, 1]) fail(second)
    expect(session()?.errors.map(({ error }) => error)).toEqual(['1', '2', '3'])
    expect(session()?.error?.error).toBe('3')
    for (let second = 4; second <= 110; second++) fail(second)
    fail(5)
    const errors = session()?.errors ?? []
    expect(errors).toHaveLength(100)
    expect([errors[0]?.error, errors[99]?.error]).toEqual(['11', '110'])
  })

  it('are not created by unknown events, or without a session id', () => {
    const { sessions } = keep()
    const event = { channel: 'session:s', id: undefined, offset: undefined, prev: undefined }
    const fold = (type: string, payload: unknown) =>
      sessionSink(sessions).fold([
        { kind: 'event', ...event, via: undefined, timestamp: undefined, type, payload },
      ])
    fold('update', { sessionId: 's' })
    fold('constructor', { sessionId: 's' })
    for (const payload of [undefined, null, 1, [], {}, { sessionId: '' }, { sessionId: {} }]) {
      fold('progress', payload)
    }
    expect(sessions.slot('session').size).toBe(0)
    expect(sessions.counts().unknown).toBe(0)
  })

  it('are fetched at first and after every disconnect, and updated by events in between', async () => {
    const { clock, server, client } = overEngineIo({ backoff: { jitter: 'none' } })
    const { sessions, session } = keep()
    const fetched = [5, 20].map((second): readonly SessionContext[] => [
      { kind: 'session', event: 'error', data: { ...at(second), error: `fetched ${second}` } },
    ])
    const load = vi.fn(async () => ({ state: fetched.shift() ?? [] }))
    started(
      sync(new ChannelSubscriber(client), sessionChannel('s'), {
        load,
        into: sessionSink(sessions),
      }),
    )
    await clock.advance(1)
    expect(session()?.error?.error).toBe('fetched 5')
    server.emit('s', 'error', { ...at(4), error: 'older than the fetched state' })
    await clock.advance(1)
    expect(session()?.error?.error).toBe('fetched 5')
    server.emit('s', 'error', { ...at(6), error: 'newer' })
    await clock.advance(1)
    expect(session()?.error?.error).toBe('newer')
    server.pair.last.close(1006)
    await clock.advance(1_100)
    expect(load).toHaveBeenCalledTimes(2)
    expect(session()?.error?.error).toBe('fetched 20')
    server.emit('s', 'error', { ...at(7), error: 'late' })
    await clock.advance(1)
    expect(session()?.error?.error).toBe('fetched 20')
  })
})

describe('the response to a clarification', () => {
  const posting = (status: number) => vi.fn<Post>(async () => ({ ok: status < 400, status }))

  it('is posted, and the clarification stays answered even if the server sends it again', async () => {
    const { sessions, session } = keep()
    sessions.dispatch(clarification)
    const fetch = posting(200)
    const respond = responder(sessions, 's', { url: '/respond', fetch })
    await respond('c', 'The one from the table.')
    expect(fetch.mock.calls).toEqual([
      [
        '/respond',
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"sessionId":"s","clarificationId":"c","response":"The one from the table."}',
        },
      ],
    ])
    expect(session()?.clarifications).toEqual([{ ...question, status: 'answered' }])
    sessions.dispatch(clarification)
    sessions.dispatch({ ...clarification, data: { ...question, ...at(9) } })
    expect(session()?.clarifications).toEqual([{ ...question, status: 'answered' }])
  })

  it('leaves the clarification pending if the server refuses it', async () => {
    const { sessions, session } = keep()
    sessions.dispatch(clarification)
    const lost = new Error('no network')
    const cases: [Post, object][] = [
      [posting(400), { code: 'http-400', detail: { retryable: false } }],
      [posting(503), { code: 'http-503', detail: { retryable: true } }],
      [() => Promise.reject(lost), lost],
    ]
    for (const [fetch, error] of cases) {
      const respond = responder(sessions, 's', { url: '/respond', fetch })
      await expect(respond('c', 'x')).rejects.toMatchObject(error)
    }
    expect(session()?.clarifications).toEqual([question])
  })

  it('can be sent before the clarification has arrived', async () => {
    const { sessions, session } = keep()
    await responder(sessions, 's', { url: '/respond', fetch: posting(200) })('c', 'x')
    expect(session()).toBeUndefined()
  })
})
