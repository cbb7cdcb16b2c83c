import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { Dialect, DialectFactory } from 'wirefold/dialects'
import * as dialects from 'wirefold/dialects'
import type { DialectMountOptions, RealtimeServer, ServerDialect } from 'wirefold/server'
import { nativeServer } from 'wirefold/server'
import { dialectSuite } from 'wirefold/testing'
import { intents } from '../../src/testing/suites/dialect-harness.ts'
import { dialled } from '../support/dialled.ts'
import { connect, until } from '../support/live.ts'
import { outcomeOf } from '../support/scripted.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

const PAGE = 'docs/writing-a-dialect.md'
const page = readFileSync(PAGE, 'utf8')
const { rooms } = await run<{ rooms: DialectFactory }>(blockWith(PAGE, 'export const rooms'))
const messages = [
  { room: 'lobby', event: 'said', body: 'hello' },
  { ok: '1', body: 7 },
  { failed: '1', error: { code: 'full', message: 'No place left.' } },
]

describe('the page about writing a dialect', () => {
  it('lists the members, intents, constructors and rules', () => {
    const optional = {
      snapshots: [],
      codec: dialects.binaryCodec,
      channelOf: undefined,
      deniedCloseCodes: [],
      retryAfter: undefined,
      waits: undefined,
    }
    const members: Record<keyof Dialect, unknown> = { ...rooms(), ...optional }
    for (const member of Object.keys(members)) expect(page).toMatch(`| \`${member}`)
    for (const { kind } of intents('r')) expect(page).toMatch(new RegExp(`^\\| .*\`${kind}\``, 'm'))
    const constructors = Object.keys(dialects).filter((name) => name.endsWith('Frame'))
    expect(constructors.length).toBeGreaterThan(5)
    for (const name of constructors) expect(page).toMatch(new RegExp(`\\| \`${name}\\(`))
    const rules = [...page.matchAll(/^(\d+)\. (.*)/gm)]
    expect(rules).toHaveLength(dialectSuite.length)
    for (const [index, { name }] of dialectSuite.entries()) {
      expect(rules[index]?.slice(1)).toEqual([
        `${index + 1}`,
        expect.stringMatching(`^${name}[.:]`),
      ])
    }
  })
})

describe('the part of the page about the server’s half', () => {
  it('lists the members of the port and the options of the mount', () => {
    const members: Required<Record<keyof ServerDialect, unknown>> = {
      ...nativeServer,
      ...{ name: '', join: 0, recovery: 0, dedupes: 0, wholeUsers: 0 },
      ...{ pings: 0, first: 0, codec: 0, events: 0, closing: 0, abuseCode: 0 },
    }
    const options: Required<Record<keyof DialectMountOptions, unknown>> = {
      ...{ protocols: 0, token: 0, snapshot: 0, opened: 0 },
    }
    for (const name of [...Object.keys(members), ...Object.keys(options)]) {
      expect(page).toMatch(new RegExp(`^\\|.*\`${name}[(\`]`, 'm'))
    }
  })

  it('shows a half that clients of the other one connect to', async () => {
    const { server } = await run<{ server: RealtimeServer }>(blockWith(PAGE, 'roomsServer'), {
      given: { userOf: async () => ({ id: 'ada' }) },
    })
    onTestFinished(() => server.close())
    server.handle('count', (by: number) => by + 1)
    const { port } = await server.listen()
    const { client } = connect(`ws://127.0.0.1:${port}/rooms`, { dialect: rooms })
    const seen: unknown[] = []
    const channels = new ChannelSubscriber(client)
    await channels.subscribe('lobby', (payload, { type }) => seen.push([type, payload])).ready
    await expect(channels.subscribe('user:jon', () => {}).ready).rejects.toMatchObject({
      code: 'forbidden',
    })
    await server.publish('lobby', 'said', 'hello')
    await until(() => expect(seen).toEqual([['said', 'hello']]))
    expect(await client.request('count', 6)).toBe(7)
    await expect(client.request('missing')).rejects.toMatchObject({ code: 'unknown-type' })
  })
})

describe('the dialect of the page', () => {
  it('passes the dialect suite', async () => {
    const tests = new Map<string, () => unknown>()
    await run(blockWith(PAGE, 'of dialectSuite'), {
      given: { it: (name: string, test: () => unknown) => tests.set(name, test), rooms, messages },
    })
    expect([...tests.keys()]).toEqual(dialectSuite.map(({ name }) => name))
    for (const test of tests.values()) await test()
  })

  it('subscribes, publishes, and receives events and replies', async () => {
    const { client, channels, clock, sent, deliver } = dialled(rooms, ({ id, call }, send) => {
      if (call === 'join-twice') send({ failed: id, error: { code: 'conflict' } })
      else if (id !== undefined) send({ ok: id, body: 'done' })
    })
    const received: unknown[] = []
    const lobby = channels.subscribe('lobby', (payload, { type }) => received.push([type, payload]))
    await clock.advance(1)
    await lobby.ready
    await deliver(messages[0])
    void client.publish('lobby', 'said', 'hi')
    const replies = ['count', 'join-twice'].map((type) => outcomeOf(client.request(type)))
    await clock.advance(1)
    expect(received).toEqual([['said', 'hello']])
    expect(sent).toMatchObject([
      { join: 'lobby' },
      { room: 'lobby', event: 'said', body: 'hi' },
      { call: 'count' },
      { call: 'join-twice' },
    ])
    expect(replies).toMatchObject([{ value: 'done' }, { error: { code: 'conflict' } }])
  })
})
