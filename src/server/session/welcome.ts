import type { WelcomeFrame } from '../../protocol/frame.ts'
import type { User } from '../access/hooks.ts'
import type { ServerCore } from '../server-parts.ts'

/** What a client is welcomed with. */
export function welcome(
  { options, broker }: ServerCore,
  connectionId: string,
  user: User | null,
): WelcomeFrame {
  const { clock, heartbeatMs, limits } = options
  const { subscriptions, frameBytes, messagesPerSecond } = limits
  // What was carried out before our memory begins would be carried out again: nobody is to repeat it.
  const dedupeMs = Math.min(limits.dedupeMs, Math.floor(broker.answers.reachMs))
  return {
    kind: 'welcome',
    connectionId,
    userId: user?.id,
    serverTime: clock.wall(),
    heartbeatMs,
    limits: {
      subscriptions,
      frameBytes,
      messagesPerSecond: Number.isFinite(messagesPerSecond) ? messagesPerSecond : undefined,
      dedupeMs,
    },
  }
}
