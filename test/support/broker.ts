import type { Broker, ChannelEvent, NewEvent } from 'wirefold/server'
import type { ChannelListener } from '../../src/server/broker/broker.ts'

/** An event of channel `source` with a number as its payload. */
export const event = (n = 0, source = 'a'): NewEvent => ({
  source,
  type: 'n',
  json: `${n}`,
  id: undefined,
  timestamp: n,
})

/** Publishes on one channel; returns the event's position. */
export async function publishOn(broker: Broker, channel: string, what: NewEvent) {
  const [position] = await broker.publish([channel], what)
  if (!position) throw new Error('The broker returned no position.')
  return position
}

/** A listener that only handles events. */
export const eventListener = (handle: (event: ChannelEvent) => unknown): ChannelListener => ({
  event: handle,
  broken() {},
})
