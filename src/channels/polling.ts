import type { Cancel } from '../base/clock.ts'
import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import { safely } from '../base/report.ts'
import type { Readable } from '../base/store.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { SyncSnapshot, SyncTarget } from './sync.ts'

/** How a state is fetched while there is no connection. */
export interface PollingOptions<State> {
  /** Fetches the state, until its signal fires; what `sync` loads with will do. */
  readonly poll: (signal: AbortSignal) => Promise<SyncSnapshot<State>>
  /** What is set to the state: the same that `sync` or `feed` folds into. */
  readonly into: Pick<SyncTarget<State>, 'reset'>
  /**
   * From the end of one fetch to the next, in milliseconds.
   * @default 5_000
   */
  readonly intervalMs?: number | undefined
  /**
   * After so many failed attempts in a row to connect it begins; the loss of a connection is the first.
   * @default 3
   */
  readonly afterFailures?: number | undefined
  /** Releases it when it fires. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives why the state could not be fetched; of the same reason many times over only the first.
   * @default the client's `error` event
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** What holds where nothing is said. */
export const pollingDefaults = { intervalMs: 5_000, afterFailures: 3 } as const

/**
 * Fetches a state again and again for as long as the client cannot connect, also after it has given
 * up, and stops in the moment that it is open again.
 *
 * There is never more than one fetch, and what one brings that was overtaken is dropped. While the
 * platform knows that there is no network nothing is fetched.
 *
 * @returns call it to have that end
 * @example
 * const into = sessionSink(sessions)
 * sync(channels, sessionChannel(id), { load, into })
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
  let told: string | undefined

  async function fetch(controller: AbortController): Promise<void> {
    try {
      const snapshot = await poll(controller.signal)
      if (controller.signal.aborted) return
      into.reset(snapshot.state, undefined)
      told = undefined
    } catch (error) {
      if (controller.signal.aborted) return
      if (told !== String(error)) report(error)
      told = String(error)
    }
    if (!controller.signal.aborted) {
      cancelWait = port.clock.after(intervalMs, () => void fetch(controller))
    }
  }

  function stop(): void {
    fetching?.abort()
    fetching = undefined
    cancelWait?.()
  }

  const unfollow = state.subscribe((now) => {
    if (!isDown(now, afterFailures)) stop()
    else if (!fetching) {
      fetching = new AbortController()
      void fetch(fetching)
    }
  })
  const release = (): void => {
    unfollow()
    stop()
    signal?.removeEventListener('abort', release)
  }
  if (signal?.aborted) release()
  else signal?.addEventListener('abort', release)
  return disposable(release, {})
}

/** Whether so many attempts have failed that the state is worth fetching by other means. */
function isDown(state: ConnectionState, afterFailures: number): boolean {
  if (state.name === 'failed') return true
  const trying = state.name === 'waiting' || state.name === 'connecting'
  return trying && state.attempt >= afterFailures
}
