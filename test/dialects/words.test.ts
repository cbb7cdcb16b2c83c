import { describe, expect, it } from 'vitest'
import type { DialectFactory, Intent } from 'wirefold'
import { ChannelSubscriber, native, PresenceManager, RealtimeClient } from 'wirefold'
import { duui, duuiDialect } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { socketio } from 'wirefold/dialects/socketio'
import { streams } from 'wirefold/dialects/streams'
import { topics, withConfirmations } from 'wirefold/dialects/topics'
import { ManualClock } from 'wirefold/testing'
import { farEnd } from '../support/far-end.ts'
import { outcomeOf } from '../support/scripted.ts'

const said = { timestamp: 1, requestId: 'r' }
const presence = (action: 'join' | 'update' | 'leave' | 'heartbeat'): Intent => {
  return { kind: 'presence', ...said, action, resource: 'a', meta: undefined }
}

const INTENTS: Readonly<Record<string, Intent>> = {
  hello: {
    ...{ kind: 'hello', timestamp: 1, clientId: 'c', senderId: 's' },
    ...{ token: undefined, expectUser: undefined },
  },
  auth: { kind: 'auth', ...said, token: 't' },
  join: presence('join'),
  update: presence('update'),
  leave: presence('leave'),
  heartbeat: presence('heartbeat'),
}

/** How many messages an intent takes: 0 where it goes without saying, `undefined` where there is no word. */
const wordsOf = (dialect: DialectFactory) =>
  Object.fromEntries(
    Object.entries(INTENTS).map(([name, intent]) => [name, dialect().encode(intent)?.length]),
  )

const none = {
  ...{ hello: undefined, auth: undefined },
  ...{ join: undefined, update: undefined, leave: undefined, heartbeat: undefined },
}

const WORDLESS: Readonly<Record<string, DialectFactory>> = {
  topics,
  'topics, confirmed': withConfirmations(topics),
  streams,
  duui,
  'duui, its older styles derived': duuiDialect({ legacy: 'derive' }),
  socketio,
}

describe('the words of a dialect for who we are and where', () => {
  it('are all there in the native one', () => {
    const every = { join: 1, update: 1, leave: 1, heartbeat: 1 }
    expect(wordsOf(native)).toEqual({ hello: 1, auth: 1, ...every })
  })

  it('are there for presence in that of entities, which is greeted without a word', () => {
    const every = { join: 1, update: 1, leave: 1, heartbeat: 1 }
    expect(wordsOf(entity)).toEqual({ ...none, hello: 0, ...every })
  })

  it.each(Object.entries(WORDLESS))('are missing in that of %s', async (_, dialect) => {
    expect(wordsOf(dialect)).toEqual(none)
    const clock = new ManualClock()
    const { pair, sent } = farEnd(clock)
    const client = new RealtimeClient('ws://test/', { transport: pair, dialect, clock })
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    const manager = new PresenceManager(new ChannelSubscriber(client))
    const here = manager.enter('a')
    const ready = outcomeOf(here.ready)
    await clock.advance(20_000)
    expect(ready.error).toMatchObject({ code: 'unsupported' })
    expect(errors).toEqual([])
    // To want it anew is to ask anew, and nobody waits for the answer.
    here.update(1)
    await clock.advance(2_000)
    here()
    await clock.advance(2_000)
    expect(sent).toEqual([])
    expect(errors).toMatchObject([{ code: 'unsupported' }])
    client.close()
  })
})
