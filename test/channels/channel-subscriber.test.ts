import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, native } from 'wirefold'
import { type ScriptedServerOptions, settle } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'
import { dialled } from '../support/dialled.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'

function subscribed(
  serving: Omit<ScriptedServerOptions, 'clock'> = {},
  options: ClientOptions = {},
) {
  const parts = scripted(serving, options)
  return { ...parts, channels: new ChannelSubscriber(parts.client) }
}

describe('a channel subscriber', () => {
  it('refuses a name with half of a surrogate pair, and takes whole ones', () => {
    const { channels } = subscribed()
    expect(() => channels.subscribe('a\ud800', () => {})).toThrow('not a valid channel')
    channels.subscribe('a😀', () => {})
  })

  it('has one subscription on the wire for any number of handlers', async () => {
    const { clock, server, channels } = subscribed()
    const heard: string[] = []
    const offs = ['a', 'b', 'c'].map((name) =>
      channels.subscribe<string>('news', (payload) => heard.push(name + payload)),
    )
    await clock.advance(1)
    server.publish('news', 'said', 1)
    await clock.advance(1)
    offs[1]?.()
    server.publish('news', 'said', 2)
    await clock.advance(1_000)
    expect(heard).toEqual(['a1', 'b1', 'c1', 'a2', 'c2'])
    expect([server.count('subscribe'), server.count('unsubscribe')]).toEqual([1, 0])
    for (const off of offs) off()
    await clock.advance(249)
    expect(server.count('unsubscribe')).toBe(0)
    await clock.advance(2)
    expect(server.count('unsubscribe')).toBe(1)
    expect([server.subscribed.size, channels.size]).toEqual([0, 0])
  })

  it('says nothing on the wire when a view goes and comes back within its linger', async () => {
    const { clock, server, channels } = subscribed()
    const off = channels.subscribe('news', () => {})
    off()
    const again = channels.subscribe('news', () => {})
    await clock.advance(1_000)
    again()
    await clock.advance(200)
    channels.subscribe('news', () => {})
    await clock.advance(1_000)
    expect([server.count('subscribe'), server.count('unsubscribe')]).toEqual([1, 0])
  })

  it('joins the subscribes of one turn into one message, and resubscribes with one', async () => {
    const { clock, server, client, channels } = subscribed()
    await Promise.all([client.connect(), clock.advance(1)])
    for (const name of ['a', 'b', 'c']) channels.subscribe(name, () => {})
    await clock.advance(1)
    server.drop()
    await clock.advance(1_000)
    const asked = server.messages.filter(({ type }) => type === 'subscribe')
    expect(asked.map(({ payload }) => payload)).toEqual([
      { channels: ['a', 'b', 'c'] },
      { channels: [], since: [['e1', ['a', 0, 'b', 0, 'c', 0]]] },
    ])
  })

  it('splits what does not fit into one message', async () => {
    const { clock, server, channels } = subscribed()
    const names = Array.from({ length: 100 }, (_, n) => `${n}:${'ä'.repeat(240)}`)
    for (const name of names) channels.subscribe(name, () => {})
    await clock.advance(1)
    expect([...server.subscribed]).toEqual(names)
    expect(server.count('subscribe')).toBeGreaterThan(5)
    for (const frame of server.transport.last.received.slice(0, 1)) {
      expect(new TextEncoder().encode(frame).length).toBeLessThanOrEqual(16 * 1024)
    }
  })

  it('releases one handler, not its twin, and twice is safe', async () => {
    const { clock, server, channels } = subscribed()
    let calls = 0
    const handler = () => calls++
    const off = channels.subscribe('news', handler)
    channels.subscribe('news', handler)
    await clock.advance(1)
    off()
    off()
    off.dispose()
    server.publish('news', 'said')
    await clock.advance(1_000)
    expect(calls).toBe(1)
    expect(server.count('unsubscribe')).toBe(0)
  })

  it('goes on when a handler throws or rejects, and reports it', async () => {
    const { clock, server, channels, errors } = subscribed()
    const heard: unknown[] = []
    channels.subscribe('news', () => {
      throw new Error('oops')
    })
    channels.subscribe('news', async () => {
      throw new Error('later')
    })
    channels.subscribe('news', (payload) => heard.push(payload))
    await clock.advance(1)
    server.publish('news', 'said', 'it')
    await clock.advance(1)
    expect(heard).toEqual(['it'])
    expect(errors).toMatchObject([
      { code: 'handler-failed', cause: { message: 'oops' } },
      { code: 'handler-failed', cause: { message: 'later' } },
    ])
  })

  it('lets handlers release themselves and each other during delivery', async () => {
    const { clock, server, channels } = subscribed()
    const heard: string[] = []
    const first = channels.subscribe('news', () => {
      heard.push('first')
      first()
      second()
      channels.subscribe('news', () => heard.push('late'))
    })
    const second = channels.subscribe('news', () => heard.push('second'))
    channels.subscribe('news', () => heard.push('third'))
    await clock.advance(1)
    server.publish('news', 'said')
    await clock.advance(1)
    expect(heard).toEqual(['first', 'third'])
    server.publish('news', 'said')
    await clock.advance(1)
    expect(heard).toEqual(['first', 'third', 'third', 'late'])
  })

  it('carries the refusal of the server, and does not ask again by itself', async () => {
    let code: string | undefined = 'forbidden'
    const { clock, server, channels, errors } = subscribed({ refuse: () => code })
    const told: unknown[] = []
    const asked = channels.subscribe('secret', () => {})
    const ready = outcomeOf(asked.ready)
    channels.subscribe('secret', () => {}, { onError: (error) => told.push(error) })
    await clock.advance(1)
    expect(ready.error).toMatchObject({ code: 'forbidden', detail: { channel: 'secret' } })
    expect(told).toMatchObject([{ code: 'forbidden' }])
    expect(errors).toEqual([])
    expect(asked.status.get()).toMatchObject({ name: 'refused', error: { code: 'forbidden' } })
    server.drop()
    await clock.advance(5_000)
    expect(server.count('subscribe')).toBe(1)
    code = undefined
    const anew = channels.subscribe('secret', () => {})
    await clock.advance(1)
    expect(server.count('subscribe')).toBe(2)
    expect([asked.status.get(), anew.status.get()]).toEqual([{ name: 'live' }, { name: 'live' }])
    await Promise.all([asked.ready, anew.ready])
  })

  it('reports a refusal that no handler receives to the client, once', async () => {
    const { clock, channels, errors } = subscribed({ refuse: () => 'forbidden' })
    channels.subscribe('secret', () => {})
    channels.subscribe('secret', () => {})
    await clock.advance(1)
    expect(errors).toMatchObject([{ code: 'forbidden' }])
  })

  it('takes a revocation for a refusal', async () => {
    const { clock, server, channels } = subscribed()
    const told: unknown[] = []
    const off = channels.subscribe('news', () => {}, { onError: (error) => told.push(error) })
    await clock.advance(1)
    server.send({ type: 'unsubscribed', channel: 'news', payload: { code: 'forbidden' } })
    await clock.advance(1)
    expect(off.status.get()).toMatchObject({ name: 'refused' })
    expect(told).toMatchObject([{ code: 'forbidden', detail: { channel: 'news' } }])
    server.drop()
    await clock.advance(5_000)
    expect(server.subscribed.size).toBe(0)
  })

  it('asks again when the answer to a subscribe or unsubscribe is lost', async () => {
    const { clock, server, channels } = subscribed()
    const off = channels.subscribe('news', () => {})
    await clock.advance(1)
    channels.subscribe('sport', () => {})
    server.silent = true
    await clock.advance(1)
    server.silent = false
    await clock.advance(10_000)
    expect(server.count('subscribe')).toBe(3)
    off()
    server.silent = true
    await clock.advance(251)
    server.silent = false
    await clock.advance(10_000)
    expect(server.count('unsubscribe')).toBe(2)
    expect(channels.size).toBe(1)
  })

  it('leaves a channel whose subscribe was never answered', async () => {
    const { clock, server, client, channels } = subscribed()
    await Promise.all([client.connect(), clock.advance(1)])
    server.silent = true
    channels.subscribe('news', () => {})()
    await clock.advance(1)
    channels.subscribe('news', () => {})()
    await clock.advance(500)
    expect([...server.subscribed]).toEqual(['news'])
    server.silent = false
    await clock.advance(10_000)
    expect([...server.subscribed]).toEqual([])
  })

  it('shows the status of a channel, through a disconnect too', async () => {
    const { clock, server, channels } = subscribed()
    const seen: string[] = []
    const off = channels.subscribe('news', () => {})
    off.status.subscribe(({ name }) => seen.push(name))
    await clock.advance(1)
    server.drop()
    await clock.advance(5_000)
    expect(seen).toEqual(['pending', 'live', 'recovering', 'live'])
  })

  it('has ready reject where the subscription is released before it is live', async () => {
    const { clock, channels } = subscribed()
    const off = channels.subscribe('news', () => {})
    const ready = outcomeOf(off.ready)
    off()
    await settle()
    expect(ready.error).toMatchObject({ code: 'aborted', detail: { channel: 'news' } })
    await clock.advance(1)
    await expect(off.ready).rejects.toMatchObject({ code: 'aborted' })
  })

  it('is released by a signal, now or later', async () => {
    const { clock, server, channels } = subscribed()
    const controller = new AbortController()
    const heard: unknown[] = []
    channels.subscribe('news', (payload) => heard.push(payload), { signal: controller.signal })
    await clock.advance(1)
    controller.abort()
    channels.subscribe('news', (payload) => heard.push(payload), { signal: controller.signal })
    server.publish('news', 'said', 1)
    await clock.advance(1_000)
    expect(heard).toEqual([])
    expect(server.subscribed.size).toBe(0)
  })

  it('is released at the end of a using block', async () => {
    const { clock, server, channels } = subscribed()
    {
      using subscription = channels.subscribe('news', () => {})
      await clock.advance(1)
      expect(subscription.status.get()).toEqual({ name: 'live' })
    }
    await clock.advance(1_000)
    expect(server.subscribed.size).toBe(0)
  })

  it('takes names that every object has, and no name that is none', async () => {
    const { clock, server, channels } = subscribed()
    const heard: unknown[] = []
    for (const name of ['__proto__', 'constructor', 'toString']) {
      channels.subscribe(name, (_, event) => heard.push(event.channel))
    }
    await clock.advance(1)
    for (const name of ['__proto__', 'constructor', 'toString', 'valueOf']) {
      server.send({ type: 'said', channel: name })
    }
    await clock.advance(1)
    expect(heard).toEqual(['__proto__', 'constructor', 'toString'])
    for (const name of ['', 'a\nb', 'x'.repeat(257)]) {
      expect(() => channels.subscribe(name, () => {})).toThrow(/is not a valid channel/)
    }
  })

  it('gives the events of a family to those who subscribed to the family', async () => {
    const { clock, server, channels } = subscribed()
    const heard: string[] = []
    channels.subscribe('agent:*', (_, { channel }) => heard.push(`family ${channel}`))
    channels.subscribe('agent:1', (_, { channel }) => heard.push(`exact ${channel}`))
    await clock.advance(1)
    server.send({ type: 'moved', channel: 'agent:1' })
    server.send({ type: 'moved', channel: 'agent:1', via: 'agent:*' })
    server.send({ type: 'moved', channel: 'agent:2', via: 'agent:*' })
    await clock.advance(1)
    expect(heard).toEqual(['exact agent:1', 'family agent:1', 'family agent:2'])
  })

  it('has a channel subscribed to from the very beginning, which is no gap', async () => {
    const { clock, server, channels } = subscribed()
    const heard: unknown[] = []
    const subscription = channels.subscribe('news', (payload) => heard.push(payload))
    const statuses: string[] = []
    subscription.status.subscribe(({ name }) => statuses.push(name))
    await clock.advance(1)
    server.publish('news', 'said', 1)
    await clock.advance(1)
    subscription.renew()
    subscription.renew()
    await clock.advance(1)
    expect(server.messages.at(-1)).toMatchObject({
      ...{ type: 'subscribe', payload: { channels: ['news'] } },
    })
    expect(server.count('subscribe')).toBe(2)
    server.publish('news', 'said', 2)
    await clock.advance(1)
    expect([heard, subscription.position?.offset]).toEqual([[1, 2], 2])
    expect(statuses).toEqual(['pending', 'live', 'pending', 'live'])
    subscription()
    subscription.renew()
    await clock.advance(1)
    expect(server.count('subscribe')).toBe(2)
  })

  it('that is renewed while a subscribe is under way goes by the later reply', async () => {
    const { clock, server, channels } = subscribed()
    const subscription = channels.subscribe('news', () => {})
    await clock.advance(1)
    server.publish('news', 'said', 1)
    await clock.advance(1)
    server.drop()
    server.silent = true
    while (server.count('subscribe') < 2) await clock.advance(100)
    server.send({ type: 'welcome', payload: {} })
    subscription.renew()
    await clock.advance(1)
    const asked = server.messages.filter(({ type }) => type === 'subscribe')
    expect(asked).toHaveLength(3)
    const answer = (n: number, payload: unknown) =>
      server.send({ type: 'subscribed', requestId: asked[n]?.requestId, payload })
    answer(1, {})
    await clock.advance(1)
    expect(subscription.status.get().name).toBe('pending')
    answer(2, { at: { news: ['e1', 4] } })
    await clock.advance(1)
    expect(subscription.position).toEqual({ epoch: 'e1', offset: 4 })
    expect(subscription.status.get().name).toBe('live')
  })

  it('that the backend does not support is refused', async () => {
    const words = native()
    const { clock, client } = scripted(
      {},
      {
        dialect: () => ({
          ...words,
          encode: (intent) => (intent.kind === 'subscribe' ? undefined : words.encode(intent)),
        }),
      },
    )
    const subscription = new ChannelSubscriber(client).subscribe('news', () => {})
    const refused = expect(subscription.ready).rejects.toMatchObject({
      code: 'unsupported',
      message: 'The native backend does not support subscribe news.',
      detail: { dialect: 'native', what: 'subscribe news' },
    })
    await clock.advance(1)
    await refused
  })

  it.each(['subscribe', 'unsubscribe', 'ping'])(
    'reports an exception of the application’s own encode at a %s as what it is',
    async (kind) => {
      const inner = native()
      const cause = new TypeError('intent.channel is undefined')
      const { clock, client, errors } = scripted(
        {},
        {
          dialect: () => ({
            ...inner,
            encode(intent) {
              if (intent.kind === kind) throw cause
              return inner.encode(intent)
            },
          }),
        },
      )
      const release = new ChannelSubscriber(client, { lingerMs: 0 }).subscribe('news', () => {})
      await clock.advance(1)
      release()
      await clock.advance(25_000)
      if (kind === 'ping') expect(errors[0]).toBe(cause)
      else {
        expect(errors).toMatchObject([
          {
            code: 'bad-payload',
            message: expect.stringContaining(`threw while encoding ${kind} news`),
            cause,
          },
        ])
      }
    },
  )

  it('may come when the connection is open already', async () => {
    const { clock, server, client } = scripted()
    await Promise.all([client.connect(), clock.advance(1)])
    new ChannelSubscriber(client).subscribe('news', () => {})
    await clock.advance(1)
    expect([...server.subscribed]).toEqual(['news'])
  })

  it('is one per client', () => {
    const { client } = subscribed()
    expect(() => new ChannelSubscriber(client)).toThrow(
      'This client already has a ChannelSubscriber. Create one per client, and share it.',
    )
  })

  it('subscribes from within an opened listener', async () => {
    const { clock, server, client, channels } = subscribed()
    channels.subscribe('news', () => {})
    let n = 0
    client.on('opened', () => {
      channels.subscribe(`late:${n++}`, () => {})
    })
    await clock.advance(1)
    server.drop()
    await clock.advance(5_000)
    expect([...server.subscribed].sort()).toEqual(['late:0', 'late:1', 'news'])
  })
})

describe('a subscription that is refused for a time', () => {
  /** A server that refuses subscribes with the next of these refusals, and then grants them. */
  async function refusing(...refusals: readonly object[]) {
    const left = [...refusals]
    const messages: Fields[] = []
    const answer = ({ type, requestId, payload }: Fields, send: (message: unknown) => void) => {
      if (type === 'hello') send({ type: 'welcome', payload: {} })
      if (type !== 'subscribe') return
      const refusal = left.shift()
      const { channels } = payload as { channels: readonly string[] }
      const at = Object.fromEntries(channels.map((name) => [name, ['e', 7]]))
      send(
        refusal
          ? { type: 'error', requestId, payload: refusal }
          : { type: 'subscribed', requestId, payload: { at } },
      )
    }
    const rig = dialled(native, (frame, send) => {
      for (const message of [frame].flat()) {
        messages.push(message)
        answer(message, send)
      }
    })
    const subscribes = () => messages.filter(({ type }) => type === 'subscribe')
    await Promise.all([rig.client.connect(), rig.clock.advance(1)])
    return { ...rig, subscribes, left }
  }
  const limited = { code: 'rate-limited', message: '', retryable: true, retryAfterMs: 3_000 }

  it('is asked for again after that time, with all that were refused in one message', async () => {
    const { clock, channels, subscribes, errors } = await refusing(limited, limited)
    const one = channels.subscribe('one', () => {})
    const two = channels.subscribe('two', () => {}, { onError: (error) => errors.push(error) })
    const ready = outcomeOf(one.ready)
    await clock.advance(2_999)
    expect(ready.error).toMatchObject({ code: 'rate-limited' })
    expect([one.status.get().name, two.status.get().name]).toEqual(['refused', 'refused'])
    expect(subscribes()).toHaveLength(1)
    await clock.advance(1)
    // Refused again: the same refusal is not reported once more.
    expect(subscribes()).toHaveLength(2)
    expect(errors).toMatchObject([{ code: 'rate-limited' }])
    await clock.advance(3_000)
    expect(subscribes()).toMatchObject([
      { payload: { channels: ['one', 'two'] } },
      { payload: { channels: ['one', 'two'] } },
      { payload: { channels: ['one', 'two'] } },
    ])
    expect([one.status.get().name, two.status.get().name]).toEqual(['live', 'live'])
    expect(errors).toHaveLength(1)
  })

  it('is not asked for again where the refusal names no time', async () => {
    const { clock, channels, subscribes } = await refusing({ ...limited, retryAfterMs: undefined })
    const one = channels.subscribe('one', () => {}, { onError: () => {} })
    await clock.advance(60_000)
    expect(one.status.get().name).toBe('refused')
    expect(subscribes()).toHaveLength(1)
  })

  it('waits at least 100 ms, and through a lost connection', async () => {
    const { clock, channels, subscribes, pair } = await refusing(
      { ...limited, retryAfterMs: 0 },
      limited,
    )
    channels.subscribe('one', () => {}, { onError: () => {} })
    await clock.advance(99)
    expect(subscribes()).toHaveLength(1)
    await clock.advance(1)
    expect(subscribes()).toHaveLength(2)
    pair.last.close(1006)
    await clock.advance(2_000)
    expect(pair.ends).toHaveLength(2)
    expect(subscribes()).toHaveLength(2)
    await clock.advance(1_000)
    expect(subscribes()).toHaveLength(3)
  })

  it('resumes at its position where it was live before', async () => {
    const { clock, channels, subscribes, pair, left } = await refusing()
    const one = channels.subscribe('one', () => {}, { onError: () => {} })
    await clock.advance(1)
    left.push(limited)
    pair.last.close(1006)
    await clock.advance(1_000)
    expect(one.status.get().name).toBe('refused')
    await clock.advance(3_000)
    expect(subscribes().at(-1)).toMatchObject({ payload: { since: [['e', ['one', 7]]] } })
    expect(one.status.get().name).toBe('live')
  })

  it('leaves no timer when the client is closed, and is asked for by the next connection', async () => {
    const { clock, channels, client, subscribes } = await refusing(limited)
    const one = channels.subscribe('one', () => {}, { onError: () => {} })
    await clock.advance(1)
    client.close()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
    await Promise.all([client.connect(), clock.advance(1)])
    await clock.advance(1)
    expect(one.status.get().name).toBe('live')
    expect(subscribes()).toHaveLength(2)
  })
})
