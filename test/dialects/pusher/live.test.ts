import { describe, expect, it } from 'vitest'
import type { Dialect, DialectFactory } from 'wirefold/dialects'
import { eventFrame } from 'wirefold/dialects'
import { pusher, withDecryption } from 'wirefold/dialects/pusher'
import { asFields, type Fields } from '../../../src/protocol/fields.ts'
import { until } from '../../support/live.ts'
import { PusherPeer } from '../../support/peers/pusher.ts'
import { clientOf, type PusherBackend, session } from './story.ts'

/** A backend in this process, until the end of the test. */
async function started() {
  const peer = await PusherPeer.started()
  peer.infos = { ana: { name: 'Ana' } }
  const backend: PusherBackend = {
    url: peer.url,
    endpoint: peer.endpoint,
    askedFor: () => peer.asked.map(({ channel }) => channel),
    publish: (channel, event, data) => peer.publish(channel, event, data),
    kill: () => peer.kill(),
    start: () => peer.start(),
  }
  return { peer, backend }
}

/** The dialect with some parts replaced. */
const altered =
  (alter: (dialect: Dialect) => Partial<Dialect>): DialectFactory =>
  () => {
    const dialect = pusher()
    return { ...dialect, ...alter(dialect) }
  }

/** Returns the dialect with other messages from the server. */
const misread = (read: (wire: Fields) => unknown): DialectFactory =>
  altered(({ decode }) => ({ decode: (wire) => decode(read(asFields(wire))) }))

describe('a session with a backend of Pusher', () => {
  it('has all kinds of channels, and goes on after the backend was killed', async () => {
    const { backend, peer } = await started()
    await session(backend, pusher)
    const twice = peer.messages.filter((message) => message === 'pusher:subscribe presence-room')
    // Two clients on two connections each.
    expect(twice).toHaveLength(4)
    expect(
      peer.asked.every(({ authorization }) => /^Bearer (ana|ben)$/.test(`${authorization}`)),
    ).toBe(true)
  })

  it.each<[string, DialectFactory]>([
    [
      'subscribes before the welcome',
      altered(({ encode }) => ({
        encode: (intent) => (intent.kind === 'hello' ? undefined : encode(intent)),
      })),
    ],
    [
      'leaves data as text',
      altered(({ decode }) => ({
        decode: (wire) => {
          const { event, channel, data } = asFields(wire)
          return /^pusher/.test(String(event))
            ? decode(wire)
            : eventFrame(String(channel), String(event), { payload: data })
        },
      })),
    ],
    [
      'subscribes twice to a channel',
      altered(({ encode }) => ({
        encode: (intent) =>
          encode(intent)?.map((message) => {
            const [channel] = message.channels ?? []
            const isPing = channel && asFields(message.wire).event === 'pusher:ping'
            const data = { channel: 'presence-room' }
            return isPing ? { ...message, wire: { event: 'pusher:subscribe', data } } : message
          }),
      })),
    ],
    [
      'leaves a channel of which one name is left',
      altered(({ encode }) => ({
        encode: (intent) =>
          intent.kind === 'presence' && intent.action === 'leave'
            ? [
                {
                  wire: { event: 'pusher:unsubscribe', data: { channel: 'presence-room' } },
                  keys: [],
                },
              ]
            : encode(intent),
      })),
    ],
    [
      'does not read refusals',
      misread((wire) => (wire.event === 'pusher:subscription_error' ? { event: 'x' } : wire)),
    ],
    [
      'reads members of the hash only',
      misread((wire) => {
        const { presence } = asFields(
          typeof wire.data === 'string' && wire.data.startsWith('{') ? JSON.parse(wire.data) : {},
        )
        return presence ? { ...wire, data: { presence: { hash: asFields(presence).hash } } } : wire
      }),
    ],
    [
      'ignores a refusal',
      altered(({ decode }) => ({
        decode: (wire) =>
          asFields(wire).event === 'pusher:subscription_error' ? undefined : decode(wire),
      })),
    ],
  ])('fails with a dialect that %s', async (_, dialect) => {
    const { backend } = await started()
    await expect(session(backend, dialect, 1_000)).rejects.toThrow()
  })
})

describe('a client of a backend of Pusher', () => {
  it('gives up where the app does not exist', async () => {
    const { peer } = await started()
    const { client } = clientOf(
      { url: `${peer.url}-wrong`, endpoint: peer.endpoint },
      'ana',
      pusher,
    )
    await expect(client.connect()).rejects.toMatchObject({
      code: 'failed',
      detail: { closeCode: 4001 },
      cause: { message: expect.stringContaining('does not exist') },
    })
  })

  it('refuses a channel whose signature is wrong, which the backend does not name', async () => {
    const { peer } = await started()
    peer.secretOfEndpoint = 'another'
    const { channels, client, errors } = clientOf(peer, 'ana', pusher)
    const room = channels.subscribe('private-room', () => {})
    await expect(room.ready).rejects.toMatchObject({ code: 'forbidden' })
    expect(client.state.get().name).toBe('open')
    expect(errors).toEqual([])
  })

  it('asks again for a channel whose signature the endpoint could not give', async () => {
    const { peer } = await started()
    peer.statuses.set('private-room', 500)
    const { channels } = clientOf(peer, 'ana', pusher)
    const room = channels.subscribe('private-room', () => {})
    await expect(room.ready).rejects.toMatchObject({ detail: { retryAfterMs: 5_000 } })
    peer.statuses.delete('private-room')
    await until(() => expect(room.status.get().name).toBe('live'))
    expect(peer.asked).toHaveLength(2)
  })

  it('reports client events over the rate limit', async () => {
    const { peer } = await started()
    peer.mostEvents = 1
    const { client, channels, errors } = clientOf(peer, 'ana', pusher)
    await channels.subscribe('private-room', () => {}).ready
    await client.publish('private-room', 'client-typing')
    await client.publish('private-room', 'client-typing')
    await until(() => expect(errors).toMatchObject([{ code: 'rate-limited' }]))
    expect(client.state.get().name).toBe('open')
  })

  it('answers pings, and pings within the activity timeout', async () => {
    const { peer } = await started()
    peer.activityTimeout = 1
    const { client } = clientOf(peer, 'ana', pusher)
    await client.connect()
    peer.ping()
    await until(() => expect(peer.messages).toContain('pusher:pong'))
    await until(() =>
      expect(peer.messages.filter((name) => name === 'pusher:ping')).toHaveLength(3),
    )
    expect(client.state.get().name).toBe('open')
  })

  it('moves at once where the backend asks for it, and gives up where it forbids it', async () => {
    const { peer } = await started()
    const { client, channels, errors } = clientOf(peer, 'ana', pusher)
    const news = channels.subscribe('news', () => {})
    await news.ready
    peer.close(4200, 'Server is closing.')
    await until(() => expect(news.status.get().name).toBe('gap'))
    expect(errors).toEqual([])
    client.on('failed', () => {})
    peer.close(4009, 'You got disconnected by the app.')
    await until(() => expect(client.state.get().name).toBe('failed'))
    expect(client.state.get()).toMatchObject({ error: { cause: { code: 'forbidden' } } })
  })

  it('decrypts events by the secret of the auth endpoint', async () => {
    const { peer } = await started()
    peer.sharedSecret = 'reversed'
    const secrets = new Map<string, unknown>()
    const dialect = withDecryption(pusher, (channel, { ciphertext }) => {
      if (secrets.get(channel) !== 'reversed') throw new Error('no secret')
      return [...String(ciphertext)].reverse().join('')
    })
    const { channels } = clientOf(peer, 'ana', dialect, (channel, { shared_secret }) =>
      secrets.set(channel, shared_secret),
    )
    const seen: unknown[] = []
    await channels.subscribe('private-encrypted-a', (payload) => seen.push(payload)).ready
    peer.publish('private-encrypted-a', 'said', { nonce: 'n', ciphertext: '}1:"a"{' })
    await until(() => expect(seen).toEqual([{ a: 1 }]))
  })
})
