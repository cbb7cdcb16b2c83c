import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { RealtimeServer } from 'wirefold/server'
import {
  attach,
  chatPlugin,
  createRealtimeServer,
  definePlugin,
  dialectMount,
  entityMount,
  streamsMount,
  topicsMount,
} from 'wirefold/server'
import { wirefold } from 'wirefold/vite'

type Call = (server: RealtimeServer) => unknown

/** Calls that the types forbid, of a program in JavaScript, each with words of its error. */
const calls: readonly [call: string, make: Call, words: string][] = [
  ['attach(app)', (server) => server.attach((() => {}) as never), 'takes an HTTP server'],
  ['attach()', (server) => server.attach(undefined as never), 'takes an HTTP server'],
  ['attach({})', (server) => server.attach({} as never), 'takes an HTTP server'],
  ['attach(http, "ws")', (server) => server.attach(createServer(), 'ws'), 'begins with "/"'],
  ['attach(http, "/ws?x")', (server) => server.attach(createServer(), '/ws?x'), 'without "?"'],
  ['mount("/*", …)', (server) => server.mount('/*', entityMount()), '"/*" is no path'],
  ['mount("/a", entityMount)', (server) => server.mount('/a', entityMount as never), 'is no mount'],
  ['mount("/a")', (server) => server.mount('/a', undefined as never), 'is no mount'],
  ['setUp()', (server) => server.setUp(undefined as never), 'option setup of setUp() is'],
  ['setUp(() => ({}))', (server) => server.setUp((() => ({})) as never), 'end of the result of'],
  ['on("connected")', (server) => server.on('connected', 7 as never), 'option connected of'],
  ['handle("error", …)', (server) => server.handle('error', () => 1), 'none of auth, '],
  ['attach({}, …)', () => attach({} as never, () => {}), 'takes a RealtimeServer'],
  ['attach(server)', (server) => attach(server, undefined as never), 'and a function'],
  ['limits', () => createRealtimeServer({ limits: { subscriptions: -1 } }), 'of limits is -1.'],
  [
    'perUser',
    () => createRealtimeServer({ limits: { perUser: { connections: 'x' as never } } }),
    'connections of perUser is "x". Use a number from 0',
  ],
  ['heartbeatMs', () => createRealtimeServer({ heartbeatMs: Number.NaN }), 'heartbeatMs of the'],
  [
    'authenticate',
    () => createRealtimeServer({ authenticate: 'x' as never }),
    'option authenticate of the server is "x". Use a function.',
  ],
  ['plugin', () => streamsMount({ plugin: [] } as never), 'does not know the name plugin'],
  ['snapshots', () => topicsMount({ snapshots: 1 } as never), 'does not know the name snapshots'],
  ['tokens', () => dialectMount({} as never, { tokens: 1 } as never), 'the name tokens'],
  ['chatPlugin', () => streamsMount({ plugins: [chatPlugin as never] }), 'chatPlugin()'],
  ['message', () => definePlugin({ name: 'a', message: 5 as never }), 'message of the plugin a'],
  ['wirefold()', () => wirefold(undefined as never), 'setup of the plugin wirefold() is null'],
  ['setUp:', () => wirefold({ setUp: 'a' } as never), 'the name setUp. Use setup'],
  ['workers', () => wirefold({ setup: 'a', workers: 'b' as never }), 'Use an array'],
]

describe('a wrong argument', () => {
  it.each(calls)('of %s is named in the error', (_, make, words) => {
    const server = createRealtimeServer()
    expect(() => make(server)).toThrow(words)
  })
})
