/*
 * A program of an application: imports the given entries, creates the objects that are usually
 * created at module level, and prints the calls made meanwhile that some runtimes forbid there.
 *
 * usage: node quiet-run.mjs import|require node|page <entry>…
 */
import { createRequire, syncBuiltinESMExports } from 'node:module'

const require = createRequire(import.meta.url)
const [kind, place, ...entries] = process.argv.slice(2)
const recorded = new Set()
let scope = 'the peers'

/** Records every call of some functions. */
function record(owner, names, label) {
  for (const name of names) {
    const original = owner?.[name]
    if (typeof original !== 'function') continue
    const value = function (...args) {
      recorded.add(`${label}${name} at ${scope}`)
      return original.apply(this, args)
    }
    Object.defineProperty(owner, name, { configurable: true, writable: true, value })
  }
}

// The side effects of importing the peers do not count, and Vue needs more of a page than this one.
await import('ws')
await import('react')
await import('vue')

if (place === 'page') {
  const page = new EventTarget()
  globalThis.window = globalThis
  globalThis.document = page
  globalThis.addEventListener = page.addEventListener.bind(page)
  globalThis.removeEventListener = page.removeEventListener.bind(page)
}
const { log } = console
record(Math, ['random'], 'Math.')
record(globalThis.crypto, ['getRandomValues', 'randomUUID'], 'crypto.')
const drawing = ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID']
record(require('node:crypto'), drawing, 'node:crypto.')
const timers = ['setTimeout', 'setInterval', 'setImmediate']
record(globalThis, [...timers, 'queueMicrotask', 'requestAnimationFrame', 'fetch'], '')
record(require('node:timers'), timers, 'node:timers.')
record(console, Object.keys(console), 'console.')
record(process.stdout, ['write'], 'stdout.')
record(process.stderr, ['write'], 'stderr.')
record(process, ['emitWarning', 'on', 'once'], 'process.')
record(require('node:net').Server.prototype, ['listen'], 'net.Server.')
record(require('node:net').Socket.prototype, ['connect'], 'net.Socket.')
syncBuiltinESMExports()
for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
  const get = () => void recorded.add(`${name} at ${scope}`)
  Object.defineProperty(globalThis, name, { configurable: true, get })
}

const modules = {}
for (const entry of entries) {
  scope = `the import of ${entry}`
  modules[entry] = kind === 'require' ? require(entry) : await import(entry)
}

scope = 'module level'
const { wirefold: w, 'wirefold/server': s, 'wirefold/testing': t } = modules
const client = new w.RealtimeClient('wss://example.org/ws')
const channels = new w.ChannelSubscriber(client)
const contexts = new w.ContextRegistry().keyed('Task', ({ id }) => id)
contexts.entity('Task', '1')
w.createStore(1)
w.storeFactory({ notify: 'frame' })
w.webSocketTransport()
w.defineManager({ topics: ['room:1'], onEvent() {} })
new w.PresenceManager(channels)
new w.OptimisticManager({ client, channels }).pending.get()
for (const dialect of [
  modules['wirefold/dialects/duui'].duui,
  modules['wirefold/dialects/entity'].entity,
  modules['wirefold/dialects/topics'].topics,
  modules['wirefold/dialects/streams'].streams,
  modules['wirefold/dialects/socketio'].sessions,
  modules['wirefold/dialects/socketio'].socketio({ join: 'join' }),
  modules['wirefold/dialects/phoenix'].phoenix(),
  modules['wirefold/dialects/phoenix'].supabase({ apikey: 'key' }),
  modules['wirefold/dialects/graphql-ws'].graphqlWs(),
  modules['wirefold/dialects/graphql-ws'].graphqlSse(),
  modules['wirefold/dialects/sse'].sse(),
  modules['wirefold/dialects/pusher'].pusher,
  modules['wirefold/dialects/actioncable'].actioncable(),
  modules['wirefold/dialects/actioncable'].anycable(),
  modules['wirefold/dialects/json'].jsonDialect({
    receive: { event: { channel: 'room', type: 'event' } },
  }),
]) {
  new w.RealtimeClient('wss://example.org/ws', { dialect })
}
const { reconnectingWebSocket } = modules['wirefold/reconnecting-websocket']
new w.RealtimeClient('wss://example.org/ws', { transport: reconnectingWebSocket() })
const { sseTransport, sseStreamsTransport } = modules['wirefold/transports']
new w.RealtimeClient('https://example.org/events', { transport: sseTransport() })
new w.RealtimeClient('https://example.org', { transport: sseStreamsTransport() })
const { indexedDbStorage } = modules['wirefold/indexeddb']
new w.RealtimeClient('wss://example.org/ws', { outbox: { storage: indexedDbStorage() } })
const server = s.createRealtimeServer()
server.handle('echo', (payload) => payload)
server.mount('/duui', s.duuiMount())
new s.WebSocketManager()
new s.MemoryBroker()
new s.ChannelManager()
new s.PresenceTracker()
new s.EventBus()
new s.MemoryTimelineStore()
new t.ScriptedServer({ clock: new t.ManualClock() })
new t.MemoryOutboxDatabase()
scope = 'the end'

log(JSON.stringify([...recorded]))
