import type { DUUIEnvelope } from '../../../dialects/duui/contexts.ts'

/** Keeps the envelopes of processes. */
export interface TimelineStore {
  /** Adds an envelope to its process; rejecting keeps it from being told to anybody. */
  append(envelope: DUUIEnvelope): void | Promise<void>
  /** The envelopes of a process in the order in which they were added. */
  timeline(processId: string): readonly DUUIEnvelope[] | Promise<readonly DUUIEnvelope[]>
}

/** The most envelopes kept of one process. */
const PER_PROCESS = 10_000
/** The most envelopes kept in all. */
const IN_ALL = 100_000

/**
 * Timelines in memory: the last 10,000 envelopes of a process, and 100,000 in all. Where that is not
 * enough, the process that has been quiet longest goes first.
 */
export class MemoryTimelineStore implements TimelineStore {
  readonly #timelines = new Map<string, DUUIEnvelope[]>()
  #size = 0

  append(envelope: DUUIEnvelope): void {
    const { process_id: processId } = envelope.event
    const timeline = this.#timelines.get(processId) ?? []
    // Moved to the end: the first is the one that has been quiet longest.
    this.#timelines.delete(processId)
    this.#timelines.set(processId, timeline)
    timeline.push(envelope)
    if (timeline.length > PER_PROCESS) timeline.shift()
    else this.#size += 1
    for (const [quiet, { length }] of this.#timelines) {
      if (this.#size <= IN_ALL) break
      this.#timelines.delete(quiet)
      this.#size -= length
    }
  }

  timeline(processId: string): readonly DUUIEnvelope[] {
    return [...(this.#timelines.get(processId) ?? [])]
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'MemoryTimelineStore'
  }
}
