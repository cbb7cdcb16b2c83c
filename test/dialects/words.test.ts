import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, native, PresenceManager, RealtimeClient } from 'wirefold'
import type { DialectFactory, Intent } from 'wirefold/dialects'
import { actioncable, anycable, anycablePresence } from 'wirefold/dialects/actioncable'
import { duui, duuiDialect } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { graphqlSse, graphqlWs } from 'wirefold/dialects/graphql-ws'
import { phoenix, supabase } from 'wirefold/dialects/phoenix'
import { pusher } from 'wirefold/dialects/pusher'
import { sessions, socketio } from 'wirefold/dialects/socketio'
import { sse } from 'wirefold/dialects/sse'
import { streams } from 'wirefold/dialects/streams'
import { topics, withConfirmations } from 'wirefold/dialects/topics'
import { ManualClock, ScriptedPeer } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'
import { outcomeOf } from '../support/scripted.ts'
import { django } from './json/shapes.ts'

const at = { timestamp: 1, requestId: 'r' }
const presence = (action: 'join' | 'update' | 'leave' | 'heartbeat'): Intent => {
  return { kind: 'presence', ...at, action, resource: 'a', meta: undefined }
}

const INTENTS: Readonly<Record<string, Intent>> = {
  hello: {
    ...{ kind: 'hello', timestamp: 1, clientId: 'c', senderId: 's' },
    ...{ token: undefined, expectUser: undefined },
  },
  auth: { kind: 'auth', ...at, token: 't' },
  join: presence('join'),
  update: presence('update'),
  leave: presence('leave'),
  heartbeat: presence('heartbeat'),
}

/** Number of messages of an intent: 0 if none is needed, `undefined` if it is not supported. */
const messagesOf = (dialect: DialectFactory) =>
  Object.fromEntries(
    Object.entries(INTENTS).map(([name, intent]) => [name, dialect().encode(intent)?.length]),
  )

const none = {
  ...{ hello: undefined, auth: undefined },
  ...{ join: undefined, update: undefined, leave: undefined, heartbeat: undefined },
}

const UNSUPPORTED: Readonly<Record<string, DialectFactory>> = {
  topics,
  'topics, confirmed': withConfirmations(topics),
  streams,
  phoenix: phoenix(),
  duui,
  'duui, its older styles derived': duuiDialect({ legacy: 'derive' }),
  sessions,
  'graphql-sse': graphqlSse(),
  'json, without a hello': django,
}

describe('messages for credentials and presence', () => {
  it('all exist in the native dialect', () => {
    const every = { join: 1, update: 1, leave: 1, heartbeat: 1 }
    expect(messagesOf(native)).toEqual({ hello: 1, auth: 1, ...every })
  })

  it('are a greeting in the dialect of any Socket.IO server', () => {
    expect(messagesOf(socketio())).toEqual({ ...none, hello: 1 })
  })

  it('exist for presence in the entity dialect, whose server greets first', () => {
    const every = { join: 1, update: 1, leave: 1, heartbeat: 1 }
    expect(messagesOf(entity)).toEqual({ ...none, hello: 0, ...every })
  })

  it('exist in Supabase’s, which joins a channel to track there, and tracks again by itself', () => {
    const own = { join: 2, update: 2, leave: 0, heartbeat: 0 }
    expect(messagesOf(supabase({ apikey: 'key' }))).toEqual({ ...none, auth: 0, ...own })
  })

  it('exist for the greeting in the dialect graphql-ws', () => {
    expect(messagesOf(graphqlWs())).toEqual({ ...none, hello: 1 })
  })

  it('exist for credentials in the dialect sse, which sends the token with each request', () => {
    expect(messagesOf(sse())).toEqual({ ...none, auth: 1 })
  })

  it('exist for joining and leaving in the dialect of Pusher, whose auth endpoint has the rest', () => {
    expect(messagesOf(pusher)).toEqual({ ...none, hello: 0, join: 1, leave: 1 })
  })

  it('exist for presence in the dialect anycable, where it has the id of the user', () => {
    const greeted = { ...none, hello: 0 }
    const every = { join: 1, update: 1, leave: 1, heartbeat: 0 }
    expect(messagesOf(anycable({ presence: anycablePresence(() => 'ana') }))).toEqual({
      ...greeted,
      ...every,
    })
    expect(messagesOf(anycable())).toEqual(greeted)
    expect(messagesOf(actioncable())).toEqual(greeted)
  })

  it.each(Object.entries(UNSUPPORTED))('do not exist in the dialect %s', async (_, dialect) => {
    expect(messagesOf(dialect)).toEqual(none)
    const clock = new ManualClock()
    const { transport: pair, messages: sent } = new ScriptedPeer<Fields>({ clock })
    const client = new RealtimeClient('ws://test/', { transport: pair, dialect, clock })
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    const manager = new PresenceManager(new ChannelSubscriber(client))
    const handle = manager.enter('a')
    const ready = outcomeOf(handle.ready)
    await clock.advance(20_000)
    expect(ready.error).toMatchObject({ code: 'unsupported' })
    expect(errors).toEqual([])
    // An update sends the join again, while no caller waits for it.
    handle.update(1)
    await clock.advance(2_000)
    handle()
    await clock.advance(2_000)
    expect(sent).toEqual([])
    expect(errors).toMatchObject([{ code: 'unsupported' }])
    client.close()
  })
})
