import type { Cancel } from '../base/clock.ts'
import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import { timeoutError } from '../base/errors.ts'
import { safely } from '../base/report.ts'
import type { Readable } from '../base/store.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
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
 * const into = sessionSink(sessions)
 * sync(channels, sessionChannel(id), { load, into }).start()
 * pollWhileDown(client, { poll: load, into })
 */
export function pollWhileDown<State>(
  client: { readonly port: ClientPort; readonly state: Readable<ConnectionState> },
  options: PollingOptions<State>,
): Disposer {
  const { poll, into, signal } = options
  const { port, state } = client
  const intervalMs = options.intervalMs ?? pollingDefaults.intervalMs
  const afterFailures = options.afterFailures ?? pollingDefaults.afterFailures
  const report = safely(options.onError ?? port.report)
  let fetching: AbortController | undefined
  let cancelWait: Cancel | undefined
  let reported: string | undefined

  async function fetch(): Promise<void> {
    const controller = new AbortController()
    fetching = controller
    cancelWait = port.clock.after(POLL_MS, () => {
      controller.abort()
      failed(timeoutError(POLL_MS))
    })
    try {
      const snapshot = await poll(controller.signal)
      if (controller.signal.aborted) return
      into.reset(snapshot.state, undefined)
      reported = undefined
      if (!controller.signal.aborted) next()
    } catch (error) {
      if (!controller.signal.aborted) failed(error)
    }
  }

  function failed(error: unknown): void {
    if (reported !== String(error)) report(error)
    reported = String(error)
    next()
  }

  function next(): void {
    cancelWait?.()
    cancelWait = port.clock.after(intervalMs, () => void fetch())
  }

  function stop(): void {
    fetching?.abort()
    fetching = undefined
    cancelWait?.()
  }

  const unfollow = state.subscribe((now) => {
    if (!isDown(now, afterFailures)) stop()
    else if (!fetching) void fetch()
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
