import {
  bindList,
  bindRecord,
  ChannelSubscriber,
  ContextRegistry,
  channelEvents,
  defineManager,
  OptimisticManager,
  PresenceManager,
  pollWhileDown,
  RealtimeClient,
  refetchOn,
  sync,
  webSocketTransport,
} from 'wirefold'
import { contract } from 'wirefold/contract'
import { actioncable, anycable } from 'wirefold/dialects/actioncable'
import { duuiDialect } from 'wirefold/dialects/duui'
import { graphqlSse, graphqlSseTransport, graphqlWs } from 'wirefold/dialects/graphql-ws'
import { phoenix, supabase } from 'wirefold/dialects/phoenix'
import { withChannelAuth } from 'wirefold/dialects/pusher'
import { socketio } from 'wirefold/dialects/socketio'
import { sse } from 'wirefold/dialects/sse'
import { indexedDbStorage } from 'wirefold/indexeddb'
import {
  createRealtimeServer,
  dialectMount,
  duuiMount,
  MemoryBroker,
  nativeServer,
  realtimeRepository,
  streamsMount,
  topicsMount,
} from 'wirefold/server'
import {
  eventSourceTransport,
  longPollingTransport,
  sseStreamsTransport,
  sseTransport,
} from 'wirefold/transports'
import { scripted } from '../support/scripted.ts'

/** Options with one of an unknown name, and those that the call demands. */
const wrong = (options: object = {}): never => ({ nonsense: 1, ...options }) as never

const client = (options: object) => new RealtimeClient('ws://localhost/', options as never)
const channels = () => new ChannelSubscriber(scripted().client)
const load = async () => ({ state: [] })
const into = { reset: () => {}, fold: () => {} }
const server = () => createRealtimeServer()

/** A call with an option of an unknown name, by what the page calls it. */
type Calls = Readonly<Record<string, () => unknown>>

/** What refuses an option of an unknown name. */
export const checked: Calls = {
  '`RealtimeClient`': () => client(wrong()),
  '`RealtimeClient`: `backoff`': () => client({ backoff: wrong() }),
  '`RealtimeClient`: `heartbeat`': () => client({ heartbeat: wrong() }),
  '`RealtimeClient`: `outbox`': () => client({ outbox: wrong() }),
  '`client.request()`': () => scripted().client.request('order:place', {}, wrong()),
  '`client.publish()`': () => scripted().client.publish('shop:42', 'note', {}, wrong()),
  '`ChannelSubscriber`': () => new ChannelSubscriber(scripted().client, wrong()),
  '`subscribe()`': () => channels().subscribe('shop:42', () => {}, wrong()),
  '`PresenceManager`': () => new PresenceManager(channels(), wrong()),
  '`OptimisticManager`': () => new OptimisticManager(wrong()),
  '`ContextRegistry`': () => new ContextRegistry(wrong()),
  '`contract()`': () => contract(wrong()),
  '`createRealtimeServer()`': () => createRealtimeServer(wrong()),
  '`createRealtimeServer()`: `limits`': () => createRealtimeServer({ limits: wrong() }),
  '`server.handle()`': () => server().handle('order:place', () => 1, wrong()),
  '`MemoryBroker`': () => new MemoryBroker(wrong()),
  '`dialectMount()`': () => dialectMount(() => nativeServer, wrong()),
  '`duuiMount()`': () => duuiMount(wrong()),
  '`streamsMount()`': () => streamsMount(wrong()),
  '`topicsMount()`': () => topicsMount(wrong()),
  '`realtimeRepository()`': () =>
    realtimeRepository({} as never, {} as never, wrong({ entityName: 'Task' })),
  '`actioncable()`': () => actioncable(wrong()),
  '`anycable()`': () => anycable(wrong()),
  '`graphqlWs()`': () => graphqlWs(wrong()),
  '`graphqlSse()`': () => graphqlSse(wrong()),
  '`phoenix()`': () => phoenix(wrong()),
  '`supabase()`': () => supabase(wrong({ apikey: 'anon' })),
  '`socketio()`': () => socketio(wrong()),
  '`sse()`': () => sse(wrong()),
  '`eventSourceTransport()`': () => eventSourceTransport(wrong()),
  '`graphqlSseTransport()`': () => graphqlSseTransport(wrong()),
  '`longPollingTransport()`': () => longPollingTransport(wrong()),
  '`sseStreamsTransport()`': () => sseStreamsTransport(wrong()),
  '`sseTransport()`': () => sseTransport(wrong()),
}

/** What ignores an option of an unknown name. */
export const unchecked: Calls = {
  '`bindList()`': () => bindList(channels(), 'entity:Task', wrong({ load })),
  '`bindRecord()`': () => bindRecord(channels(), 'entity:Task:1', wrong({ load })),
  '`channelEvents()`': () => channelEvents(channels(), 'shop:42', wrong()),
  '`defineManager()`': () => defineManager(wrong({ topics: () => [], onEvent: () => {} })),
  '`pollWhileDown()`': () => pollWhileDown(scripted().client, wrong({ poll: load, into })),
  '`refetchOn()`': () => refetchOn(channels(), 'shop:42', load, wrong()),
  '`sync()`': () => sync(channels(), 'shop:42', wrong({ load, into })),
  '`server.publish()`': () => server().publish('shop:42', 'sold', {}, wrong()),
  '`duuiDialect()`': () => duuiDialect(wrong()),
  '`withChannelAuth()`': () => withChannelAuth(webSocketTransport(), wrong({ endpoint: '/auth' })),
  '`indexedDbStorage()`': () => indexedDbStorage(wrong()),
  '`webSocketTransport()`': () => webSocketTransport(undefined, wrong()),
}

/** Calls without a required option. */
export const missing: Calls = {
  'bindList() without load': () => bindList(channels(), 'entity:Task', {} as never),
  'bindRecord() without load': () => bindRecord(channels(), 'entity:Task:1', {} as never),
  'sync() without load': () => sync(channels(), 'shop:42', {} as never),
  'pollWhileDown() without poll': () => pollWhileDown(scripted().client, {} as never),
}

/** Calls with an option of the wrong kind that the client itself refuses. */
export const wrongKinds: Calls = {
  'outbox: 5': () => client({ outbox: 5 }),
  'backoff: 5': () => client({ backoff: 5 }),
  'heartbeat: 5': () => client({ heartbeat: 5 }),
  "dialect: 'phoenix'": () => client({ dialect: 'phoenix' }),
  'the dialect phoenix(), made already': () => client({ dialect: phoenix()() }),
  'options that are no object': () => client('nonsense' as never),
}
