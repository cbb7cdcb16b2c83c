import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { sse } from 'wirefold/dialects/sse'
import { sseStreamsTransport, sseTransport } from 'wirefold/transports'
import { connect, until } from '../../support/live.ts'
import { sseBackend } from '../../support/peers/sse.ts'
import { hub, perChannel, shared } from './following.ts'

describe('the dialect over a transport that does not fit its options', () => {
  it.each([
    [
      'one stream per channel',
      perChannel,
      sseTransport({ messages: 'http' }),
      'sseStreamsTransport()',
    ],
    ['a stream for the channels', hub, sseTransport({ messages: 'http' }), 'sseStreamsTransport()'],
    ['the address as the stream', shared, sseStreamsTransport(), 'option stream or sharedStream'],
  ])('refuses its channels, with %s', async (_, options, transport, advice) => {
    const server = await sseBackend()
    const { client } = connect(`${server.origin}/events`, {
      ...{ dialect: sse(options), transport, auth: () => 't-ana' },
    })
    const onError = (): void => {}
    const one = new ChannelSubscriber(client).subscribe('orders', () => {}, { onError })
    await until(() => expect(one.status.get().name).toBe('refused'))
    expect(one.status.get()).toMatchObject({ error: { message: expect.stringContaining(advice) } })
    expect(server.requestsOf('/sub')).toEqual([])
  })

  it('refuses two answers to what its streams are', () => {
    const stream = () => ({ url: '/' })
    expect(() => sse({ stream, sharedStream: stream })).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'sharedStream' } }),
    )
  })

  it('gives up where the stream is answered by a page', async () => {
    const server = await sseBackend({}, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')
      return true
    })
    const { client } = connect(server.origin, {
      dialect: sse(shared),
      transport: sseTransport({ messages: 'http' }),
    })
    await expect(client.connect()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('text/html instead of text/event-stream'),
    })
    expect(server.received).toHaveLength(1)
  })
})
