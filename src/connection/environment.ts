/** The platform that a client runs on. */
export interface Environment {
  /** Whether the platform reports a network; a hint, which may be wrong. */
  readonly online: boolean
  /** Calls `listener` at every event until the returned function is called. */
  follow(listener: (event: EnvironmentEvent) => void): () => void
  /** The areas to log, as a setting of the `debug` package: `wirefold:*`. */
  readonly debug: string
}

/** Events of the platform that concern a connection. */
export type EnvironmentEvent =
  /** The platform reports a network. */
  | 'online'
  /** The platform reports that there is no network. */
  | 'offline'
  /** The page is visible again, or runs again after it was frozen. */
  | 'wake'
  /** The page is hidden for good, or cached. */
  | 'hide'
  /** The page is shown again from its cache. */
  | 'show'

/** The globals of a page that {@link platformEnvironment} uses; outside a page some or all are missing. */
export interface PlatformGlobals extends Partial<EventTarget> {
  /** Reports `online` and `offline`, and the page's beginning and end. */
  readonly window?: Partial<EventTarget>
  /** Reports whether the page is visible. */
  readonly document?: Partial<EventTarget> & { readonly visibilityState?: string }
  /** Reports whether the machine has a network. */
  readonly navigator?: { readonly onLine?: boolean }
  /** Has the value of `debug`, which turns on the log in browsers. */
  readonly localStorage?: { getItem(key: string): string | null }
  /** Has the variable `DEBUG`, which turns on the log in Node. */
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
}

/**
 * Returns the environment of a page. Outside a page a part of the events is missing: workers have
 * those of the network alone, Node has none.
 *
 * @param globals the global object, for tests
 */
export function platformEnvironment(globals: PlatformGlobals = globalThis): Environment {
  return {
    get online() {
      return globals.navigator?.onLine !== false
    },
    get debug() {
      try {
        // Outside a page Node has a storage that prints a warning when it is read.
        const storage = globals.document && globals.localStorage
        return storage?.getItem('debug') ?? globals.process?.env?.DEBUG ?? ''
      } catch {
        // A page may be forbidden to read its storage.
        return ''
      }
    },
    follow(listener) {
      const { window, document } = globals
      const controller = new AbortController()
      const on = (
        target: Partial<EventTarget> | undefined,
        name: string,
        what: EnvironmentEvent,
        counts: (event: Event) => boolean = () => true,
      ): void => {
        const run = (event: Event): void => {
          if (counts(event)) listener(what)
        }
        target?.addEventListener?.(name, run, controller)
      }
      // A worker has no window; its global scope has the events of the network.
      const scope = window ?? globals
      on(scope, 'online', 'online')
      on(scope, 'offline', 'offline')
      // Not `unload`: a page that listens to it is never cached.
      on(window, 'pagehide', 'hide')
      on(window, 'pageshow', 'show', (event) => 'persisted' in event && event.persisted === true)
      on(document, 'visibilitychange', 'wake', () => document?.visibilityState === 'visible')
      on(document, 'resume', 'wake')
      return () => controller.abort()
    },
  }
}
