import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { webSocketTransport } from 'wirefold'
import type { TransportFactory, TransportHandlers } from 'wirefold/dialects'
import { type ChannelAuthOptions, withChannelAuth } from 'wirefold/dialects/pusher'
import { WebSocket } from 'ws'
import { holdToTheSuite, over } from '../../transports/hold-to-the-suite.ts'
import { overLoopback } from '../../transports/real-peers.ts'

const subscribe = (channel: string) => ({ event: 'pusher:subscribe', data: { channel } })
const signed = (channel: string, auth = 'key:1') => ({
  event: 'pusher:subscribe',
  data: { channel, auth },
})
const unsubscribe = (channel: string) => ({ event: 'pusher:unsubscribe', data: { channel } })

/** One request to the endpoint, which the test answers. */
interface Asked {
  readonly url: string
  readonly channel: string | null
  readonly socketId: string | null
  readonly init: RequestInit
  answer(body: unknown, status?: number): Promise<void>
  fail(): Promise<void>
}

/** A transport that signs, over one that records; the test answers the endpoint. */
function open(options: Partial<ChannelAuthOptions> = {}, token?: string) {
  const asked: Asked[] = []
  const sent: unknown[] = []
  const received: unknown[] = []
  const signs: unknown[] = []
  let far: TransportHandlers | undefined
  const fetch: typeof globalThis.fetch = (url, init = {}) =>
    new Promise((resolve, reject) => {
      const body = new URLSearchParams(String(init.body))
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      asked.push({
        ...{ url: String(url), channel: body.get('channel_name'), socketId: body.get('socket_id') },
        init,
        answer(answer, status = 200) {
          resolve(new Response(JSON.stringify(answer), { status }))
          return pass()
        },
        fail() {
          reject(new TypeError('fetch failed'))
          return pass()
        },
      })
    })
  const inner: TransportFactory = {
    name: 'recording',
    open(_url, _protocols, handlers) {
      far = handlers
      return {
        bufferedAmount: 7,
        send: (data) => sent.push(JSON.parse(String(data))),
        close: () => sent.push('close'),
      }
    },
  }
  const transport = withChannelAuth(inner, { endpoint: '/auth', fetch, ...options }).open(
    ...(['ws://host', []] as const),
    {
      opened() {},
      message(data) {
        const message = JSON.parse(String(data))
        if (message.event === 'pusher:signed') signs.push(message.channel)
        else received.push(message)
      },
      closed: (info) => received.push(info),
    },
    { ...(token !== undefined && { token }) },
  )
  const welcome = { event: 'pusher:connection_established', data: '{"socket_id":"1.2"}' }
  far?.message(JSON.stringify(welcome))
  received.length = 0
  return {
    ...{ asked, sent, received, signs, transport },
    far: () => far,
    async say(...messages: readonly unknown[]): Promise<void> {
      for (const message of messages) transport.send(JSON.stringify(message))
      await pass()
    },
  }
}

/** Lets everything happen that waits for no timer. */
async function pass(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

const refusal = (channel: string, data: object) => ({
  event: 'pusher:subscription_error',
  channel,
  data,
})

describe('withChannelAuth', () => {
  it('sends a subscribe with the signature of the endpoint, which it asks by a form', async () => {
    const { asked, sent, say } = open()
    await say(subscribe('private-a'))
    expect(asked).toMatchObject([
      {
        ...{ url: '/auth', channel: 'private-a', socketId: '1.2' },
        init: { method: 'POST', headers: { accept: 'application/json' } },
      },
    ])
    expect(sent).toEqual([])
    const more = { shared_secret: 's', other: 1 }
    await asked[0]?.answer({ auth: 'key:1', channel_data: '{"user_id":"ana"}', ...more })
    const data = { channel: 'private-a', auth: 'key:1', channel_data: '{"user_id":"ana"}' }
    expect(sent).toEqual([{ event: 'pusher:subscribe', data }])
  })

  it('adds headers made of the credentials, at each request', async () => {
    let count = 0
    const headers = async ({ token = '' }) => ({ authorization: `${token} ${++count}` })
    const { asked, say } = open({ headers }, 'Bearer ana')
    await say(subscribe('private-a'), subscribe('private-b'))
    expect(asked.map(({ init }) => init.headers)).toMatchObject([
      { accept: 'application/json', authorization: 'Bearer ana 1' },
      { authorization: 'Bearer ana 2' },
    ])
  })

  it('passes all else on at once: public channels, pings, client events, other texts', async () => {
    const { asked, sent, say } = open()
    const event = {
      event: 'client-x',
      channel: 'private-a',
      data: { socket_id: '1', channel: 'b' },
    }
    const messages = [{ event: 'pusher:subscribe', data: { channel: 'news' } }, event, 7, null]
    await say(subscribe('private-other'), { event: 'pusher:ping', data: {} }, ...messages)
    expect(sent).toEqual([{ event: 'pusher:ping', data: {} }, ...messages])
    expect(asked).toHaveLength(1)
  })

  it('keeps the order of one channel, while other channels do not wait', async () => {
    const { asked, sent, signs, say } = open()
    const event = { event: 'client-x', channel: 'private-a', data: {} }
    await say(
      subscribe('private-a'),
      event,
      unsubscribe('private-a'),
      subscribe('private-a'),
      event,
    )
    await say(subscribe('private-b'))
    await asked[1]?.answer({ auth: 'key:2' })
    expect(sent).toEqual([signed('private-b', 'key:2')])
    sent.length = 0
    await asked[0]?.answer({ auth: 'key:1' })
    expect(sent).toEqual([signed('private-a'), event, unsubscribe('private-a')])
    expect(asked.map(({ channel }) => channel)).toEqual(['private-a', 'private-b', 'private-a'])
    // The dialect learns when a subscribe is sent.
    expect(signs).toEqual(['private-b', 'private-a'])
    await asked[2]?.answer({ auth: 'key:3' })
    expect(sent.slice(3)).toEqual([signed('private-a', 'key:3'), event])
    await say(event)
    expect(sent).toHaveLength(6)
  })

  it.each([401, 403, 404, 422])('refuses the channel for good at HTTP %i', async (status) => {
    const { asked, sent, received, say } = open()
    await say(subscribe('private-a'))
    await asked[0]?.answer({ message: 'no' }, status)
    const error = `/auth signed nothing: HTTP ${status}`
    expect(received).toEqual([refusal('private-a', { error, status })])
    expect(sent).toEqual([])
  })

  it.each([429, 500, 503])('refuses the channel for a time at HTTP %i', async (status) => {
    const { asked, received, say } = open()
    await say(subscribe('private-a'))
    await asked[0]?.answer({}, status)
    const error = `/auth signed nothing: HTTP ${status}`
    expect(received).toEqual([refusal('private-a', { error, status: 0, retryAfterMs: 5_000 })])
  })

  it('refuses the channel where an answer has no signature, or is no JSON', async () => {
    const { asked, received, say } = open()
    await say(subscribe('private-a'), subscribe('private-b'))
    await asked[0]?.answer({ auth: 7 })
    const error = '/auth signed nothing: HTTP 200'
    expect(received).toEqual([refusal('private-a', { error, status: 200 })])
    // As a page for signing in.
    await asked[1]?.answer('<html>')
    expect(received[1]).toEqual(refusal('private-b', { error, status: 200 }))
  })

  it('refuses the channel for a time without a network', async () => {
    const { asked, received, say, sent } = open()
    await say(subscribe('private-a'))
    await asked[0]?.fail()
    const data = { error: 'fetch failed', status: 0, retryAfterMs: 5_000 }
    expect(received).toEqual([refusal('private-a', data)])
    expect(sent).toEqual([])
  })

  it('refuses the channel for good where the application throws', async () => {
    const onSigned = () => {
      throw new Error('no store')
    }
    const { asked, received, say, sent } = open({ onSigned })
    await say(subscribe('private-a'))
    await asked[0]?.answer({ auth: 'key:1' })
    expect(received).toEqual([refusal('private-a', { error: 'no store' })])
    expect(sent).toEqual([])
  })

  it('refuses the channel for good where the endpoint is no address', async () => {
    const { received, say } = open({ endpoint: '/of/a/page', fetch: undefined })
    await say(subscribe('private-a'))
    await vi.waitFor(() => expect(received).toHaveLength(1))
    const error = expect.stringContaining('/of/a/page')
    expect(received).toEqual([refusal('private-a', { error })])
  })

  it('gives the application the answer, with the secret of an encrypted channel', async () => {
    const onSigned = vi.fn()
    const { asked, say } = open({ onSigned })
    await say(subscribe('private-encrypted-a'))
    const answer = { auth: 'key:1', shared_secret: 's' }
    await asked[0]?.answer(answer)
    expect(onSigned).toHaveBeenCalledExactlyOnceWith('private-encrypted-a', answer)
  })

  it('waits 8 s for an answer, and sends what has waited', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { asked, sent, received, say } = open()
    await say(subscribe('private-a'), unsubscribe('private-a'))
    await vi.advanceTimersByTimeAsync(7_999)
    expect(received).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    await pass()
    const error = '/auth did not answer'
    expect(received).toEqual([refusal('private-a', { error, status: 0, retryAfterMs: 5_000 })])
    expect(sent).toEqual([unsubscribe('private-a')])
    await asked[0]?.answer({ auth: 'key:1' })
    expect(sent).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each(['close', 'closed'] as const)('stops at the end of the connection: %s', async (how) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { asked, sent, received, say, transport, far } = open()
    await say(subscribe('private-a'), unsubscribe('private-a'))
    if (how === 'close') transport.close()
    else far()?.closed({ code: 1006, reason: '' })
    expect(asked[0]?.init.signal?.aborted).toBe(true)
    await pass()
    await asked[0]?.answer({ auth: 'key:1' })
    expect(sent).toEqual(how === 'close' ? ['close'] : [])
    expect(received).toEqual(how === 'close' ? [] : [{ code: 1006, reason: '' }])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has the buffered bytes and the name of the transport', () => {
    const { transport } = open()
    expect(transport.bufferedAmount).toBe(7)
    expect(withChannelAuth(webSocketTransport(WebSocket), { endpoint: '/' }).name).toBe('websocket')
  })
})

holdToTheSuite(
  'a WebSocket with withChannelAuth',
  over(overLoopback(withChannelAuth(webSocketTransport(WebSocket), { endpoint: '/auth' }))),
)
