import { expect, it } from 'vitest'
import { httpBackend } from '../../support/http-backend.ts'
import { until } from '../../support/live.ts'
import { following } from './following.ts'
import type { Exchange } from './recorded.ts'
import { exchanges } from './recorded.ts'

/**
 * Plays the responses of the recorded session: each request has to be the next recorded one of its method
 * and address, with the same token, id and body.
 */
async function replay() {
  const rest = [...exchanges]
  const wrong: unknown[] = []
  const http = await httpBackend(async (request, response) => {
    const { method, url, headers } = request
    const at = rest.findIndex((one) => one.method === method && one.url === url)
    const [exchange] = at < 0 ? [] : rest.splice(at, 1)
    if (!exchange) {
      response.writeHead(500).end()
      return
    }
    const [sent, recorded] = [headers, exchange.headers].map((all) => ({
      authorization: all.authorization,
      'last-event-id': all['last-event-id'],
    }))
    if (JSON.stringify(sent) !== JSON.stringify(recorded)) wrong.push([sent, recorded])
    if (request.body !== (exchange.body ?? '')) wrong.push([request.body, exchange.body])
    response.writeHead(exchange.status, { 'content-type': exchange.type })
    await played(exchange, (chunk) => response.write(chunk))
    if (exchange.end === 'ended') response.end()
    else if (exchange.end === 'cut') response.socket?.resetAndDestroy()
  })
  return { origin: new URL(http.url).origin, wrong, rest }
}

async function played({ chunks }: Exchange, write: (chunk: string) => void): Promise<void> {
  for (const chunk of chunks) {
    write(chunk)
    // Each chunk arrives by itself, and before the end.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it('the recorded stream of better-sse is followed as by its official client', async () => {
  const { origin, wrong, rest } = await replay()
  const { client, follow, errors } = following(
    `${origin}/events?channel=news&channel=room%3A1`,
    {
      // Its events name no channel: those without a name are news.
      read: ({ type }) => ({ channel: type === 'message' ? 'news' : 'room:1' }),
      publish: ({ channel, type, payload }) => ({
        url: '/publish',
        body: { channel, event: type, data: payload },
      }),
      replays: true,
    },
    // The client posts once, after the last stream, to an address of its own.
    {},
  )
  const [news, room] = [follow('news'), follow('room:1')]
  await until(() => expect(room.received.at(-1)).toBe('said last'))
  expect(room.received).toEqual([...['said hello\nworld', 'said hi', 'said missed 1', 'said last']])
  expect(news.received).toEqual([
    ...[
      'message {"title":"one"}',
      'message {"title":"missed 2"}',
      'message {"title":"live again"}',
    ],
  ])
  await until(() => expect(news.statuses.at(-1)).toBe('live'))
  expect([...news.statuses, ...room.statuses]).not.toContain('gap')
  await client.publish('room:1', 'said', { text: 'hi' })
  expect(wrong).toEqual([])
  expect(errors).toEqual([])
  const left = rest.filter(
    ({ url }) => url.startsWith('/events?channel=news&') || url === '/publish',
  )
  expect(left).toEqual([])
})

it('the recorded refusals are those of a channel and of the credentials', async () => {
  const { origin } = await replay()
  const options = {
    stream: (channel: string) => ({ url: `/events?channel=${encodeURIComponent(channel)}` }),
  }
  const one = following(origin, options)
  await expect(one.follow('secret').handle.ready).rejects.toMatchObject({
    ...{ code: 'forbidden', message: 'The server refused secret: forbidden' },
  })
  const two = following(origin, options, {}, { auth: () => 'bad' })
  void two.client.connect()
  two.follow('news')
  await until(() => expect(two.client.state.get()).toMatchObject({ attempt: 1, denied: true }))
})

it('the recorded answers of a language model end, or fail with their error', async () => {
  const { origin, wrong } = await replay()
  const { follow, errors } = following(origin, {
    stream: (_, body) => ({ url: '/v1/complete', body }),
    read: ({ type, data }) =>
      type === 'error' ? {} : { type: 'token', payload: { text: Object(data).delta } },
  })
  const one = follow('answer', { prompt: 'tokens come one by one' })
  await until(() => expect(one.statuses.at(-1)).toBe('ended'))
  expect(one.received.join()).toBe('token tokens ,token come ,token one ,token by ,token one')
  const two = follow('answer', { prompt: 'half an', fail: true })
  await until(() => expect(two.statuses.at(-1)).toBe('refused'))
  expect(two.received).toEqual(['token half ', 'token an'])
  expect(errors).toMatchObject([
    { code: 'overloaded', message: expect.stringMatching('try later') },
  ])
  expect(wrong).toEqual([])
})
