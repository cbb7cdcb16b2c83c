import type { Cancel } from '../base/clock.ts'
import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import type { ChannelPosition } from '../protocol/frame.ts'

/**
 * Calls `run` once a followed channel has given its events up to a place to all who fold them, at
 * once where it has; or once that cannot come any more, since the channel has another history or was
 * refused.
 */
export function waitForPosition(
  channels: ChannelSubscriber,
  { channel, epoch, offset }: ChannelPosition,
  run: () => void,
): Cancel {
  const look = (): void => {
    const { name } = subscription.status.get()
    const { position } = subscription
    const due = position?.epoch === epoch && position.offset < offset
    if (due || name === 'recovering' || name === 'pending') return
    stop()
    run()
  }
  // Behind those that fold, and on the wire nothing: the channel is followed already.
  const subscription = channels.subscribe(channel, look, { onError: look })
  const unfollow = subscription.status.listen(look)
  const stop = (): void => {
    unfollow()
    subscription()
  }
  look()
  return stop
}
