import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import { WirefoldError } from '../base/errors.ts'
import { presenceChannel } from '../protocol/channel-name.ts'
import type { OwnPresence, Settled } from './own-presence.ts'

/** Our being at a resource; call it to leave. */
export interface PresenceHandle extends Disposer {
  readonly resource: string
  /**
   * Resolves once others can see us; rejects where that is refused, `unsupported`, or left before, or
   * the client ends. It never rejects unhandled.
   */
  readonly ready: Promise<void>
  /** Tells something else of us, soon; of all who are there with us, the last to say so counts. */
  update(meta: unknown): void
}

/** Holds a stay until it is called, or the signal fires. */
export function ownPresenceHandle(
  own: OwnPresence,
  signal: AbortSignal | undefined,
): PresenceHandle {
  const { resource } = own
  let live = true
  let waiting: Promise<void> | undefined
  let settled: Settled | undefined
  const release = (): void => {
    if (!live) return
    live = false
    signal?.removeEventListener('abort', release)
    own.release(settled)
    settled?.(left(resource))
  }
  own.hold()
  if (signal?.aborted) release()
  else signal?.addEventListener('abort', release)
  return disposable(release, {
    resource,
    get ready() {
      if (waiting) return waiting
      const ready = new Promise<void>((resolve, reject) => {
        settled = (error) => {
          settled = undefined
          waiting = undefined
          if (error) reject(error)
          else resolve()
        }
        if (live) own.await(settled)
        else settled(left(resource))
      })
      // Who only follows who is there sees whether we are.
      ready.catch(() => {})
      if (settled) waiting = ready
      return ready
    },
    update: (meta: unknown) => {
      if (live) own.want(meta)
    },
  })
}

function left(resource: string): WirefoldError {
  const channel = presenceChannel(resource)
  return new WirefoldError('aborted', `${resource} was left before others could see us.`, {
    channel,
  })
}
