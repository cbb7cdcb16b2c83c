import type { DUUIEnvelope } from '../../../dialects/duui/contexts.ts'

/** A store for the envelopes of processes. */
export interface TimelineStore {
  /** Adds an envelope to the timeline of its process; if it rejects, the envelope is not sent. */
  append(envelope: DUUIEnvelope): void | Promise<void>
  /** Returns the envelopes of a process in the order in which they were added. */
  timeline(processId: string): readonly DUUIEnvelope[] | Promise<readonly DUUIEnvelope[]>
}

/** Maximum number of envelopes per process. */
const PER_PROCESS = 10_000
/** Maximum number of envelopes in total. */
const IN_ALL = 100_000

/**
 * A store in memory, with the last 10,000 envelopes of each process and 100,000 in total. Beyond
 * that, it removes the process whose last envelope is the oldest.
 */
export class MemoryTimelineStore implements TimelineStore {
  readonly #timelines = new Map<string, DUUIEnvelope[]>()
  #size = 0

  append(envelope: DUUIEnvelope): void {
    const { process_id: processId } = envelope.event
    const timeline = this.#timelines.get(processId) ?? []
    // Moves the process to the end: the map begins with the one that was quiet longest.
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
