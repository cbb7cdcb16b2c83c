import { isPromise } from '../../../base/deferred.ts'
import { WirefoldError } from '../../../base/errors.ts'
import { loggable } from '../../../base/logger.ts'
import type { StreamStrategy } from '../../../dialects/streams/dialect.ts'
import { clientsOf } from '../../../dialects/streams/dialect.ts'
import { asString } from '../../../protocol/fields.ts'
import type { ServerPlugin } from './plugin.ts'

/** Maximum number of plugins of one connection. */
const MOST_PLUGINS = 50

/** A plugin that a client requests. */
export interface RequestedPlugin {
  readonly plugin: ServerPlugin
  readonly stream: string
  readonly strategy: StreamStrategy
  readonly lastSeen: string | undefined
}

/**
 * Reads the plugins that an address requests. Unknown names, plugins without a stream that they
 * serve, repeated ones, and those beyond 50 are left out.
 *
 * @param known the plugins of the mount, by name
 */
export function requestedPlugins(
  address: string,
  parameter: string,
  known: ReadonlyMap<string, ServerPlugin>,
  notes: RequestNotes,
): RequestedPlugins {
  const plugins = new Map<string, RequestedPlugin>()
  let reason = 'No clients specified'
  for (const { name, stream, strategy, lastSeen } of clientsOf(address, parameter)) {
    const plugin = known.get(asString(name) ?? '')
    if (!plugin) notes.log(`skipped the unknown plugin ${loggable(asString(name) ?? '')}`)
    else if (plugins.size >= MOST_PLUGINS) notes.log('skipped a plugin: there are too many')
    else if (typeof stream !== 'string' || !serves(plugin, stream, notes.report)) {
      reason = `No stream specified for ${plugin.name}`
      notes.log(`skipped a plugin: ${reason}`)
    } else {
      if (strategy !== 'streams' && strategy !== 'pub-sub') notes.noStrategy(plugin.name)
      const replays = strategy === 'streams'
      plugins.set(JSON.stringify([plugin.name, stream]), {
        plugin,
        stream,
        strategy: replays ? 'streams' : 'pub-sub',
        lastSeen: replays ? asString(lastSeen) : undefined,
      })
    }
  }
  return { plugins: [...plugins.values()], reason }
}

/** Whether a plugin runs on a stream. Its function may be that of an application: never throws. */
function serves(plugin: ServerPlugin, stream: string, report: RequestNotes['report']): boolean {
  if (!plugin.serves) return stream.endsWith(`:${plugin.name}`)
  const where = `plugin ${plugin.name}, serves`
  const failed = (reason: string, cause?: unknown): void => {
    const message = `The ${where} failed: ${reason}. The plugin was skipped.`
    report(new WirefoldError('handler-failed', message, { where }, { cause }))
  }
  try {
    const served: unknown = plugin.serves(stream)
    if (!isPromise(served)) return served === true
    served.then(undefined, () => {})
    failed('it returned a promise. Decide at once, or in `authorize`')
  } catch (cause) {
    failed('it threw', cause)
  }
  return false
}

/** The result of {@link requestedPlugins}. */
export interface RequestedPlugins {
  readonly plugins: readonly RequestedPlugin[]
  /** The reason to close the connection if there are no plugins. */
  readonly reason: string
}

/** Receives what is wrong with a request. */
export interface RequestNotes {
  log(message: string): void
  /** Called with the error of a function of a plugin. */
  report(error: unknown): void
  /** Called for a plugin whose strategy is missing or unknown, and therefore `pub-sub`. */
  noStrategy(name: string): void
}
