import type { DUUIContext } from 'wirefold/dialects/duui'
import type { SlotName } from './literal-interpreter.ts'

/** One logged payload. */
export interface LoggedPayload {
  readonly eventId: string
  readonly type: string
  readonly content: string
  /** Timestamp of its envelope. */
  readonly timestamp: number
  /** Kind of the outermost context that contained it. */
  readonly kind: string
  /** Threads of all contexts that contained it. */
  readonly threads: string[]
  /** Entries whose contexts contained it, outermost first; unions are not entries. */
  readonly entities: { readonly slot: SlotName; readonly key: string }[]
}

/** Limits of the payload log; beyond them the oldest entries are dropped. */
export interface PayloadLimits {
  readonly entries: number
  /** Number of characters of all contents and types. */
  readonly chars: number
}

/** Default limits of the log. */
export const payloadLimits: PayloadLimits = { entries: 500, chars: 1_000_000 }

/**
 * Reference implementation of the payload log: each payload of an event is stored once, unless its
 * type is NONE, and the oldest ones are dropped beyond the limits.
 */
export function literalPayloadLog(limits: PayloadLimits) {
  const entries: LoggedPayload[] = []
  return { entries, add }

  /** Adds the payloads of a context and its parts, in the order of the cascade. */
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
