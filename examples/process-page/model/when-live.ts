import type { Subscription } from 'wirefold'
import { noteError } from './connection.ts'

/**
 * Runs `load` whenever a subscription became live, the first time and after every reconnection. What
 * it asks for then cannot miss anything: live events arrive already.
 */
export function whenLive(subscription: Subscription, load: () => Promise<void>): void {
  subscription.status.subscribe(({ name }) => {
    if (name === 'live') load().catch(noteError)
  })
}
