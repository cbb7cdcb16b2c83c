import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import { WirefoldError } from '../base/errors.ts'
import { presenceChannel } from '../protocol/channel-name.ts'
import type { OwnPresence, Settled } from './own-presence.ts'

/** Holds our presence at a resource until the handle is called or the signal fires. */
export function ownPresenceHandle(
  own: OwnPresence,
  signal: AbortSignal | undefined,
): PresenceHandle {
  const { resource } = own
  let live = true
  /** The promise of `ready`, which `settled` settles. */
  let waiting: Promise<void> | undefined
  let settled: Settled | undefined
  const release = (): void => {
    if (!live) return
    live = false
    own.release(settled)
    settled?.(left(resource))
  }
  own.hold()
  const members = {
    resource,
    get ready() {
      if (waiting && settled) return waiting
      waiting = new Promise<void>((resolve, reject) => {
        settled = (error) => {
          settled = undefined
          if (error) reject(error)
          else resolve()
        }
        if (live) own.await(settled)
        else settled(left(resource))
      })
      // Callers that only watch the list of users must not cause an unhandled rejection.
      waiting.catch(() => {})
      return waiting
    },
    update: (meta: unknown) => {
      if (live) own.want(meta)
    },
  }
  return disposable(release, members, signal)
}

/** Our presence at a resource; call it to leave. */
export interface PresenceHandle extends Disposer {
  readonly resource: string
  /**
   * Resolves once the server has confirmed our presence; rejects where it is refused, not supported
   * or released before, or the client ends. An unused `ready` causes no unhandled rejection.
   */
  readonly ready: Promise<void>
  /**
   * Replaces our meta, throttled by `throttleMs`. All handles of a resource share one meta: the
   * last call counts.
   */
  update(meta: unknown): void
}

function left(resource: string): WirefoldError {
  const message = `The presence in ${resource} was released before it was confirmed.`
  return new WirefoldError('aborted', message, { channel: presenceChannel(resource) })
}
