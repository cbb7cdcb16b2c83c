import { badOption } from '../../../base/errors.ts'
import { checkNames } from '../../../base/known-names.ts'
import { streamsDefaults } from '../../../dialects/streams/dialect.ts'
import { streamsServer } from '../../../dialects/streams/server.ts'
import type { Command } from '../../../protocol/command.ts'
import type { Mount, SessionPart } from '../../session/mount.ts'
import type { ServerPlugin } from './plugin.ts'
import { assertPlugin } from './plugin.ts'
import type { PluginRunDeps } from './plugin-run.ts'
import { PluginRun } from './plugin-run.ts'
import type { RequestedPlugin } from './requested-plugins.ts'
import { requestedPlugins } from './requested-plugins.ts'
import { SharedStreams } from './shared-streams.ts'

/**
 * Creates a mount for clients of a backend of plugins and streams, `wirefold/dialects/streams`. A
 * client requests plugins by the parameter `clients` of its address, as one JSON array or as one JSON
 * object per parameter.
 *
 * The mount reads no token: the credentials are in a cookie, which `authenticate` reads.
 *
 * Throws `bad-option` if two plugins have the same name.
 *
 * @example
 * import { chatPlugin, presencePlugin, streamsMount } from 'wirefold/server'
 *
 * server.mount('/websocket', streamsMount({ plugins: [chatPlugin(), presencePlugin()] }))
 */
export function streamsMount(options: StreamsMountOptions = {}): Mount {
  const { plugins = [], parameter = streamsDefaults.parameter } = options
  checkNames('streamsMount()', options, { plugins, parameter })
  for (const plugin of plugins) assertPlugin(plugin)
  const known = new Map(plugins.map((plugin) => [plugin.name, plugin]))
  if (known.size < plugins.length) {
    throw badOption(
      'plugins',
      'Two plugins have the same name. Give each plugin a name of its own.',
    )
  }
  const warned = new Set<string>()
  return {
    protocols: [],
    open(socket, request, host) {
      let runs: PluginRuns | undefined
      const dialect = streamsServer((channel) => runs?.revoked(channel))
      const noStrategy = (name: string): void => {
        if (warned.has(name)) return
        warned.add(name)
        host.warn(
          `A client requested the plugin "${name}" without a strategy, so it runs as "pub-sub". Send the strategy "pub-sub" or "streams".`,
        )
      }
      return host.openSession(dialect, socket, request, {
        hello: { token: undefined },
        opened(session) {
          const notes = { log: host.log, report: host.report, noStrategy }
          const requested = requestedPlugins(request.url, parameter, known, notes)
          if (!requested.plugins.length) session.end(1008, requested.reason)
          const streams = new SharedStreams(requested.plugins, dialect)
          runs = new PluginRuns(requested.plugins, { host, session, dialect, streams })
          return runs
        },
      })
    },
  }
}

/** Options of {@link streamsMount}. */
export interface StreamsMountOptions {
  /**
   * The plugins that clients may request.
   * @default none
   */
  readonly plugins?: readonly ServerPlugin[] | undefined
  /**
   * Name of the address' query parameter for the plugins.
   * @default 'clients'
   */
  readonly parameter?: string | undefined
}

/** The plugins of one connection. */
class PluginRuns implements SessionPart {
  readonly #deps: PluginRunDeps
  readonly #runs: readonly PluginRun[]

  constructor(requested: readonly RequestedPlugin[], deps: PluginRunDeps) {
    this.#deps = deps
    this.#runs = requested.map((plugin) => new PluginRun(plugin, deps))
    for (const run of this.#runs) void this.#start(run)
  }

  take(command: Command): boolean {
    if (command.kind !== 'request') return false
    const { type, channel, payload: message } = command
    // A message without a stream is for the plugin that its type names.
    const runs = this.#runs.filter(({ stream, name }) =>
      channel === undefined ? name === type : stream === channel,
    )
    for (const run of runs) run.message({ type, message })
    return runs.length > 0
  }

  closed(reason: string): void {
    for (const run of this.#runs) this.#deps.host.finish(run.close(reason))
  }

  /** Ends the plugins whose stream was revoked. */
  revoked(channel: string): void {
    const runs = this.#runs.filter(({ stream, end }) => stream === channel && !end)
    for (const run of runs) this.#deps.host.finish(run.revoke())
    for (const run of runs) this.#ended(run)
  }

  async #start(run: PluginRun): Promise<void> {
    await run.start()
    if (run.end && run.end !== 'closed') this.#ended(run)
  }

  /** Unsubscribes from the channels that no other plugin uses; without any plugin, ends the connection. */
  #ended(run: PluginRun): void {
    const { host, session } = this.#deps
    const others = this.#runs.filter(({ end }) => !end)
    if (!others.length) {
      const failed = this.#runs.every(({ end }) => end === 'failed')
      session.end(failed ? 1011 : 4403, failed ? 'internal' : 'forbidden')
      return
    }
    const used = (channel: string): boolean => others.some(({ channels }) => channels.has(channel))
    const channels = [...run.channels].filter((channel) => !used(channel))
    void host.channels.unsubscribe(session, { requestId: undefined, channels })
  }
}
