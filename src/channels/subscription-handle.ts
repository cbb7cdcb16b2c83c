import type { Disposer } from '../base/disposable.ts'
import { WirefoldError } from '../base/errors.ts'
import type { Channel, Listener } from './channel.ts'
import type { Subscription } from './subscription.ts'

/** Returns the members of a subscription, without its release. */
export function subscriptionHandle(
  channel: Channel,
  listener: Listener,
  renew: () => void,
): Omit<Subscription, keyof Disposer> {
  let waiting: Promise<void> | undefined
  return {
    channel: channel.name,
    get status() {
      return channel.status
    },
    get position() {
      return channel.continuity.position
    },
    renew,
    caughtUp: () => channel.caughtUp(),
    get ready() {
      if (waiting) return waiting
      const ready = new Promise<void>((resolve, reject) => {
        const status = channel.status.get()
        if (!listener.live) reject(released(channel.name))
        else if (channel.state.actual === 'live') resolve()
        else if (status.name === 'refused') reject(status.error)
        else {
          listener.settle = (error) => {
            waiting = undefined
            if (error) reject(error)
            else resolve()
          }
        }
      })
      if (listener.settle) waiting = ready
      // Callers that only watch the status must not cause an unhandled rejection.
      ready.catch(() => {})
      return ready
    },
  }
}

/** Returns the error of `ready` for a subscription that was released too early. */
export function released(channel: string): WirefoldError {
  const message = `The subscription to ${channel} was released before it was live.`
  return new WirefoldError('aborted', message, { channel })
}
