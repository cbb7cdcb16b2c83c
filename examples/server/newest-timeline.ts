import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import type { TimelineStore } from 'wirefold/server'

/**
 * Stores only the timeline of the newest process, since processes follow each other without end.
 */
export class NewestTimeline implements TimelineStore {
  #processId = ''
  #envelopes: DUUIEnvelope[] = []

  append(envelope: DUUIEnvelope): void {
    const { process_id: processId } = envelope.event
    if (processId !== this.#processId) this.#envelopes = []
    this.#processId = processId
    this.#envelopes.push(envelope)
  }

  timeline(processId: string): readonly DUUIEnvelope[] {
    return processId === this.#processId ? [...this.#envelopes] : []
  }
}
