import type { Position } from '../../../protocol/frame.ts'
import type { NewEvent } from '../../broker/channel-event.ts'
import type { BatchQueue, BatchStep } from '../batches/batch-queue.ts'
import type { StepRequest } from '../batches/request-step.ts'
import { isRefusedStep, withinRequest } from '../batches/request-step.ts'
import { writeEvent } from './event-codec.ts'

/** The request that an event belongs to. */
export interface EventRequest extends StepRequest {
  /** Lifetime of the reply, in milliseconds, if the event is the whole effect of the request. */
  readonly keepMs?: number | undefined
}

/**
 * Queues a step that appends an event to channels.
 *
 * @param serial identifies the event in messages that return to this process
 */
export function append(
  queue: BatchQueue,
  channels: readonly string[],
  event: NewEvent,
  request: EventRequest | undefined,
  serial = 0,
): BatchStep {
  const { head, json } = writeEvent(event)
  const keepMs = request?.keepMs
  const key = keepMs === undefined ? '' : (request?.key ?? '')
  const step = ['append', head, json, `${serial}`, key, `${keepMs ?? 0}`, ...channels]
  return queue.push(request ? withinRequest(request, step) : step)
}

/** Parses the reply to an append step: one position per channel; throws if the step did not run. */
export function positionsOf(reply: string): readonly Position[] {
  if (isRefusedStep(reply)) {
    throw new Error(
      'Another server has declared this one dead, so an event of a request that ran until then was not published.',
    )
  }
  const words = reply.split(' ')
  const positions: Position[] = []
  for (let at = 0; at + 1 < words.length; at += 2) {
    positions.push({ epoch: words[at] ?? '', offset: Number(words[at + 1]) })
  }
  return positions
}
