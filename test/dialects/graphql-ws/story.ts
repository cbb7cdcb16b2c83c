import { describe, expect, it } from 'vitest'
import type { AuthReason, ClientOptions } from 'wirefold'
import {
  bindList,
  ChannelSubscriber,
  ContextRegistry,
  feed,
  OptimisticManager,
  sync,
} from 'wirefold'
import type { GraphqlOptions } from 'wirefold/dialects/graphql-ws'
import { connect, until } from '../../support/live.ts'
import type { Message } from '../../support/peers/chat.ts'
import { operations } from '../../support/peers/chat.ts'
import { outcomeOf } from '../../support/scripted.ts'

/** A GraphQL server with rooms, of any kind and over any transport. */
export interface GraphqlPeer {
  readonly url: string
  /** Returns the dialect, and the transport where it is not a WebSocket. */
  client(options: GraphqlOptions): Pick<ClientOptions, 'dialect' | 'transport'>
  send(room: string, text: string, by: string): Promise<unknown>
  /** Ends the subscriptions to a room, with an error if a message is given. */
  end(room: string, message?: string): Promise<unknown>
  /** Number of subscriptions to a room. */
  following(room: string): Promise<number>
  kill(): Promise<unknown>
  restart(): Promise<unknown>
}

interface Posted {
  readonly messages: Message
}

/** A client of a peer, with the messages that it has received. */
function signedIn(peer: GraphqlPeer, options: ClientOptions = {}, graphql: GraphqlOptions = {}) {
  const { client, errors } = connect(peer.url, {
    ...peer.client({ operations, ...graphql }),
    auth: () => 't-ana',
    ...options,
  })
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  const texts: string[] = []
  const follow = async (room: string) => {
    const subscription = channels.subscribe<Posted>(
      'messages',
      ({ messages }) => texts.push(messages.text),
      { params: { room } },
    )
    await until(async () => expect(await peer.following(room)).toBe(1))
    return subscription
  }
  return { client, errors, channels, texts, follow }
}

/** The story of a client and a GraphQL server, which a stub and every real server must pass. */
export function holdsTheStory(name: string, start: () => Promise<GraphqlPeer>): void {
  describe(name, () => {
    it('answers queries and mutations, by their names or as documents', async () => {
      const { client } = signedIn(await start())
      expect(await client.request('hello')).toEqual({ hello: 'hello ana' })
      expect(await client.request('{ hello }')).toEqual({ hello: 'hello ana' })
      const sent = await client.request<{ send: Message }>('send', { room: '1', text: 'hi' })
      expect(sent.send).toMatchObject({ text: 'hi', by: 'ana' })
      expect(await client.request('history', { room: '1' })).toEqual({ history: [sent.send] })
    })

    it('refuses requests with the code and the message of the first error', async () => {
      const { client, errors } = signedIn(await start())
      const outcomes = [
        outcomeOf(client.request('send', { room: 'secret', text: 'hi' })),
        outcomeOf(client.request('boom')),
        outcomeOf(client.request('nope')),
      ] as const
      await until(() => expect(outcomes.every(({ error }) => error !== undefined)).toBe(true))
      const [forbidden, failed, invalid] = outcomes
      expect(forbidden.error).toMatchObject({
        code: 'forbidden',
        detail: { message: 'forbidden', details: { errors: [{ message: 'forbidden' }] } },
      })
      // The data that came with the errors is not lost.
      expect(failed.error).toMatchObject({
        code: 'boom',
        detail: { details: { data: { boom: null }, errors: [{ extensions: { code: 'BOOM' } }] } },
      })
      expect(invalid.error).toMatchObject({
        detail: { message: expect.stringContaining('nope') },
      })
      expect(await client.request('hello')).toEqual({ hello: 'hello ana' })
      expect(errors).toEqual([])
    })

    it('delivers the events of subscriptions, which their variables tell apart', async () => {
      const peer = await start()
      const { channels, follow, texts, errors } = signedIn(peer)
      const one = await follow('1')
      const types: string[] = []
      const two = channels.subscribe<Posted>(
        'messages',
        ({ messages }, { type, channel }) => types.push(`${channel} ${type} ${messages.text}`),
        { params: { room: '2' } },
      )
      await until(async () => expect(await peer.following('2')).toBe(1))
      await peer.send('1', 'a', 'ben')
      await peer.send('2', 'b', 'ben')
      await until(() => expect(texts).toEqual(['a']))
      await until(() => expect(types).toEqual(['messages messages b']))
      expect([one.status.get(), two.status.get()]).toEqual([{ name: 'live' }, { name: 'live' }])
      one()
      await until(async () => expect(await peer.following('1')).toBe(0))
      await peer.send('1', 'unseen', 'ben')
      await peer.send('2', 'c', 'ben')
      await until(() => expect(types).toHaveLength(2))
      expect(texts).toEqual(['a'])
      expect(errors).toEqual([])
    })

    it('refuses a subscription, which leaves the others alone', async () => {
      const peer = await start()
      const { channels, follow, texts, errors } = signedIn(peer)
      await follow('1')
      const refusals: unknown[] = []
      const onError = (error: unknown) => refusals.push(error)
      const secret = channels.subscribe('messages', () => {}, {
        params: { room: 'secret' },
        onError,
      })
      const wrong = channels.subscribe('nope', () => {}, { onError })
      await until(() => expect(refusals).toHaveLength(2))
      expect(refusals).toContainEqual(expect.objectContaining({ code: 'forbidden' }))
      expect(secret.status.get()).toMatchObject({ name: 'refused', error: { code: 'forbidden' } })
      expect(wrong.status.get().name).toBe('refused')
      await peer.send('1', 'a', 'ben')
      await until(() => expect(texts).toEqual(['a']))
      expect(errors).toEqual([])
    })

    it('delivers a partial result, and reports its errors', async () => {
      const peer = await start()
      const { channels, errors, follow, texts } = signedIn(peer)
      const room = await follow('1')
      const authors: unknown[] = []
      channels.subscribe<Posted>('messages', ({ messages }) => authors.push(messages.by), {
        params: { room: '1' },
      })
      await peer.send('1', 'a', 'broken')
      await peer.send('1', 'b', 'ben')
      await until(() => expect(texts).toEqual(['a', 'b']))
      expect(authors).toEqual([null, 'ben'])
      expect(errors).toEqual([
        expect.objectContaining({
          code: 'no-author',
          detail: expect.objectContaining({ channel: 'messages' }),
        }),
      ])
      expect(room.status.get()).toEqual({ name: 'live' })
    })

    it('ends channels, which only a new subscription begins again', async () => {
      const peer = await start()
      const { channels, errors, follow, texts } = signedIn(peer)
      const counted: unknown[] = []
      const countdown = channels.subscribe('countdown', (payload) => counted.push(payload), {
        params: { from: 2 },
      })
      await until(() => expect(countdown.status.get()).toEqual({ name: 'ended' }))
      expect(counted).toEqual([{ countdown: 2 }, { countdown: 1 }, { countdown: 0 }])
      const room = await follow('1')
      await peer.end('1')
      await until(() => expect(room.status.get()).toEqual({ name: 'ended' }))
      await follow('1')
      await peer.send('1', 'again', 'ben')
      await until(() => expect(texts).toContain('again'))
      expect(errors).toEqual([])
    })

    it('asks for other credentials once where it refuses them', async () => {
      const peer = await start()
      const reasons: AuthReason[] = []
      const { channels, client, errors } = signedIn(peer, {
        auth(reason) {
          reasons.push(reason)
          return reason === 'refused' ? 't-ana' : 'expired'
        },
      })
      const room = channels.subscribe('messages', () => {}, { params: { room: '1' } })
      expect(await client.request('hello', {}, { idempotent: true })).toEqual({
        hello: 'hello ana',
      })
      await until(async () => expect(await peer.following('1')).toBe(1))
      expect(reasons).toEqual(['connect', 'refused'])
      await until(() => expect(['live', 'gap']).toContain(room.status.get().name))
      expect(errors).toEqual([])
    })

    it('fails for credentials that it refuses twice', async () => {
      const peer = await start()
      const reasons: AuthReason[] = []
      const { client } = signedIn(peer, {
        auth(reason) {
          reasons.push(reason)
          return 'expired'
        },
      })
      client.on('failed', () => {})
      const reply = outcomeOf(client.request('hello', {}, { idempotent: true }))
      await until(() => expect(client.state.get().name).toBe('failed'))
      await until(() => expect(reply.error).toMatchObject({ code: 'failed' }))
      expect(reasons).toEqual(['connect', 'refused'])
    })

    it('is killed and restarted: events go on behind a gap, and requests know their fate', async () => {
      const peer = await start()
      const { client, errors, follow, texts } = signedIn(peer)
      const room = await follow('1')
      await peer.send('1', 'before', 'ben')
      await until(() => expect(texts).toEqual(['before']))
      const sent = outcomeOf(client.request('slow'))
      await until(() => expect(client.pending.get()).toEqual({ queued: 0, sent: 1 }))
      await peer.kill()
      await until(() => expect(sent.error).toMatchObject({ code: 'disconnected' }))
      const queued = outcomeOf(client.request('hello', {}, { idempotent: true }))
      await peer.restart()
      await until(async () => expect(await peer.following('1')).toBe(1))
      await until(() => expect(room.status.get()).toMatchObject({ name: 'gap' }))
      await until(() => expect(queued.value).toEqual({ hello: 'hello ana' }))
      await peer.send('1', 'after', 'ben')
      await until(() => expect(texts).toEqual(['before', 'after']))
      room.caughtUp()
      expect(room.status.get()).toEqual({ name: 'live' })
      expect(errors).toEqual([])
    })

    it('feeds a registry, and a state that is fetched again after a gap', async () => {
      const peer = await start()
      const { channels, client } = signedIn(peer)
      const contexts = new ContextRegistry<{ kind: 'Message' } & Message>().keyed(
        'Message',
        ({ text }) => text,
      )
      const params = { room: '1' }
      feed<Posted>(
        channels,
        'messages',
        contexts,
        ({ payload }) => ({ kind: 'Message', ...payload.messages }),
        { params },
      )
      let shown: readonly string[] = []
      const stop = sync<readonly Message[]>(channels, 'messages', {
        params,
        load: async () => ({
          state: (await client.request<{ history: Message[] }>('history', params)).history,
        }),
        into: {
          reset: (all) => {
            shown = all.map(({ text }) => text)
          },
          fold: (events) => {
            const news = events.map(({ payload }) => (payload as Posted).messages.text)
            shown = [...new Set([...shown, ...news])]
          },
        },
      }).start()
      await until(async () => expect(await peer.following('1')).toBe(1))
      await peer.send('1', 'a', 'ben')
      await until(() => expect(shown).toEqual(['a']))
      expect(contexts.entity('Message', 'a').get()).toMatchObject({ text: 'a', by: 'ben' })
      await peer.kill()
      await peer.restart()
      await until(async () => expect(await peer.following('1')).toBe(1))
      await peer.send('1', 'b', 'ben')
      await until(() => expect(shown).toContain('b'))
      stop()
    })

    it('keeps a list in step, with optimistic rows', async () => {
      const peer = await start()
      const { channels, client } = signedIn(
        peer,
        {},
        { toEvent: (data) => ({ type: 'entity:created', payload: data.messages }) },
      )
      const params = { room: '1' }
      const optimistic = new OptimisticManager({
        client,
        channels,
        api: {
          create: async (_, data, { request }) =>
            (await request<{ send: Message }>('send', data)).send,
          update: () => Promise.reject(new Error('not here')),
          delete: () => Promise.reject(new Error('not here')),
        },
      })
      const list = bindList<Message>(channels, 'messages', {
        params,
        load: async () => ({
          state: (await client.request<{ history: Message[] }>('history', params)).history,
        }),
      })
      let shown: readonly Message[] = []
      const stop = optimistic.view(list).subscribe((rows) => {
        shown = rows
      })
      await until(async () => expect(await peer.following('1')).toBe(1))
      await list.ready
      const created = optimistic.create<Message>(
        'Message',
        { room: '1', text: 'hi' } as never,
        list,
      )
      expect(shown).toMatchObject([{ text: 'hi', _optimistic: true }])
      expect(await created).toMatchObject({ text: 'hi', by: 'ana' })
      await peer.send('1', 'there', 'ben')
      await until(() => expect(shown.map(({ text }) => text)).toEqual(['hi', 'there']))
      await expect(
        optimistic.create<Message>('Message', { room: 'secret', text: 'no' } as never, list),
      ).rejects.toMatchObject({ code: 'forbidden' })
      expect(shown.map(({ text }) => text)).toEqual(['hi', 'there'])
      stop()
    })
  })
}

/** The end of a subscription whose source fails, for servers that survive it. */
export function refusesAtFailedSources(name: string, start: () => Promise<GraphqlPeer>): void {
  it(`${name} refuses a channel whose source has failed`, async () => {
    const peer = await start()
    const { channels, errors } = signedIn(peer)
    const refusals: unknown[] = []
    const room = channels.subscribe('messages', () => {}, {
      params: { room: '1' },
      onError: (error) => refusals.push(error),
    })
    await until(async () => expect(await peer.following('1')).toBe(1))
    await peer.end('1', 'database gone')
    await until(() => expect(room.status.get().name).toBe('refused'))
    expect(refusals).toEqual([
      expect.objectContaining({ message: expect.stringContaining('database gone') }),
    ])
    expect(errors).toEqual([])
  })
}
