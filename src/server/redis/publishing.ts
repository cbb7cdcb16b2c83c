import type { NewEvent, Remember } from '../broker.ts'
import type { BatchQueue, Step } from './batch-queue.ts'
import { writeEvent } from './event-text.ts'

/**
 * Has an event added in its turn.
 *
 * @param serial by which its own process knows it again
 */
export function append(
  queue: BatchQueue,
  channels: readonly string[],
  event: NewEvent,
  remember: Remember | undefined,
  serial = 0,
): Step {
  const { head, json } = writeEvent(event)
  const { key = '', keepMs = 0 } = remember ?? {}
  const about = [head, json, `${serial}`, key, `${keepMs}`, `${channels.length}`]
  return queue.push(['append', ...about, ...channels], channels.length)
}
