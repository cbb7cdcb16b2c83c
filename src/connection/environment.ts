/** What happens around a client that concerns its connection. */
export type EnvironmentEvent =
  /** The platform believes that the network is back. */
  | 'online'
  /** The platform believes that the network is gone. */
  | 'offline'
  /** The page is looked at again, or runs again after it was frozen. */
  | 'wake'
  /** The page is put away, perhaps to be shown again as it was. */
  | 'hide'
  /** The page is shown again after it was put away. */
  | 'show'

/** What surrounds a client. */
export interface Environment {
  /** Whether the platform believes that there is a network; a hint, which may be wrong. */
  readonly online: boolean
  /** Calls `listener` at every event until the returned function is called. */
  follow(listener: (event: EnvironmentEvent) => void): () => void
  /** What is to be logged, as the switches of the `debug` package say it: `wirefold:*`. */
  readonly debug: string
}

/** The part of a page's globals that matters here; outside a page some or all of it is missing. */
interface Globals extends Partial<EventTarget> {
  readonly window?: Partial<EventTarget>
  readonly document?: Partial<EventTarget> & { readonly visibilityState?: string }
  readonly navigator?: { readonly onLine?: boolean }
  readonly localStorage?: { getItem(key: string): string | null }
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
}

/**
 * Returns the environment of a page, or as much of it as there is: workers have the events of the
 * network alone, Node has none.
 *
 * @param globals where to look, for tests
 */
export function platformEnvironment(globals: Globals = globalThis): Environment {
  return {
    get online() {
      return globals.navigator?.onLine !== false
    },
    get debug() {
      try {
        // Outside a page Node has a storage that warns of being looked at.
        const storage = globals.document && globals.localStorage
        return storage?.getItem('debug') ?? globals.process?.env?.DEBUG ?? ''
      } catch {
        // A page may be forbidden to look into its storage.
        return ''
      }
    },
    follow(listener) {
      const { window, document } = globals
      const stops: (() => void)[] = []
      const on = (
        target: Partial<EventTarget> | undefined,
        name: string,
        meaning: (event: Event) => EnvironmentEvent | undefined,
      ): void => {
        const run = (event: Event): void => {
          const what = meaning(event)
          if (what) listener(what)
        }
        target?.addEventListener?.(name, run)
        stops.push(() => target?.removeEventListener?.(name, run))
      }
      // A worker has no window; its global scope has the events of the network.
      const scope = window ?? globals
      on(scope, 'online', () => 'online')
      on(scope, 'offline', () => 'offline')
      // Not `unload`: a page that listens to it is never kept for being shown again.
      on(window, 'pagehide', () => 'hide')
      on(window, 'pageshow', (event) =>
        'persisted' in event && event.persisted ? 'show' : undefined,
      )
      on(document, 'visibilitychange', () =>
        document?.visibilityState === 'visible' ? 'wake' : undefined,
      )
      on(document, 'resume', () => 'wake')
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
