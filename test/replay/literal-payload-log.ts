import type { DUUIContext } from 'wirefold/dialects/duui'
import type { SlotName } from './literal-interpreter.ts'

/** One remembered payload. */
export interface LoggedPayload {
  readonly eventId: string
  readonly type: string
  readonly content: string
  /** When its envelope was stamped. */
  readonly timestamp: number
  /** The kind of the outermost context that carried it. */
  readonly kind: string
  /** The threads of all contexts that carried it. */
  readonly threads: string[]
  /** The entries whose contexts carried it, outermost first; a union is no entry. */
  readonly entities: { readonly slot: SlotName; readonly key: string }[]
}

/** The bounds of the payload log; the oldest entries go first. */
export interface PayloadLimits {
  readonly entries: number
  /** Of contents and types together. */
  readonly chars: number
}

/** The log's bounds where nobody asks for others. */
export const payloadLimits: PayloadLimits = { entries: 500, chars: 1_000_000 }

/**
 * The payload rules, executed as they are written: what any context of an event carries is kept once
 * per event, unless its type says that there is none, and the oldest go when there is too much.
 */
export function literalPayloadLog(limits: PayloadLimits) {
  const entries: LoggedPayload[] = []
  return { entries, add }

  /** Every context of the tree in the order of the cascade, each before its parts. */
  function add(context: DUUIContext, timestamp: number): void {
    switch (context.kind) {
      case 'ComposerContext':
        addOne(context, timestamp, { slot: 'composer', key: '' })
        break
      case 'ReaderContext':
        addOne(context, timestamp, { slot: 'reader', key: '' })
        break
      case 'DriverContext':
        addOne(context, timestamp, { slot: 'drivers', key: context.driver })
        break
      case 'WorkerContext':
        addOne(context, timestamp, { slot: 'workers', key: context.thread || context.name })
        add(context.composer, timestamp)
        break
      case 'DocumentContext':
        addOne(context, timestamp, { slot: 'documents', key: context.path })
        break
      case 'ComponentContext':
        addOne(context, timestamp, { slot: 'components', key: context.component })
        break
      case 'InstantiatedComponentContext':
        addOne(context, timestamp, { slot: 'instances', key: context.instance_id })
        add(context.component, timestamp)
        break
      case 'DocumentProcessContext':
        addOne(context, timestamp, undefined)
        add(context.document, timestamp)
        add(context.composer, timestamp)
        break
      case 'DocumentComponentProcessContext':
        addOne(context, timestamp, undefined)
        add(context.document, timestamp)
        add(context.instantiated_component, timestamp)
        break
    }
  }

  function addOne(
    context: DUUIContext,
    timestamp: number,
    entity: { slot: SlotName; key: string } | undefined,
  ): void {
    if (context.payload === undefined || context.payload.type === 'NONE') return
    const { type, content } = context.payload
    let entry = entries.find(
      (other) =>
        other.eventId === context.event_id && other.type === type && other.content === content,
    )
    if (entry === undefined) {
      const { kind, event_id: eventId } = context
      entry = { eventId, type, content, timestamp, kind, threads: [], entities: [] }
      entries.push(entry)
      while (
        entries.length > limits.entries ||
        entries.reduce((sum, { content, type }) => sum + content.length + type.length, 0) >
          limits.chars
      ) {
        entries.shift()
      }
    }
    if (!entry.threads.includes(context.thread)) entry.threads.push(context.thread)
    if (
      entity !== undefined &&
      !entry.entities.some(({ slot, key }) => slot === entity.slot && key === entity.key)
    ) {
      entry.entities.push(entity)
    }
  }
}
