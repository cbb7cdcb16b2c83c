import { expect } from 'vitest'
import type { Subscription } from 'wirefold'
import { ChannelSubscriber, ContextRegistry, feed, isWirefoldError } from 'wirefold'
import type { FarEnd } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'
import type { Effect } from './malformed-case.ts'
import { Pause } from './malformed-case.ts'
import { expectPristine } from './pristine.ts'

type Context =
  | { kind: 'Doc'; path: string; parts?: readonly unknown[] }
  | { kind: 'Box'; docs: readonly unknown[] }
  | { kind: 'Count' }

/** Maximum number of entities of a registry, for any keys of a peer. */
const MOST_DOCS = 1_000

export type Rig = Awaited<ReturnType<typeof rig>>

/**
 * A client under test: with handlers on `wanted` and `other`, a registry fed by `docs` and `counts`,
 * a pending request, and a pending subscribe.
 *
 * @param moment `greeting`: the socket is open, and everything waits for the welcome
 * @param history whether the server stores its events, whose memory would distort long tests
 */
export async function rig(moment: 'open' | 'greeting' = 'open', history = true) {
  const { clock, server, client, errors } = scripted({
    answer: (type, payload) => (type === 'echo' ? payload : undefined),
  })
  let opened = 0
  client.on('opened', () => opened++)
  const channels = new ChannelSubscriber(client)
  const faults: unknown[] = []
  const onError = (error: unknown) => faults.push(error)
  const contexts = new ContextRegistry<Context>({ dedupe: { entries: 1_000 }, onError })
    .keyed('Doc', (doc) => doc.path, {
      apply: 'merge',
      maxEntries: MOST_DOCS,
      parts: (doc) => doc.parts ?? [],
    })
    .union('Box', (box) => box.docs)
    .reduce('Count', { initial: 0, apply: (count) => count + 1 })
  const events: { type: string; payload: unknown }[] = []
  const others: unknown[] = []
  const subscribeWanted = () =>
    channels.subscribe('wanted', (payload, { type }) => events.push({ type, payload }))
  let wanted = subscribeWanted()
  channels.subscribe('other', (payload) => others.push(payload))
  feed(channels, 'counts', contexts)
  let docs = feed(channels, 'docs', contexts)

  let far = server.transport.last
  let release = moment === 'greeting' ? hold(far) : () => {}
  if (moment === 'open') await clock.advance(0)

  let request = ''
  let subscribe = ''
  let answer: { value?: unknown; error?: unknown } = {}
  let later: Subscription
  const startPending = async (): Promise<void> => {
    server.silent = true
    answer = outcomeOf(client.request('pending'))
    later = channels.subscribe('later', () => {})
    await clock.advance(0)
    server.silent = false
    request = lastId(far, 'pending')
    subscribe = lastId(far, 'subscribe')
  }
  await startPending()
  const known = far.received.length
  let sockets = 1
  let count = 0

  /** Sends a frame of a case to the client. */
  const inject = async (frame: unknown): Promise<void> => {
    if (frame instanceof Pause) return clock.advance(frame.ms)
    far.send(
      typeof frame === 'string'
        ? frame.replaceAll('<request>', request).replaceAll('<subscribe>', subscribe)
        : frame,
    )
    await clock.advance(0)
  }

  const publish = (channel: string, payload: unknown): void => {
    if (history) server.publish(channel, 'still', payload)
    else server.send({ type: 'still', channel, payload })
  }

  /** Checks that other channels, contexts and requests work. */
  const proveWorking = async (): Promise<void> => {
    const n = ++count
    const echo = outcomeOf(client.request('echo', { n }))
    publish('other', n)
    publish('counts', { kind: 'Count' })
    await clock.advance(0)
    expect(echo).toEqual({ value: { n } })
    expect(others.splice(0)).toEqual([n])
    expect(contexts.entity('Count').get()).toBe(n)
    expect(client.state.get().name).toBe('open')
    expectPristine()
  }

  /** Checks the same on the same connection, which was opened once. */
  const prove = async (): Promise<void> => {
    await proveWorking()
    expect(server.transport.last).toBe(far)
    expect(opened).toBe(sockets)
  }

  /** Checks that another channel can still be subscribed to. */
  const proveSubscribing = async (): Promise<void> => {
    const late = channels.subscribe('late', () => {})
    await clock.advance(0)
    expect(late.status.get().name).toBe('live')
    late()
    await clock.advance(1_000)
  }

  /** Releases the server, which then sends the welcome and replies. */
  const welcome = async (): Promise<void> => {
    release()
    await clock.advance(0)
  }

  /** Drops the connection, and holds back the welcome of the next one. */
  const disconnect = async (): Promise<void> => {
    for (const off of [later, wanted, docs]) off()
    server.drop()
    await clock.advance(0)
    client.connect()
    far = server.transport.last
    release = hold(far)
    // Longer than the linger time of the channels.
    await clock.advance(500)
    expect(client.state.get().name).toBe('connecting')
    sockets++
    server.transport.ends.splice(0, server.transport.ends.length - 1)
  }

  /** Restores the initial state after a disconnect. */
  const renew = async (): Promise<void> => {
    await welcome()
    wanted = subscribeWanted()
    docs = feed(channels, 'docs', contexts)
    await clock.advance(0)
    await startPending()
    server.messages.length = 0
  }

  const code = (error: unknown) => (isWirefoldError(error) ? error.code : String(error))

  /** Returns the outcome of the request, or false. */
  const settled = () => {
    if ('error' in answer) return { error: code(answer.error) }
    return 'value' in answer && { value: answer.value }
  }

  /** Returns all effects of the frames so far. */
  const effect = (): Effect => {
    const sends = messagesIn(far.received.slice(known)).map(({ type }) => String(type))
    const { name } = later.status.get()
    return prune({
      errors: errors.map(code),
      events: events.map(({ type }) => type),
      entities: contexts.slot('Doc').keys.get(),
      answer: settled(),
      later: (name === 'live' || name === 'refused') && name,
      wanted: wanted.status.get().name === 'refused' && 'refused',
      sends: sends.filter((type) => type !== 'echo' && type !== 'ping'),
    })
  }

  /** Checks that nothing in the client has grown with the frames. */
  const expectBounded = (): void => {
    expect(client.pending.get()).toEqual({ queued: 0, sent: settled() ? 0 : 1 })
    expect(channels.size).toBe(5)
    expect(contexts.slot('Doc').size).toBeLessThanOrEqual(MOST_DOCS)
    expect(contexts.unknown.get().size).toBeLessThanOrEqual(100)
    expect(faults).toEqual([])
  }

  return {
    clock,
    server,
    client,
    events,
    errors,
    inject,
    proveWorking,
    prove,
    proveSubscribing,
    welcome,
    disconnect,
    renew,
    effect,
    expectBounded,
  }
}

/** Returns the messages in these frames. */
function messagesIn(frames: readonly string[]): readonly Fields[] {
  return frames.flatMap((frame): Fields | readonly Fields[] => JSON.parse(frame))
}

/** Returns the request id of the last message of this type. */
function lastId({ received }: FarEnd, type: string): string {
  return String(
    messagesIn(received)
      .filter((message) => message.type === type)
      .at(-1)?.requestId,
  )
}

/** Holds back all messages to a server until the returned function is called. */
function hold(far: FarEnd): () => void {
  const { onMessage } = far
  const held: string[] = []
  far.onMessage = (data) => held.push(data)
  return () => {
    far.onMessage = onMessage
    for (const data of held.splice(0)) onMessage?.(data)
  }
}

/** Removes the effects that did not occur. */
function prune(effect: { readonly [name in keyof Effect]-?: Effect[name] | false }): Effect {
  return Object.fromEntries(
    Object.entries(effect).filter(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value !== false,
    ),
  )
}
