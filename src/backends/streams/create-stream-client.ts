import type { Unsubscribe } from '../../base/emitter.ts'
import type { Readable } from '../../base/store.ts'
import { createStore } from '../../base/store.ts'
import { tagged } from '../../base/tagged.ts'
import { ChannelSubscriber } from '../../channels/channel-subscriber.ts'
import type { ClientOptions } from '../../client/options.ts'
import { RealtimeClient } from '../../client/realtime-client.ts'
import { streamsDialect } from '../../dialects/streams/dialect.ts'
import type { ConnectionState } from '../../ports/connection-state.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import { LastSeen } from './last-seen.ts'
import type { StreamPlugin, StreamPort } from './stream-plugin.ts'

/** The APIs of plugins, each under its plugin's name. */
export type StreamApis<Plugins extends readonly StreamPlugin[]> = {
  readonly [Plugin in Plugins[number] as Plugin['name']]: Plugin extends StreamPlugin<
    string,
    infer Api
  >
    ? Api
    : never
}

/** How a stream client is made; what goes beyond the first members is the client's own. */
export interface StreamClientOptions<Plugins extends readonly StreamPlugin[]>
  extends Omit<ClientOptions, 'dialect'> {
  /** The address of the server, without the plugins. */
  readonly url: string
  /** What the plugins are about: a plugin's stream is this and its name. */
  readonly stream: string
  /** The plugins to ask for. */
  readonly clients: Plugins
  /**
   * What the server calls the parameter of the address that names the plugins.
   * @default 'clients'
   */
  readonly parameter?: string | undefined
}

/** What every stream client has beside its plugins. */
export interface StreamConnection {
  /** The client behind it. */
  readonly client: RealtimeClient
  /** Whether there is a connection. */
  readonly state: Readable<ConnectionState>
  /** Calls `run` at once and with every message of any plugin, the newest of now first; a Svelte store. */
  subscribe(run: (event: EventFrame | undefined) => void): Unsubscribe
  /**
   * Sends a message that belongs to no plugin; settles once it is sent, and rejects as
   * `RealtimeClient.publish` does.
   */
  send(message: unknown, type: string): Promise<void>
  /** Closes the connection. */
  close(): void
}

/** A stream client with its plugins. */
export type StreamClient<Plugins extends readonly StreamPlugin[]> = StreamConnection &
  StreamApis<Plugins>

/**
 * Connects to a server of plugins and streams, and gives each plugin's API under its name. It connects
 * at once: make it where there is a page.
 *
 * Throws where two plugins have one name, or one has the name of something else that is there.
 *
 * @example
 * const api = createStreamClient({
 *   url: '/websocket',
 *   stream: 'stream:123',
 *   clients: [chat({ strategy: 'streams' }), presence()],
 * })
 * api.chat.messages.subscribe(show)
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
  const channels = new ChannelSubscriber(client)
  const { report } = client.port
  const newest = createStore<EventFrame | undefined>(undefined, { onError: report })

  function port(plugin: StreamPlugin): StreamPort {
    const { name, strategy } = plugin
    const replays = strategy === 'streams'
    let follower: ((event: EventFrame) => void) | undefined
    const subscription = channels.subscribe(streamOf(plugin), (_, event) => {
      if (replays && !seen.advance(name, event.id)) return
      follower?.(event)
      newest.set(event)
    })
    const { status } = subscription
    // The server tells what was missed.
    if (replays) status.listen(({ name }) => name === 'gap' && subscription.caughtUp())
    return {
      stream: streamOf(plugin),
      strategy,
      status,
      follow: (run) => {
        follower = run
      },
      send: (type, message) => send(streamOf(plugin), type, message),
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
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) {
    throw new TypeError(`There is a ${twice} already: give each plugin a name of its own.`)
  }
  const apis = clients.map((plugin) => [plugin.name, plugin.attach(port(plugin))])
  const all = Object.fromEntries(apis) as StreamApis<Plugins>
  return tagged('StreamClient', { ...connection, ...all })
}
