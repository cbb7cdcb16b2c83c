import type { Broker, ChannelEvent, NewEvent } from 'wirefold/server'
import type { ChannelListener } from '../../src/server/broker/broker.ts'

/** An event of channel `source` that carries a number. */
export const event = (n = 0, source = 'a'): NewEvent => ({
  source,
  type: 'n',
  json: `${n}`,
  id: undefined,
  timestamp: n,
})

/** Publishes on one channel; where it stands. */
export async function publishOn(broker: Broker, channel: string, what: NewEvent) {
  const [position] = await broker.publish([channel], what)
  if (!position) throw new Error('An event has a place in every channel.')
  return position
}

/** A listener that only wants the events. */
export const hearing = (hear: (event: ChannelEvent) => unknown): ChannelListener => ({
  event: hear,
  broken() {},
})
