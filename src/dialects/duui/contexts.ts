/** What a payload of a {@link DUUIContextBase} is; kinds of later versions pass as they are. */
export type DUUIPayloadKind =
  | 'STACKTRACE'
  | 'LUA'
  | 'TYPESYSTEM'
  | 'RESPONSE'
  | 'LOGS'
  | 'GENERIC'
  | 'NONE'

/** Something long that belongs to an event: a stack trace, a script, logs. */
export interface DUUIPayload {
  readonly content: string
  readonly type: DUUIPayloadKind
}

/** What every context carries. */
export interface DUUIContextBase {
  /** The simple class name, by which contexts are told apart. */
  readonly kind: string
  readonly event_id: string
  readonly status: string
  readonly thread: string
  readonly payload?: DUUIPayload
}

/** The pipeline as a whole. */
export interface ComposerContext extends DUUIContextBase {
  readonly kind: 'ComposerContext'
  readonly runKey: string
  /** Component name to status. */
  readonly pipeline_status: Readonly<Record<string, string>>
  readonly progress: number
  readonly total: number
}

/** What starts components: Docker, a remote endpoint, Kubernetes … */
export interface DriverContext extends DUUIContextBase {
  readonly kind: 'DriverContext'
  readonly driver: string
}

/** A thread that takes documents through the pipeline. */
export interface WorkerContext extends DUUIContextBase {
  readonly kind: 'WorkerContext'
  readonly composer: ComposerContext
  readonly name: string
  readonly activeWorkers: number
}

/** A document on its way through the pipeline; durations and moments in milliseconds. */
export interface DocumentContext extends DUUIContextBase {
  readonly kind: 'DocumentContext'
  readonly path: string
  readonly name: string
  readonly size: number
  readonly progress: number
  readonly error: string | null
  readonly is_finished: boolean
  readonly duration_decode: number
  readonly duration_deserialize: number
  readonly duration_wait: number
  readonly started_at: number
  readonly finished_at: number
}

/** A document within a pipeline. */
export interface DocumentProcessContext extends DUUIContextBase {
  readonly kind: 'DocumentProcessContext'
  readonly document: DocumentContext
  readonly composer: ComposerContext
}

/** A step of the pipeline. */
export interface ComponentContext extends DUUIContextBase {
  readonly kind: 'ComponentContext'
  /** Its UUID. */
  readonly component: string
  readonly name: string
  readonly driver: string
  readonly instance_ids: readonly string[]
}

/** A running copy of a component. */
export interface InstantiatedComponentContext extends DUUIContextBase {
  readonly kind: 'InstantiatedComponentContext'
  readonly component: ComponentContext
  readonly instance_id: string
  readonly endpoint: string
}

/** A document in the hands of a component. */
export interface DocumentComponentProcessContext extends DUUIContextBase {
  readonly kind: 'DocumentComponentProcessContext'
  readonly document: DocumentProcessContext
  readonly instantiated_component: InstantiatedComponentContext
}

/** What the reader has fetched; sizes in bytes. */
export interface ReaderContext extends DUUIContextBase {
  readonly kind: 'ReaderContext'
  readonly total: number
  readonly skipped: number
  readonly read: number
  readonly remaining: number
  readonly used_bytes: number
  readonly total_bytes: number
}

/** Any of the nine contexts, told apart by `kind`. */
export type DUUIContext =
  | ComposerContext
  | DriverContext
  | WorkerContext
  | DocumentContext
  | DocumentProcessContext
  | ComponentContext
  | InstantiatedComponentContext
  | DocumentComponentProcessContext
  | ReaderContext

/** What happened, and the state of the things it happened to. */
export interface DUUIEvent {
  readonly _id: string
  readonly process_id: string
  readonly sender: string | null
  readonly message: string
  readonly level: string
  readonly context: DUUIContext
}

/** A message on the wire, and equally a stored record. */
export interface DUUIEnvelope {
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly event: DUUIEvent
}

/** Whether a context is of the given kind. */
export function isContextKind<Kind extends DUUIContext['kind']>(
  context: DUUIContextBase,
  kind: Kind,
): context is Extract<DUUIContext, { kind: Kind }> {
  return context.kind === kind
}
