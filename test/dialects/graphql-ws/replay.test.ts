import { describe, expect, it } from 'vitest'
import type { Subscription } from 'wirefold'
import { isWirefoldError } from 'wirefold'
import type { Dialect, DialectFactory, Frame } from 'wirefold/dialects'
import { eventFrame, replyFrame } from 'wirefold/dialects'
import { graphqlWs } from 'wirefold/dialects/graphql-ws'
import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields } from '../../../src/protocol/fields.ts'
import { dialled } from '../../support/dialled.ts'
import { type Outcome, recordedOutcomes, recordedSession } from './recorded.ts'

/**
 * Replays the recorded session: the client does what the official one did, and the server answers as it
 * did. Returns what differs: messages of the client, and outcomes of operations.
 */
async function differences(dialect: DialectFactory): Promise<readonly string[]> {
  const found: string[] = []
  const { channels, client, clock, deliver, errors, pair, sent } = dialled(dialect, () => {}, {
    auth: (reason) => (reason === 'refused' || client.stats().opens > 0 ? 't-ana' : 'nope'),
  })
  client.on('failed', () => {})
  client.connect().catch(() => {})
  const outcomes = new Map<string, Outcome>()
  const subscriptions = new Map<string, Subscription>()
  /** The ids of this client, by those of the recording. */
  const ids = new Map<unknown, unknown>()

  function begin(id: string, { query, variables: params }: Fields): void {
    const outcome: Outcome = { data: [], end: 'none' }
    outcomes.set(id, outcome)
    const refused = (error: unknown): void => {
      if (isWirefoldError(error)) outcome.end = String(Object(error.detail).message)
    }
    const name = String(query)
    if (!name.startsWith('subscription')) {
      client.request(name, params).then((data) => {
        outcome.data.push(data)
        outcome.end = 'complete'
      }, refused)
      return
    }
    const options = { params, onError: refused }
    const subscription = channels.subscribe(name, (data) => outcome.data.push(data), options)
    subscription.status.subscribe(({ name: status }) => {
      if (status === 'ended') outcome.end = 'complete'
    })
    subscriptions.set(id, subscription)
  }

  await clock.advance(1)
  for (const line of recordedSession()) {
    if (line.from === 'network') {
      pair.last.close(line.code)
      await clock.advance(5_000)
      continue
    }
    const { message } = line
    if (line.from === 'server') {
      await deliver(
        'id' in message ? { ...message, id: ids.get(message.id) ?? message.id } : message,
      )
      continue
    }
    const id = String(message.id)
    if (message.type === 'subscribe' && !outcomes.has(id)) begin(id, asFields(message.payload))
    if (message.type === 'complete') subscriptions.get(id)?.()
    await clock.advance(1)
    const own = sent.shift()
    if (message.type === 'subscribe') ids.set(message.id, own?.id)
    const expected = 'id' in message ? { ...message, id: ids.get(message.id) } : message
    if (JSON.stringify(own) !== JSON.stringify(expected)) {
      found.push(`sent ${JSON.stringify(own)} instead of ${JSON.stringify(expected)}`)
    }
  }
  for (const [id, expected] of recordedOutcomes()) {
    const [own, recorded] = [outcomes.get(id), expected].map((outcome) => JSON.stringify(outcome))
    if (own !== recorded) found.push(`${own} came of an operation instead of ${recorded}`)
  }
  found.push(...errors.map(String))
  if (sent.length > 0) found.push(`also sent ${JSON.stringify(sent)}`)
  client.close()
  return found
}

/** The dialect with some parts replaced. */
const altered =
  (alter: (dialect: Dialect) => Partial<Dialect>): DialectFactory =>
  () => {
    const dialect = graphqlWs()()
    return { ...dialect, ...alter(dialect) }
  }

/** The dialect with the frames of some messages replaced. */
const reading = (
  read: (wire: Fields, frames: Dialect['decode']) => ReturnType<Dialect['decode']>,
) => altered(({ decode }) => ({ decode: (wire) => read(asFields(wire), decode) }))

const twins: Readonly<Record<string, DialectFactory>> = {
  'a 4403 that is final': altered(() => ({ deniedCloseCodes: [], fatalCloseCodes: [4403] })),
  'a token in another field': graphqlWs({ connectionParams: (token) => ({ authToken: token }) }),
  'no answer to a complete': reading((wire, decode) =>
    wire.type === 'complete' ? undefined : decode(wire),
  ),
  'an error that is no answer': reading((wire, decode) =>
    wire.type === 'error' ? undefined : decode(wire),
  ),
  'a result with errors that succeeds': reading((wire, decode) => {
    const { data, errors } = asFields(wire.payload)
    return errors && data ? replyFrame([String(wire.id)], data) : decode(wire)
  }),
  'a refusal that is an event': reading((wire, decode) => {
    const { data, errors } = asFields(wire.payload)
    return errors && !data ? eventFrame('x', 'next', {}) : decode(wire)
  }),
  'no message for an unsubscribe': altered(({ encode }) => ({
    encode: (intent) => (intent.kind === 'unsubscribe' ? [] : encode(intent)),
  })),
  'subscribes without variables': altered(({ encode }) => ({
    encode: (intent) =>
      encode(intent.kind === 'subscribe' ? { ...intent, params: undefined } : intent),
  })),
  'events after an end': altered(({ decode }) => {
    const seen = new Map<unknown, Frame>()
    return {
      decode(wire) {
        const frames = [decode(wire) ?? []].flat()
        const { id } = asFields(wire)
        const event = frames.find(({ kind }) => kind === 'event')
        if (event) seen.set(id, event)
        return frames.some(({ kind }) => kind === 'ended') ? [seen.get(id) ?? []].flat() : frames
      },
    }
  }),
}

describe('a recorded session of the official client', () => {
  it('is the same with wirefold', async () => {
    expect(await differences(graphqlWs())).toEqual([])
  })

  it.each(Object.entries(twins))('differs in a dialect with %s', async (_, dialect) => {
    expect(await differences(dialect)).not.toEqual([])
  })
})
