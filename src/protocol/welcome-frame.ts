import { asFields, asInteger, asNumber, asString, type Fields } from './fields.ts'
import type { WelcomeFrame } from './frame.ts'

/**
 * The frame for a server that knows us, of what it tells; a limit that would leave nothing to do counts
 * as not told.
 */
export function welcomeFrame(told: Fields): WelcomeFrame {
  const limits = asFields(told.limits)
  return {
    kind: 'welcome',
    connectionId: asString(told.connectionId),
    userId: asString(told.userId),
    serverTime: asNumber(told.serverTime),
    heartbeatMs: asNumber(told.heartbeatMs, 1),
    limits: {
      subscriptions: asInteger(limits.subscriptions, 1),
      frameBytes: asInteger(limits.frameBytes, 1),
      messagesPerSecond: asNumber(limits.messagesPerSecond, 1),
      dedupeMs: asNumber(limits.dedupeMs, 0),
    },
  }
}
