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
  it('refuses a name with half a surrogate pair, and accepts whole pairs', () => {
    const { channels } = subscribed()
    expect(() => channels.subscribe('a\ud800', () => {})).toThrow('not a valid channel')
    channels.subscribe('a😀', () => {})
  })

  it('sends one subscription for any number of handlers', async () => {
    const { clock, server, channels } = subscribed()
    const received: string[] = []
    const offs = ['a', 'b', 'c'].map((name) =>
      channels.subscribe<string>('news', (payload) => received.push(name + payload)),
    )
    await clock.advance(1)
    server.publish('news', 'note', 1)
    await clock.advance(1)
    offs[1]?.()
    server.publish('news', 'note', 2)
    await clock.advance(1_000)
    expect(received).toEqual(['a1', 'b1', 'c1', 'a2', 'c2'])
    expect([server.count('subscribe'), server.count('unsubscribe')]).toEqual([1, 0])
    for (const off of offs) off()
    await clock.advance(249)
    expect(server.count('unsubscribe')).toBe(0)
    await clock.advance(2)
    expect(server.count('unsubscribe')).toBe(1)
    expect([server.subscribed.size, channels.size]).toEqual([0, 0])
  })

  it('calls the handler of the type of an event, and none of an inherited name', async () => {
    const { clock, server, channels, errors } = subscribed()
    const sent = ['note', 'other', 'toString', '__proto__', 'constructor', 'note']
    const received: unknown[] = []
    const types: string[] = []
    channels.subscribe('news', { note: (payload, { type }) => received.push([type, payload]) })
    channels.subscribe('news', (_, { type }) => types.push(type))
    await clock.advance(1)
    for (const [at, type] of sent.entries()) server.publish('news', type, at)
    await clock.advance(1)
    expect(types).toEqual(sent)
    expect(received).toEqual([
      ['note', 0],
      ['note', 5],
    ])
    expect(errors).toEqual([])
  })

  it('sends nothing if a view is unmounted and mounted again within the linger time', async () => {
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

  it('counts the time in which the machine sleeps for the linger time', async () => {
    const { clock, server, client } = scripted()
    const channels = new ChannelSubscriber(client, { lingerMs: 60_000 })
    const off = channels.subscribe('news', () => {})
    await clock.advance(1_000)
    off()
    await clock.advance(1_000)
    expect(server.count('unsubscribe')).toBe(0)
    // The monotonic clock stands still meanwhile, as on most platforms.
    clock.sleep(60_000, false)
    await clock.advance(1_100)
    expect(server.count('unsubscribe')).toBe(1)
  })

  it('batches the subscribes of one task into one message, and resubscribes with one', async () => {
    const { clock, server, client, channels } = subscribed()
    await Promise.all([client.connect(), clock.advance(1)])
    for (const name of ['a', 'b', 'c']) channels.subscribe(name, () => {})
    await clock.advance(1)
    server.drop()
    await clock.advance(1_000)
    const commands = server.messages.filter(({ type }) => type === 'subscribe')
    expect(commands.map(({ payload }) => payload)).toEqual([
      { channels: ['a', 'b', 'c'] },
      { channels: [], since: [['e1', ['a', 0, 'b', 0, 'c', 0]]] },
    ])
  })

  it('splits subscribes that exceed one message', async () => {
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

  it('releases one of two equal handlers, even if released twice', async () => {
    const { clock, server, channels } = subscribed()
    let calls = 0
    const handler = () => calls++
    const off = channels.subscribe('news', handler)
    channels.subscribe('news', handler)
    await clock.advance(1)
    off()
    off()
    off.dispose()
    server.publish('news', 'note')
    await clock.advance(1_000)
    expect(calls).toBe(1)
    expect(server.count('unsubscribe')).toBe(0)
  })

  it('continues after a handler throws or rejects, and reports the error', async () => {
    const { clock, server, channels, errors } = subscribed()
    const received: unknown[] = []
    channels.subscribe('news', () => {
      throw new Error('oops')
    })
    channels.subscribe('news', async () => {
      throw new Error('later')
    })
    channels.subscribe('news', (payload) => received.push(payload))
    await clock.advance(1)
    server.publish('news', 'note', 'it')
    await clock.advance(1)
    expect(received).toEqual(['it'])
    expect(errors).toMatchObject([
      { code: 'handler-failed', cause: { message: 'oops' } },
      { code: 'handler-failed', cause: { message: 'later' } },
    ])
  })

  it('allows handlers to release themselves and each other during delivery', async () => {
    const { clock, server, channels } = subscribed()
    const received: string[] = []
    const first = channels.subscribe('news', () => {
      received.push('first')
      first()
      second()
      channels.subscribe('news', () => received.push('late'))
    })
    const second = channels.subscribe('news', () => received.push('second'))
    channels.subscribe('news', () => received.push('third'))
    await clock.advance(1)
    server.publish('news', 'note')
    await clock.advance(1)
    expect(received).toEqual(['first', 'third'])
    server.publish('news', 'note')
    await clock.advance(1)
    expect(received).toEqual(['first', 'third', 'third', 'late'])
  })

  it("reports the server's refusal, and does not retry by itself", async () => {
    let code: string | undefined = 'forbidden'
    const { clock, server, channels, errors } = subscribed({ refuse: () => code })
    const reported: unknown[] = []
    const first = channels.subscribe('secret', () => {})
    const ready = outcomeOf(first.ready)
    channels.subscribe('secret', () => {}, { onError: (error) => reported.push(error) })
    await clock.advance(1)
    expect(ready.error).toMatchObject({ code: 'forbidden', detail: { channel: 'secret' } })
    expect(reported).toMatchObject([{ code: 'forbidden' }])
    expect(errors).toEqual([])
    expect(first.status.get()).toMatchObject({ name: 'refused', error: { code: 'forbidden' } })
    server.drop()
    await clock.advance(5_000)
    expect(server.count('subscribe')).toBe(1)
    code = undefined
    const anew = channels.subscribe('secret', () => {})
    await clock.advance(1)
    expect(server.count('subscribe')).toBe(2)
    expect([first.status.get(), anew.status.get()]).toEqual([{ name: 'live' }, { name: 'live' }])
    await Promise.all([first.ready, anew.ready])
  })

  it('reports a refusal without an onError handler to the client, once', async () => {
    const { clock, channels, errors } = subscribed({ refuse: () => 'forbidden' })
    channels.subscribe('secret', () => {})
    channels.subscribe('secret', () => {})
    await clock.advance(1)
    expect(errors).toMatchObject([{ code: 'forbidden' }])
  })

  it('treats a revocation as a refusal', async () => {
    const { clock, server, channels } = subscribed()
    const reported: unknown[] = []
    const off = channels.subscribe('news', () => {}, { onError: (error) => reported.push(error) })
    await clock.advance(1)
    server.send({ type: 'unsubscribed', channel: 'news', payload: { code: 'forbidden' } })
    await clock.advance(1)
    expect(off.status.get()).toMatchObject({ name: 'refused' })
    expect(reported).toMatchObject([{ code: 'forbidden', detail: { channel: 'news' } }])
    server.drop()
    await clock.advance(5_000)
    expect(server.subscribed.size).toBe(0)
  })

  it('retries when the reply to a subscribe or unsubscribe is lost', async () => {
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

  it('unsubscribes from a channel whose subscribe was never answered', async () => {
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

  it('shows the status of a channel, including a disconnect', async () => {
    const { clock, server, channels } = subscribed()
    const seen: string[] = []
    const off = channels.subscribe('news', () => {})
    off.status.subscribe(({ name }) => seen.push(name))
    await clock.advance(1)
    server.drop()
    await clock.advance(5_000)
    expect(seen).toEqual(['pending', 'live', 'recovering', 'live'])
  })

  it('rejects ready if the subscription is released before it is live', async () => {
    const { clock, channels } = subscribed()
    const off = channels.subscribe('news', () => {})
    const ready = outcomeOf(off.ready)
    off()
    await settle()
    expect(ready.error).toMatchObject({ code: 'aborted', detail: { channel: 'news' } })
    await clock.advance(1)
    await expect(off.ready).rejects.toMatchObject({ code: 'aborted' })
  })

  it('is released by a signal that is aborted now or later', async () => {
    const { clock, server, channels } = subscribed()
    const controller = new AbortController()
    const received: unknown[] = []
    channels.subscribe('news', (payload) => received.push(payload), { signal: controller.signal })
    await clock.advance(1)
    controller.abort()
    channels.subscribe('news', (payload) => received.push(payload), { signal: controller.signal })
    server.publish('news', 'note', 1)
    await clock.advance(1_000)
    expect(received).toEqual([])
    expect(server.subscribed.size).toBe(0)
  })

  it('has members that work on their own, without the subscription', async () => {
    const { clock, server, channels } = subscribed()
    const received: unknown[] = []
    const { channel, ready, renew, caughtUp, dispose } = channels.subscribe('news', (payload) =>
      received.push(payload),
    )
    await clock.advance(1)
    await ready
    renew()
    caughtUp()
    await clock.advance(1)
    server.publish('news', 'said', 1)
    await clock.advance(1)
    dispose()
    renew()
    server.publish('news', 'said', 2)
    await clock.advance(1)
    expect([channel, received, server.count('subscribe')]).toEqual(['news', [1], 2])
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

  it('accepts names of Object.prototype properties, and refuses invalid names', async () => {
    const { clock, server, channels } = subscribed()
    const received: unknown[] = []
    for (const name of ['__proto__', 'constructor', 'toString']) {
      channels.subscribe(name, (_, event) => received.push(event.channel))
    }
    await clock.advance(1)
    for (const name of ['__proto__', 'constructor', 'toString', 'valueOf']) {
      server.send({ type: 'note', channel: name })
    }
    await clock.advance(1)
    expect(received).toEqual(['__proto__', 'constructor', 'toString'])
    for (const name of ['', 'a\nb', 'x'.repeat(257)]) {
      expect(() => channels.subscribe(name, () => {})).toThrow(/is not a valid channel/)
    }
  })

  it('delivers events of a family to the subscribers of the family', async () => {
    const { clock, server, channels } = subscribed()
    const received: string[] = []
    channels.subscribe('agent:*', (_, { channel }) => received.push(`family ${channel}`))
    channels.subscribe('agent:1', (_, { channel }) => received.push(`exact ${channel}`))
    await clock.advance(1)
    server.send({ type: 'moved', channel: 'agent:1' })
    server.send({ type: 'moved', channel: 'agent:1', via: 'agent:*' })
    server.send({ type: 'moved', channel: 'agent:2', via: 'agent:*' })
    await clock.advance(1)
    expect(received).toEqual(['exact agent:1', 'family agent:1', 'family agent:2'])
  })

  it('subscribes anew with renew(), without a gap', async () => {
    const { clock, server, channels } = subscribed()
    const received: unknown[] = []
    const subscription = channels.subscribe('news', (payload) => received.push(payload))
    const statuses: string[] = []
    subscription.status.subscribe(({ name }) => statuses.push(name))
    await clock.advance(1)
    server.publish('news', 'note', 1)
    await clock.advance(1)
    subscription.renew()
    subscription.renew()
    await clock.advance(1)
    expect(server.messages.at(-1)).toMatchObject({
      ...{ type: 'subscribe', payload: { channels: ['news'] } },
    })
    expect(server.count('subscribe')).toBe(2)
    server.publish('news', 'note', 2)
    await clock.advance(1)
    expect([received, subscription.position?.offset]).toEqual([[1, 2], 2])
    expect(statuses).toEqual(['pending', 'live', 'pending', 'live'])
    subscription()
    subscription.renew()
    await clock.advance(1)
    expect(server.count('subscribe')).toBe(2)
  })

  it('uses the later reply if it is renewed while a subscribe is pending', async () => {
    const { clock, server, channels } = subscribed()
    const subscription = channels.subscribe('news', () => {})
    await clock.advance(1)
    server.publish('news', 'note', 1)
    await clock.advance(1)
    server.drop()
    server.silent = true
    while (server.count('subscribe') < 2) await clock.advance(100)
    server.send({ type: 'welcome', payload: {} })
    subscription.renew()
    await clock.advance(1)
    const commands = server.messages.filter(({ type }) => type === 'subscribe')
    expect(commands).toHaveLength(3)
    const answer = (n: number, payload: unknown) =>
      server.send({ type: 'subscribed', requestId: commands[n]?.requestId, payload })
    answer(1, {})
    await clock.advance(1)
    expect(subscription.status.get().name).toBe('pending')
    answer(2, { at: { news: ['e1', 4] } })
    await clock.advance(1)
    expect(subscription.position).toEqual({ epoch: 'e1', offset: 4 })
    expect(subscription.status.get().name).toBe('live')
  })

  it('rejects a subscription that the backend does not support', async () => {
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
    'reports an exception of the application’s encode at a %s with its cause',
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
      expect(errors).toMatchObject([
        { code: 'dialect-failed', detail: { dialect: 'native', method: 'encode' }, cause },
      ])
    },
  )

  it('can be created when the connection is already open', async () => {
    const { clock, server, client } = scripted()
    await Promise.all([client.connect(), clock.advance(1)])
    new ChannelSubscriber(client).subscribe('news', () => {})
    await clock.advance(1)
    expect([...server.subscribed]).toEqual(['news'])
  })

  it('can be created once per client', () => {
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

describe('a subscription that is refused temporarily', () => {
  /** A server that refuses subscribes with these refusals in turn, and then accepts. */
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

  it('is retried after the given time, together with all other refused channels in one message', async () => {
    const { clock, channels, subscribes, errors } = await refusing(limited, limited)
    const one = channels.subscribe('one', () => {})
    const two = channels.subscribe('two', () => {}, { onError: (error) => errors.push(error) })
    const ready = outcomeOf(one.ready)
    await clock.advance(2_999)
    expect(ready.error).toMatchObject({ code: 'rate-limited' })
    expect([one.status.get().name, two.status.get().name]).toEqual(['refused', 'refused'])
    expect(subscribes()).toHaveLength(1)
    await clock.advance(1)
    // The second refusal equals the first, so it is not reported again.
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

  it('is not retried if the refusal contains no time', async () => {
    const { clock, channels, subscribes } = await refusing({ ...limited, retryAfterMs: undefined })
    const one = channels.subscribe('one', () => {}, { onError: () => {} })
    await clock.advance(60_000)
    expect(one.status.get().name).toBe('refused')
    expect(subscribes()).toHaveLength(1)
  })

  it('waits at least 100 ms before the retry, and keeps waiting after a disconnect', async () => {
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

  it('resumes at its position if it was live before', async () => {
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

  it('leaves no timer when the client is closed, and is retried on the next connection', async () => {
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
