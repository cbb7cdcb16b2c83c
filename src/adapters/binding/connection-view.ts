import type { Cancel } from '../../base/clock.ts'
import type { Readable } from '../../base/store.ts'
import { followedStore } from '../../base/store.ts'
import type { ClientPort } from '../../ports/client-port.ts'
import type { ConnectionState } from '../../ports/connection-state.ts'
import { hasSameMembers } from './same-members.ts'

/** The connection of a client, as a page shows it. */
export interface ConnectionView {
  /** Name of the state. */
  readonly state: ConnectionState['name']
  /** Number of failed attempts in a row; 0 once the client is connected. */
  readonly attempt: number
  /**
   * Time to the next attempt, in milliseconds; updated at each full second. `undefined` where none is
   * due.
   */
  readonly retryInMs: number | undefined
  /** Whether the platform reports a network; true where it reports nothing. */
  readonly online: boolean
}

/** Returns the view of a state at a time of the client's clock. */
function viewOf(state: ConnectionState, now: number, online: boolean): ConnectionView {
  const { name } = state
  const retryAt = 'retryAt' in state ? state.retryAt : undefined
  return {
    state: name,
    attempt: 'attempt' in state && name !== 'open' ? state.attempt : 0,
    retryInMs: retryAt === undefined ? undefined : Math.max(0, Math.round(retryAt - now)),
    online,
  }
}

/** Returns the view of a client's connection; a timer runs while it is followed and the client waits. */
export function connectionView({
  state,
  clock,
  environment,
  report,
}: ClientPort): Readable<ConnectionView> {
  const look = (): ConnectionView => {
    return viewOf(state.get(), clock.now(), environment?.online ?? true)
  }
  let cancel: Cancel | undefined
  const update = (): void => {
    cancel?.()
    const view = look()
    if (!hasSameMembers(store.get(), view)) store.set(view)
    const { retryInMs } = view
    cancel = retryInMs ? clock.after(retryInMs % 1_000 || 1_000, update) : undefined
  }
  const followed = () => {
    const off = state.listen(update)
    const unfollow = environment?.follow(update)
    update()
    return () => {
      off()
      unfollow?.()
      cancel?.()
    }
  }
  const initial = state.initial ? state.initial() : state.get()
  const store = followedStore(viewOf(initial, clock.now(), true), report, followed)
  store.set(look())
  return store
}
