import type { Subscriber } from '../channels/subscriber.ts'
import type { ChannelPosition } from '../protocol/frame.ts'

/**
 * Calls `run` once a subscribed channel has delivered its events up to a position to all handlers
 * of the stage `fold`, at once where it has. Also calls it if that can no longer happen, because
 * the channel has another epoch or was refused.
 */
export function waitForPosition(
  channels: Subscriber,
  { channel, epoch, offset }: ChannelPosition,
  run: () => void,
): void {
  const look = (): void => {
    const { name } = subscription.status.get()
    const { position } = subscription
    const due = position?.epoch === epoch && position.offset < offset
    if (due || name === 'recovering' || name === 'pending') return
    unfollow()
    subscription()
    run()
  }
  // Runs after the handlers of the stage `fold`; the channel is subscribed to already, so nothing
  // is sent.
  const subscription = channels.subscribe(channel, look, { onError: look })
  const unfollow = subscription.status.listen(look)
  look()
}
