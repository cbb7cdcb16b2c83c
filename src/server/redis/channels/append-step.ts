import type { Position } from '../../../protocol/frame.ts'
import type { StoredReply } from '../../broker/broker.ts'
import type { NewEvent } from '../../broker/channel-event.ts'
import type { BatchQueue, BatchStep } from '../batch-queue.ts'
import { writeEvent } from './event-codec.ts'

/**
 * Queues a step that appends an event to channels.
 *
 * @param serial identifies the event in messages that return to this process
 */
export function append(
  queue: BatchQueue,
  channels: readonly string[],
  event: NewEvent,
  remember: StoredReply | undefined,
  serial = 0,
): BatchStep {
  const { head, json } = writeEvent(event)
  const { key = '', keepMs = 0 } = remember ?? {}
  return queue.push(['append', head, json, `${serial}`, key, `${keepMs}`, ...channels])
}

/** Parses the reply to an append step: one position per channel. */
export function positionsOf(reply: string): readonly Position[] {
  const words = reply.split(' ')
  const positions: Position[] = []
  for (let at = 0; at + 1 < words.length; at += 2) {
    positions.push({ epoch: words[at] ?? '', offset: Number(words[at + 1]) })
  }
  return positions
}
