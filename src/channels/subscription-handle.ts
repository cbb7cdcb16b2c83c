import { deferred } from '../base/deferred.ts'
import { WirefoldError } from '../base/errors.ts'
import type { Listener } from './channel.ts'
import type { Subscription } from './subscription.ts'

/** Key of the listener that a subscription belongs to. */
const LISTENER: unique symbol = /* @__PURE__ */ Symbol('listener')

/**
 * Makes the release function of a listener its {@link Subscription}. All subscriptions share their
 * members, which are getters, so that each may also be used on its own: `const { caughtUp } = …`.
 */
export function subscriptionHandle(listener: Listener, release: () => void): Subscription {
  Object.setPrototypeOf(release, MEMBERS)
  return Object.assign(release as Subscription, { [LISTENER]: listener })
}

/**
 * Returns the object that all subscriptions inherit from. A function, since bundlers leave a call
 * marked as pure out of bundles without channels, but not a class that extends another.
 */
function subscriptionMembers(): object {
  class SubscriptionMembers extends Function {
    declare readonly [LISTENER]: Listener

    get channel() {
      return this[LISTENER].channel.topic
    }

    get status() {
      return this[LISTENER].channel.status
    }

    get position() {
      return this[LISTENER].channel.position
    }

    get ready() {
      return ready(this[LISTENER])
    }

    get renew() {
      const listener = this[LISTENER]
      return () => {
        if (listener.live) listener.channel.renew()
      }
    }

    get caughtUp() {
      const { channel } = this[LISTENER]
      return () => channel.caughtUp()
    }

    get dispose() {
      return this
    }

    /** Left out where the platform lacks `Symbol.dispose`: some supported browsers do. */
    get [Symbol.dispose ?? 'dispose']() {
      return this
    }
  }
  return SubscriptionMembers.prototype
}

const MEMBERS = /* @__PURE__ */ subscriptionMembers()

/** Returns a promise that settles with the subscription of a listener's channel. */
function ready(listener: Listener): Promise<void> {
  const { channel, live } = listener
  const ready = listener.ready ?? deferred()
  const error = live ? channel.refused : released(channel.topic)
  if (error || channel.isConfirmed) ready.settle(error)
  else listener.ready = ready
  return ready.promise
}

/** Returns the error of `ready` for what was released too early. */
export function released(channel: string, what = `subscription to ${channel}`): WirefoldError {
  const message = `The ${what} was released before it was live.`
  return new WirefoldError('aborted', message, { channel })
}
