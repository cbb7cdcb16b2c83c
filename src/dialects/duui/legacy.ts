import { asFields, asNumber, asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { EventFrame, Frame } from '../../protocol/frame.ts'
import { eventFrame, noticeFrame } from '../../protocol/frame-constructors.ts'
import { decodeEnvelope, processChannel } from './envelope.ts'

/** Maximum number of remembered entities; the oldest are dropped. */
const REMEMBERED = 10_000
/** Maximum nesting of entities: a document in a document process in a component process. */
const DEEPEST = 3

/**
 * A decoder that also reads the formats before the envelope: it derives a `ComposerContext` from a
 * `process`, or from a `process_state` with the fields of one, and a `DocumentContext` from each of
 * the `documents`. The type of a derived event is
 * that of its message; the type of an envelope's event is `event`.
 *
 * Envelopes take precedence: a context is derived only if it is newer than the last envelope with
 * the same entity. A message without a timestamp counts as older than every envelope.
 */
export class DUUILegacy {
  /** Time of the last envelope with each entity. */
  readonly #envelopeTimes = new Map<string, number>()
  /** The process of this socket, once the URL or a message has named it. */
  #processId: string | undefined

  /** Reads the process id from the URL: `/ws/processes/<id>/events`. */
  readUrl(url: string): void {
    this.#processId ??= /\/processes\/([^/?#]+)/.exec(url)?.[1]
  }

  /** Decodes a message. */
  decode(wire: unknown): Frame | readonly Frame[] {
    const frames = decodeEnvelope(wire)
    const event = 'kind' in frames ? frames : frames[0]
    if (event.kind === 'event') {
      const { process_id, context } = asFields(event.payload)
      this.#processId = asString(process_id) ?? this.#processId
      this.#note(asFields(context), event)
      return frames
    }
    const contexts = isFields(wire) ? contextsOf(wire) : []
    return contexts.length && isFields(wire) ? this.#derive(wire, contexts) : frames
  }

  #derive(wire: Fields, contexts: readonly Fields[]): Frame | readonly Frame[] {
    const processId =
      idOf(wire.process_id) ??
      idOf(asFields(wire.process)._id) ??
      idOf(contexts[0]?.process_id) ??
      this.#processId
    if (processId === undefined) return noticeFrame('malformed', 'its process is unknown', wire)
    this.#processId = processId
    const timestamp = asNumber(wire.timestamp) ?? asNumber(wire.server_time) ?? 0
    const type = asString(wire.type) ?? asString(wire.kind) ?? 'state'
    const channel = processChannel(processId)
    const newer = contexts.filter((context) => {
      const envelopeTime = this.#envelopeTimes.get(nameOf(channel, context))
      return envelopeTime === undefined || envelopeTime < timestamp
    })
    if (newer.length === 0)
      return noticeFrame('ignored', 'it is not newer than the envelopes', wire)
    return newer.map((context) => {
      const event = { _id: '', process_id: processId, sender: null, message: '', level: 'NONE' }
      return eventFrame(channel, type, { payload: { ...event, context }, timestamp })
    })
  }

  /** Records the time of the entities in an envelope's context and in the contexts nested in it. */
  #note(context: Fields, event: EventFrame, level = 1): void {
    const { document, composer } = context
    if (context.kind === 'ComposerContext' || context.kind === 'DocumentContext') {
      const name = nameOf(event.channel, context)
      const time = Math.max(this.#envelopeTimes.get(name) ?? 0, event.timestamp ?? 0)
      this.#envelopeTimes.set(name, time)
      const [first = name] = this.#envelopeTimes.keys()
      if (this.#envelopeTimes.size > REMEMBERED) this.#envelopeTimes.delete(first)
    }
    if (level === DEEPEST) return
    for (const part of [document, composer]) {
      if (isFields(part)) this.#note(part, event, level + 1)
    }
  }
}

function contextsOf(wire: Fields): readonly Fields[] {
  const { documents } = wire
  const process = isFields(wire.process) ? wire.process : flatProcess(wire)
  const rows = Array.isArray(documents) ? documents.filter(isFields) : []
  return [
    ...(process ? [composerOf(process)] : []),
    ...rows.map((row) => ({ ...contextOf(row), kind: 'DocumentContext' })),
  ]
}

/** Returns the process of a `process_state` that has its fields beside its type. */
function flatProcess({ type, kind, documents, timestamp, server_time, ...process }: Fields) {
  const isState =
    (type ?? kind) === 'process_state' && (process.status ?? process.progress) !== undefined
  return isState ? process : undefined
}

function composerOf(process: Fields): Fields {
  const whole = { runKey: '', pipeline_status: {}, progress: 0, total: 0, ...contextOf(process) }
  return { ...whole, kind: 'ComposerContext' }
}

/** Returns a row with the fields of every context added. */
function contextOf(row: Fields): Fields {
  return { event_id: '', thread: '', ...row, status: asString(row.status) ?? 'Unknown' }
}

function nameOf(channel: string, { kind, path }: Fields): string {
  return kind === 'DocumentContext' ? `${channel} ${path}` : channel
}

/** Returns an id given as text or as MongoDB extended JSON: `{"$oid": "…"}`. */
function idOf(value: unknown): string | undefined {
  return asString(value) ?? asString(asFields(value).$oid)
}
