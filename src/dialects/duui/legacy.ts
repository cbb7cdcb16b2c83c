import { asFields, asNumber, asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { EventFrame, Frame } from '../../protocol/frame.ts'
import { eventFrame, notice } from '../../protocol/frame-constructors.ts'
import { decodeEnvelope, processChannel } from './envelope.ts'

/** How many entities are remembered; beyond that those that were told of first are forgotten. */
const REMEMBERED = 10_000
/** How deep an entity may stand in an envelope: a document in a process in a component's process. */
const DEEPEST = 3

/**
 * Reads the styles before the envelope as well: a `process` becomes a `ComposerContext`, each of the
 * `documents` a `DocumentContext`. Their events are named after the message they come from, where
 * envelopes' are named `event`.
 *
 * An envelope is the source of truth: of an entity that one has told of, nothing is derived that is
 * not newer, and a message that does not say when it was true is older than every envelope.
 */
export class DUUILegacy {
  /** When an envelope last told of each entity. */
  readonly #told = new Map<string, number>()
  /** The process of this socket, once something has named it. */
  #processId: string | undefined

  /** The process is part of the address: `/ws/processes/<id>/events`. */
  dialled(url: string): void {
    this.#processId ??= /\/processes\/([^/?#]+)/.exec(url)?.[1]
  }

  /** What a message means. */
  decode(wire: unknown): Frame | readonly Frame[] {
    const frame = decodeEnvelope(wire)
    if (frame.kind === 'event') {
      const { process_id, context } = asFields(frame.payload)
      this.#processId = asString(process_id) ?? this.#processId
      this.#note(asFields(context), frame)
      return frame
    }
    const contexts = isFields(wire) ? contextsOf(wire) : []
    return contexts.length && isFields(wire) ? this.#derive(wire, contexts) : frame
  }

  #derive(wire: Fields, contexts: readonly Fields[]): Frame | readonly Frame[] {
    const processId =
      idOf(wire.process_id) ??
      idOf(asFields(wire.process)._id) ??
      idOf(contexts[0]?.process_id) ??
      this.#processId
    if (processId === undefined) return notice('malformed', 'a state of no process', wire)
    this.#processId = processId
    const timestamp = asNumber(wire.timestamp) ?? asNumber(wire.server_time) ?? 0
    const type = asString(wire.type) ?? asString(wire.kind) ?? 'state'
    const channel = processChannel(processId)
    const newer = contexts.filter((context) => {
      const toldAt = this.#told.get(nameOf(channel, context))
      return toldAt === undefined || toldAt < timestamp
    })
    if (newer.length === 0) return notice('ignored', 'no newer than what envelopes told', wire)
    return newer.map((context) => {
      const event = { _id: '', process_id: processId, sender: null, message: '', level: 'NONE' }
      return eventFrame(channel, type, { payload: { ...event, context }, timestamp })
    })
  }

  /** Notes of which entities an envelope tells, in its context and the contexts within. */
  #note(context: Fields, event: EventFrame, level = 1): void {
    const { document, composer } = context
    if (context.kind === 'ComposerContext' || context.kind === 'DocumentContext') {
      const name = nameOf(event.channel, context)
      this.#told.set(name, Math.max(this.#told.get(name) ?? 0, event.timestamp ?? 0))
      const [first = name] = this.#told.keys()
      if (this.#told.size > REMEMBERED) this.#told.delete(first)
    }
    if (level === DEEPEST) return
    for (const part of [document, composer]) {
      if (isFields(part)) this.#note(part, event, level + 1)
    }
  }
}

function contextsOf({ process, documents }: Fields): readonly Fields[] {
  const rows = Array.isArray(documents) ? documents.filter(isFields) : []
  return [
    ...(isFields(process) ? [composerOf(process)] : []),
    ...rows.map((row) => ({ ...contextOf(row), kind: 'DocumentContext' })),
  ]
}

function composerOf(process: Fields): Fields {
  const whole = { runKey: '', pipeline_status: {}, progress: 0, total: 0, ...contextOf(process) }
  return { ...whole, kind: 'ComposerContext' }
}

/** What every context carries, beside all that the row says. */
function contextOf(row: Fields): Fields {
  return { event_id: '', thread: '', ...row, status: asString(row.status) ?? 'Unknown' }
}

function nameOf(channel: string, { kind, path }: Fields): string {
  return kind === 'DocumentContext' ? `${channel} ${path}` : channel
}

/** An id as text, or as BSON writes it: `{"$oid": "…"}`. */
function idOf(value: unknown): string | undefined {
  return asString(value) ?? asString(asFields(value).$oid)
}
