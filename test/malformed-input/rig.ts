import { expect } from 'vitest'
import type { Subscription } from 'wirefold'
import { ChannelSubscriber, ContextRegistry, feed, isWirefoldError } from 'wirefold'
import type { FarEnd } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'
import type { Effect } from './hostile-case.ts'
import { Pause } from './hostile-case.ts'
import { expectPristine } from './pristine.ts'

type Context =
  | { kind: 'Doc'; path: string; parts?: readonly unknown[] }
  | { kind: 'Box'; docs: readonly unknown[] }
  | { kind: 'Count' }

/** So many entities are kept, whatever keys a peer makes up. */
const MOST_DOCS = 1_000

export type Rig = Awaited<ReturnType<typeof rig>>

/**
 * A client in the middle of its work: handlers on `wanted` and `other`, a registry fed by `docs` and
 * `counts`, a request that waits for its answer, and a subscribe that does.
 *
 * @param moment `greeting`: the socket is open, and everything waits for the welcome
 * @param history whether the server keeps what it publishes: a long test would measure its memory
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
  let asked: Subscription
  const ask = async (): Promise<void> => {
    server.silent = true
    answer = outcomeOf(client.request('question'))
    asked = channels.subscribe('asked', () => {})
    await clock.advance(0)
    server.silent = false
    request = lastId(far, 'question')
    subscribe = lastId(far, 'subscribe')
  }
  await ask()
  const known = far.received.length
  let sockets = 1
  let count = 0

  /** Sends the client whatever a case says. */
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

  /** Events on other channels arrive, contexts are folded, and requests are answered as ever. */
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

  /** The same, on the same connection, which was opened once. */
  const prove = async (): Promise<void> => {
    await proveWorking()
    expect(server.transport.last).toBe(far)
    expect(opened).toBe(sockets)
  }

  /** A channel that nobody has asked for yet can still be subscribed to. */
  const proveSubscribing = async (): Promise<void> => {
    const late = channels.subscribe('late', () => {})
    await clock.advance(0)
    expect(late.status.get().name).toBe('live')
    late()
    await clock.advance(1_000)
  }

  /** Has the server take up what waits: it welcomes us, if it has not, and answers. */
  const welcome = async (): Promise<void> => {
    release()
    await clock.advance(0)
  }

  /** Cuts the connection, and has the next one wait for its welcome. */
  const cut = async (): Promise<void> => {
    for (const off of [asked, wanted, docs]) off()
    server.drop()
    await clock.advance(0)
    client.connect()
    far = server.transport.last
    release = hold(far)
    // Long enough for the channels to be let go.
    await clock.advance(500)
    expect(client.state.get().name).toBe('connecting')
    sockets++
    server.transport.ends.splice(0, server.transport.ends.length - 1)
  }

  /** After a cut: everything is as it was at the beginning. */
  const renew = async (): Promise<void> => {
    await welcome()
    wanted = subscribeWanted()
    docs = feed(channels, 'docs', contexts)
    await clock.advance(0)
    await ask()
    server.messages.length = 0
  }

  const code = (error: unknown) => (isWirefoldError(error) ? error.code : String(error))

  /** What has become of the request. */
  const settled = () => {
    if ('error' in answer) return { error: code(answer.error) }
    return 'value' in answer && { value: answer.value }
  }

  /** Everything the frames so far have brought about. */
  const effect = (): Effect => {
    const says = said(far.received.slice(known)).map(({ type }) => String(type))
    const { name } = asked.status.get()
    return prune({
      errors: errors.map(code),
      events: events.map(({ type }) => type),
      entities: contexts.slot('Doc').keys.get(),
      answer: settled(),
      asked: (name === 'live' || name === 'refused') && name,
      wanted: wanted.status.get().name === 'refused' && 'refused',
      says: says.filter((type) => type !== 'echo' && type !== 'ping'),
    })
  }

  /** Whatever the frames did, nothing of the client has grown by what they chose. */
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
    cut,
    renew,
    effect,
    expectBounded,
  }
}

/** The messages in these frames. */
function said(frames: readonly string[]): readonly Fields[] {
  return frames.flatMap((frame): Fields | readonly Fields[] => JSON.parse(frame))
}

/** The id of what was said last. */
function lastId({ received }: FarEnd, type: string): string {
  return String(
    said(received)
      .filter((message) => message.type === type)
      .at(-1)?.requestId,
  )
}

/** Has a server take up nothing that comes, until it is released. */
function hold(far: FarEnd): () => void {
  const { onMessage } = far
  const held: string[] = []
  far.onMessage = (data) => held.push(data)
  return () => {
    far.onMessage = onMessage
    for (const data of held.splice(0)) onMessage?.(data)
  }
}

/** Leaves out what did not happen. */
function prune(effect: { readonly [name in keyof Effect]-?: Effect[name] | false }): Effect {
  return Object.fromEntries(
    Object.entries(effect).filter(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value !== false,
    ),
  )
}
