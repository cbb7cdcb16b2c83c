import type { Unsubscribe } from '../../base/emitter.ts'
import { badOption } from '../../base/errors.ts'
import type { Readable, Writable } from '../../base/store.ts'
import { followedStore } from '../../base/store.ts'
import { tagged } from '../../base/tagged.ts'
import { ChannelSubscriber } from '../../channels/channel-subscriber.ts'
import type { ClientOptions } from '../../client/options.ts'
import { RealtimeClient } from '../../client/realtime-client.ts'
import { streamsDialect } from '../../dialects/streams/dialect.ts'
import type { ConnectionState } from '../../ports/connection-state.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import { LastSeen } from './last-seen.ts'
import type { StreamPlugin, StreamPort } from './stream-plugin.ts'

/**
 * Makes a client of a server of plugins and streams, with each plugin's API under its name.
 *
 * It connects with the first follower of one of its stores, with the first message that is sent, or
 * with `client.connect()`, and stays connected until `close()`. The call itself opens nothing.
 *
 * Throws `bad-option` if two plugins have the same name, or one has the name of another member, and
 * what a plugin throws; the connection is closed then.
 *
 * @example
 * import { chat, createStreamClient, presence } from 'wirefold/dialects/streams'
 *
 * const api = createStreamClient({
 *   url: '/websocket',
 *   stream: 'stream:123',
 *   clients: [chat({ strategy: 'streams' }), presence()],
 * })
 * api.chat.messages.subscribe(render)
 * await api.chat.send('hello')
 */
export function createStreamClient<const Plugins extends readonly StreamPlugin[]>(
  options: StreamClientOptions<Plugins>,
): StreamClient<Plugins> {
  const { url, stream, clients, parameter, ...rest } = options
  const seen = new LastSeen()
  const streamOf = (plugin: StreamPlugin): string => plugin.stream ?? `${stream}:${plugin.name}`
  const dialect = streamsDialect({
    parameter,
    clients: () =>
      clients.map((plugin) => {
        const { name, strategy } = plugin
        const lastSeen = strategy === 'streams' ? seen.of(name) : undefined
        return { name, stream: streamOf(plugin), strategy, lastSeen }
      }),
  })
  const client = new RealtimeClient(url, { ...rest, dialect })
  const { port: clientPort } = client
  const { clock, report } = clientPort
  client.state.listen(({ name }) => {
    if (name === 'open') seen.opened(clock.now())
    else seen.lost(clock.now())
  })
  // The address names the streams, so subscribing to them need not connect.
  const waiting = {
    ...clientPort,
    get dialect() {
      return clientPort.dialect
    },
    wake() {},
  }
  const channels = new ChannelSubscriber({ port: waiting })
  const newest = store<EventFrame | undefined>(undefined)
  let followers = 0

  /** Makes a store that connects the client once it is followed. */
  function store<T>(initial: T): Writable<T> {
    return followedStore(initial, report, () => {
      followers++
      // Later: a store that is followed for a moment, as some renderers on a server do, opens nothing.
      queueMicrotask(() => followers > 0 && clientPort.wake())
      return () => {
        followers--
      }
    })
  }

  function port(plugin: StreamPlugin): StreamPort {
    const { name, strategy } = plugin
    const replays = strategy === 'streams'
    let follower: ((event: EventFrame) => void) | undefined
    const subscription = channels.subscribe(streamOf(plugin), (_, event) => {
      if (replays && !seen.add(name, event.id, clock.now())) return
      follower?.(event)
      newest.set(event)
    })
    const status = store(subscription.status.get())
    subscription.status.listen((now) => status.set(now))
    // The server replays missed messages, so that there is no gap, except where nothing was received
    // yet, after which it could resume.
    subscription.status.listen((now) => {
      if (now.name === 'gap' && replays && seen.of(name) !== undefined) subscription.caughtUp()
    })
    return {
      stream: streamOf(plugin),
      strategy,
      status,
      follow: (run) => {
        follower = run
      },
      send: (type, message) => send(streamOf(plugin), type, message),
      store,
      report,
    }
  }

  async function send(to: string, type: string, message: unknown): Promise<void> {
    await client.publish(to, type, message)
  }

  const connection: StreamConnection = {
    client,
    state: client.state,
    subscribe: (run) => newest.subscribe(run),
    send: (message, type) => send(stream, type, message),
    close: () => client.close(),
  }
  const names = [...Object.keys(connection), ...clients.map(({ name }) => name)]
  const duplicate = names.find((name, at) => names.indexOf(name) !== at)
  if (duplicate !== undefined) {
    throw badOption(
      'plugins',
      `The name ${duplicate} is already in use. Give each plugin a name of its own.`,
    )
  }
  try {
    const apis = clients.map((plugin) => [plugin.name, plugin.attach(port(plugin))])
    const all = Object.fromEntries(apis) as StreamApis<Plugins>
    return tagged('StreamClient', { ...connection, ...all })
  } catch (error) {
    // The first plugin has connected the client, and the caller gets nothing to close.
    client.close()
    throw error
  }
}

/** The APIs of plugins, each under its plugin's name. */
export type StreamApis<Plugins extends readonly StreamPlugin[]> = {
  readonly [Plugin in Plugins[number] as Plugin['name']]: Plugin extends StreamPlugin<
    string,
    infer Api
  >
    ? Api
    : never
}

/** Options of {@link createStreamClient}; all others are those of `RealtimeClient`. */
export interface StreamClientOptions<Plugins extends readonly StreamPlugin[]>
  extends Omit<ClientOptions, 'dialect'> {
  /** URL of the server, without the plugins. */
  readonly url: string
  /** Prefix of the plugins' streams: a plugin's stream is `<stream>:<name>`. */
  readonly stream: string
  /** Plugins that the server is asked to run. */
  readonly clients: Plugins
  /**
   * Name of the URL's query parameter for the plugins.
   * @default 'clients'
   */
  readonly parameter?: string | undefined
}

/** The members that every stream client has besides its plugins. */
export interface StreamConnection {
  /** The underlying client. */
  readonly client: RealtimeClient
  /** State of the connection. */
  readonly state: Readable<ConnectionState>
  /**
   * Calls `run` with the newest message of any plugin, at once and for every later one; the
   * contract of a Svelte store.
   */
  subscribe(run: (event: EventFrame | undefined) => void): Unsubscribe
  /**
   * Sends a message on the stream without a plugin; resolves once it is sent, and rejects as
   * `RealtimeClient.publish` does.
   */
  send(message: unknown, type: string): Promise<void>
  /** Closes the connection. */
  close(): void
}

/** A stream client with its plugins. */
export type StreamClient<Plugins extends readonly StreamPlugin[]> = StreamConnection &
  StreamApis<Plugins>
