import { badOption } from '../base/errors.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { RealtimeServerOptions } from './options.ts'
import { serverDefaults } from './options.ts'
import type { RealtimeServer } from './realtime-server.ts'
import { createRealtimeServer } from './realtime-server.ts'

/**
 * Returns the server that this process shares under a path; the first call creates it.
 *
 * The server is held by `globalThis`, under `Symbol.for('wirefold.server:<path>')`: a module that a
 * development server evaluates again gets the same one, and so do two bundles that each contain
 * this package. Hooks, `onError` and `logger` are those of the latest options, as far as the first
 * ones had them; other options are those of the first call. A hook that the latest options have no
 * more denies, with an error, until the process restarts. After `close()` or `drain()` of the server
 * the next call creates another one.
 *
 * Throws `bad-option` if there is no server yet and `options` are missing.
 *
 * @param path a name; by convention the path at which the server is attached
 * @param options options of the server, `{}` for the defaults; leave them out to get a server that
 * another module has created
 * @example
 * import { sharedServer } from 'wirefold/server'
 *
 * export const server = sharedServer('/ws', { authorize: (user) => user !== null })
 * server.setUp(() => {
 *   server.handle('order:cancel', ({ id }: { id: string }) => cancel(id))
 * })
 */
export function sharedServer<C extends Untyped = Untyped>(
  path: string,
  options?: RealtimeServerOptions<C>,
): RealtimeServer<C> {
  const key = Symbol.for(`wirefold.server:${path}`)
  const before: Shared<C> | undefined = Reflect.get(globalThis, key)
  if (before && !before.server.closing) {
    if (options) before.options = options
    return before.server
  }
  if (!options) {
    const message = `No server is shared under "${path}" in this process. First load the module that calls sharedServer("${path}", options).`
    throw badOption('options', message)
  }
  const followed = followedFunctions(options, () => shared.options)
  const shared: Shared<C> = { server: createRealtimeServer(followed), options }
  Reflect.set(globalThis, key, shared)
  return shared.server
}

interface Shared<C extends Untyped> {
  readonly server: RealtimeServer<C>
  /** The latest options. */
  options: RealtimeServerOptions<C>
}

/** What replaces a function that the latest options have no more; hooks that decide are not in it. */
const DEFAULTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['clientAddress', serverDefaults.clientAddress],
  ['onError', serverDefaults.onError],
  ['logger', () => undefined],
])

/** Copies options; each function among them calls the function of that name in the latest ones. */
function followedFunctions<C extends Untyped>(
  options: RealtimeServerOptions<C>,
  latest: () => RealtimeServerOptions<C>,
): RealtimeServerOptions<C> {
  const entries = Object.entries(options).map(([name, value]): unknown[] => {
    if (typeof value !== 'function') return [name, value]
    return [
      name,
      (...args: unknown[]) => {
        const newest: unknown = Reflect.get(latest(), name) ?? DEFAULTS.get(name)
        if (typeof newest === 'function') return Reflect.apply(newest, undefined, args)
        const message = `The latest options of sharedServer() have no ${name}, and the server denies what that decided. Restart the process to serve without it.`
        throw badOption(name, message)
      },
    ]
  })
  return Object.fromEntries(entries)
}
