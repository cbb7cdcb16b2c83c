import type { Cancel } from '../base/clock.ts'
import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import { safely } from '../base/report.ts'
import type { Readable } from '../base/store.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import { assertFetch, fetchWithin } from './fetch-within.ts'
import type { SyncSnapshot, SyncTarget } from './sync.ts'

/** Time limit of a fetch, in milliseconds. */
const POLL_MS = 30_000

/** Default values of {@link PollingOptions}. */
export const pollingDefaults = { intervalMs: 5_000, afterFailures: 3 } as const

/**
 * Fetches a state repeatedly while the client cannot connect, also after it has given up, and stops
 * as soon as it is open again.
 *
 * Only one fetch runs at a time; results that arrive after the stop are dropped. Nothing is fetched
 * while the page is put away.
 *
 * @returns a function that stops polling
 * @example
 * import { ContextRegistry, pollWhileDown, sync } from 'wirefold'
 * import { sessionChannel, sessionContexts, sessionSink } from 'wirefold/dialects/socketio'
 *
 * const into = sessionSink(sessionContexts(new ContextRegistry()))
 * const load = async (signal: AbortSignal) => ({ state: await fetchAsEvents(id, signal) })
 * sync(channels, sessionChannel(id), { load, into }).start()
 * pollWhileDown(client, { poll: load, into })
 */
export function pollWhileDown<State>(
  client: { readonly port: ClientPort; readonly state: Readable<ConnectionState> },
  options: PollingOptions<State>,
): Disposer {
  const { port, state } = client
  const { poll, into, signal, onError = port.report } = options
  assertFetch('poll', poll)
  const { intervalMs = pollingDefaults.intervalMs } = options
  const { afterFailures = pollingDefaults.afterFailures } = options
  const report = safely(onError)
  /** Ends the present fetch or wait; `undefined` while not polling. */
  let cancel: Cancel | undefined
  let reported: string | undefined

  function fetch(): void {
    cancel = fetchWithin(port.clock, POLL_MS, poll, loaded, failed)
  }

  function loaded({ state }: SyncSnapshot<State>): void {
    wait()
    try {
      into.reset(state, undefined)
      reported = undefined
    } catch (error) {
      reportOnce(error)
    }
  }

  function failed(error: unknown): void {
    wait()
    reportOnce(error)
  }

  function wait(): void {
    cancel = port.clock.after(intervalMs, fetch)
  }

  function reportOnce(error: unknown): void {
    if (reported !== String(error)) report(error)
    reported = String(error)
  }

  function stop(): void {
    cancel?.()
    cancel = undefined
  }

  const unfollow = state.subscribe((now) => {
    if (!isDown(now, afterFailures)) stop()
    else if (!cancel) fetch()
  })
  const release = (): void => {
    unfollow()
    stop()
  }
  return disposable(release, {}, signal)
}

/** Whether enough attempts have failed, or the client has given up. */
function isDown(state: ConnectionState, afterFailures: number): boolean {
  if (state.name === 'failed') return true
  if (state.name === 'connecting') return state.attempt >= afterFailures
  return 'retryAt' in state && state.retryAt !== undefined && state.attempt >= afterFailures
}

/** Options of polling while there is no connection. */
export interface PollingOptions<State> {
  /**
   * Fetches the state, until its signal fires, at the latest after 30 s; the `load` of `sync` can be
   * used.
   */
  readonly poll: (signal: AbortSignal) => Promise<SyncSnapshot<State>>
  /** The target that is set to the state: the same that `sync` or `feed` folds into. */
  readonly into: Pick<SyncTarget<State>, 'reset'>
  /**
   * Time from the end of one fetch to the start of the next, in milliseconds.
   * @default 5_000
   */
  readonly intervalMs?: number | undefined
  /**
   * Number of consecutive failed attempts to connect after which polling begins; the loss of a
   * connection is the first.
   * @default 3
   */
  readonly afterFailures?: number | undefined
  /** Stops polling when it fires. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives the error of a failed fetch; repeated identical errors are reported once.
   * @default the client's `error` event
   */
  readonly onError?: ((error: unknown) => void) | undefined
}
