import type {
  ComponentContext,
  ComposerContext,
  DocumentContext,
  DocumentProcessContext,
  DriverContext,
  DUUIContext,
  DUUIEnvelope,
  InstantiatedComponentContext,
  ReaderContext,
  WorkerContext,
} from 'wirefold/dialects/duui'
import type { LoggedPayload, PayloadLimits } from './literal-payload-log.ts'
import { literalPayloadLog, payloadLimits } from './literal-payload-log.ts'

/**
 * Reference implementation of the gateway's store rules: one `switch` over the nine kinds and one
 * explicit write per store. It is slow and repetitive on purpose, and shares only types with `src/`,
 * as an independent check of the registry.
 */

/** Rules that decide which of two contexts for one entry wins, and whether fields are merged. */
export interface Mode {
  /**
   * `arrival`: the last received context wins. `timestamp`: the one of the newer envelope. `dedupe`:
   * the last received one, without repeated envelopes.
   */
  readonly order: 'arrival' | 'timestamp' | 'dedupe'
  /** `replace`: the older context is dropped. `merge`: its fields stay unless the newer one has them. */
  readonly apply: 'replace' | 'merge'
}

/** The stores, in no particular order. */
export type SlotName =
  | 'composer'
  | 'drivers'
  | 'workers'
  | 'documents'
  | 'components'
  | 'instances'
  | 'reader'

/** One operation on an entry, or (`duplicate`) on a whole envelope. */
export interface StoreOperation {
  /** The line of the recording, counted from 1. */
  readonly line: number
  readonly op: 'create' | 'set' | 'suppressed' | 'stale' | 'duplicate'
  /** The store; for a duplicate, `envelope`. */
  readonly slot: SlotName | 'envelope'
  /** The key of the entry, empty for a single store; for a duplicate, the event id. */
  readonly key: string
  /** The value of the entry after the operation, if the operation read it. */
  readonly value: DUUIContext | undefined
}

/** Number of operations of each kind. */
export interface Counts {
  readonly created: number
  readonly set: number
  readonly suppressed: number
  readonly stale: number
  readonly duplicates: number
}

/** The result of a run. */
export interface Outcome {
  readonly trace: readonly StoreOperation[]
  readonly state: Readonly<Record<SlotName, ReadonlyMap<string, DUUIContext>>>
  readonly keyOrder: Readonly<Record<SlotName, readonly string[]>>
  /** Number of notifications per entry of a listener added before the run, by slot. */
  readonly setsPerKey: Readonly<Record<SlotName, ReadonlyMap<string, number>>>
  readonly counts: Counts
  readonly payloadLog: readonly LoggedPayload[]
}

/** Applies the rules to a recording. */
export function interpret(
  envelopes: readonly DUUIEnvelope[],
  mode: Mode,
  limits: PayloadLimits = payloadLimits,
): Outcome {
  const trace: StoreOperation[] = []
  const payloads = literalPayloadLog(limits)
  const seen = new Set<string>()

  const composer = new Map<string, ComposerContext>()
  const drivers = new Map<string, DriverContext>()
  const workers = new Map<string, WorkerContext>()
  const documents = new Map<string, DocumentContext>()
  const components = new Map<string, ComponentContext>()
  const instances = new Map<string, InstantiatedComponentContext>()
  const reader = new Map<string, ReaderContext>()
  const lastApplied = new Map<string, number>()

  let line = 0
  let timestamp = 0

  for (const envelope of envelopes) {
    line += 1
    timestamp = envelope.timestamp
    const id = envelope.event._id
    if (mode.order === 'dedupe') {
      if (seen.has(id)) {
        trace.push({ line, op: 'duplicate', slot: 'envelope', key: id, value: undefined })
        continue
      }
      seen.add(id)
    }
    dispatch(envelope.event.context)
    payloads.add(envelope.event.context, timestamp)
  }

  const state = { composer, drivers, workers, documents, components, instances, reader }
  return {
    trace,
    state,
    keyOrder: {
      composer: [...composer.keys()],
      drivers: [...drivers.keys()],
      workers: [...workers.keys()],
      documents: [...documents.keys()],
      components: [...components.keys()],
      instances: [...instances.keys()],
      reader: [...reader.keys()],
    },
    setsPerKey: {
      composer: notified('composer'),
      drivers: notified('drivers'),
      workers: notified('workers'),
      documents: notified('documents'),
      components: notified('components'),
      instances: notified('instances'),
      reader: notified('reader'),
    },
    counts: {
      created: trace.filter(({ op }) => op === 'create').length,
      set: trace.filter(({ op }) => op === 'set').length,
      suppressed: trace.filter(({ op }) => op === 'suppressed').length,
      stale: trace.filter(({ op }) => op === 'stale').length,
      duplicates: trace.filter(({ op }) => op === 'duplicate').length,
    },
    payloadLog: payloads.entries,
  }

  function dispatch(context: DUUIContext): void {
    switch (context.kind) {
      case 'ComposerContext':
        writeSingle('composer', composer, context)
        break
      case 'ReaderContext':
        writeSingle('reader', reader, context)
        break
      case 'DriverContext':
        writeKeyed('drivers', drivers, context.driver, context)
        break
      case 'WorkerContext':
        writeKeyed('workers', workers, context.thread || context.name, context)
        writeSingle('composer', composer, context.composer)
        break
      case 'DocumentContext':
        writeKeyed('documents', documents, context.path, context)
        break
      case 'ComponentContext':
        writeKeyed('components', components, context.component, context)
        break
      case 'InstantiatedComponentContext':
        writeInstance(context)
        break
      case 'DocumentProcessContext':
        writeDocumentProcess(context)
        break
      case 'DocumentComponentProcessContext':
        writeDocumentProcess(context.document)
        writeInstance(context.instantiated_component)
        break
    }
  }

  function writeDocumentProcess(context: DocumentProcessContext): void {
    writeKeyed('documents', documents, context.document.path, context.document)
    writeSingle('composer', composer, context.composer)
  }

  function writeInstance(context: InstantiatedComponentContext): void {
    writeKeyed('instances', instances, context.instance_id, context)
    writeKeyed('components', components, context.component.component, context.component)
  }

  function writeSingle<C extends DUUIContext>(
    slot: SlotName,
    store: Map<string, C>,
    incoming: C,
  ): void {
    if (isStale(slot, '')) return
    const previous = store.get('')
    const next = mode.apply === 'merge' ? { ...previous, ...incoming } : incoming
    store.set('', next)
    // A single store exists from the start, so its first write is a `set`, too.
    trace.push({ line, op: 'set', slot, key: '', value: next })
  }

  function writeKeyed<C extends DUUIContext>(
    slot: SlotName,
    store: Map<string, C>,
    key: string,
    incoming: C,
  ): void {
    if (isStale(slot, key)) return
    const previous = store.get(key)
    if (previous === undefined) {
      store.set(key, incoming)
      trace.push({ line, op: 'create', slot, key, value: incoming })
      return
    }
    const next = mode.apply === 'merge' ? { ...previous, ...incoming } : incoming
    if (isSame(previous, next)) {
      trace.push({ line, op: 'suppressed', slot, key, value: previous })
      return
    }
    store.set(key, next)
    trace.push({ line, op: 'set', slot, key, value: next })
  }

  /** Compares the envelope's timestamp with the last applied one; records it unless stale. */
  function isStale(slot: SlotName, key: string): boolean {
    const entry = `${slot} ${key}`
    const last = lastApplied.get(entry)
    if (mode.order === 'timestamp' && last !== undefined && timestamp < last) {
      trace.push({ line, op: 'stale', slot, key, value: undefined })
      return true
    }
    lastApplied.set(entry, timestamp)
    return false
  }

  function notified(wanted: SlotName): Map<string, number> {
    const calls = new Map<string, number>()
    for (const { op, slot, key } of trace) {
      if (slot !== wanted) continue
      if (op === 'create' || op === 'set') calls.set(key, (calls.get(key) ?? 0) + 1)
    }
    return calls
  }
}

/** Compares by reference, else by number of keys and `===` of every value. */
function isSame(previous: object, next: object): boolean {
  if (previous === next) return true
  const before = new Map(Object.entries(previous))
  const after = Object.entries(next)
  if (before.size !== after.length) return false
  for (const [key, value] of after) {
    if (!before.has(key)) return false
    if (before.get(key) !== value) return false
  }
  return true
}
