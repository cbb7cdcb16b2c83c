/** The kind of a {@link DUUIPayload}; unknown kinds of later versions are passed on. */
export type DUUIPayloadKind =
  | 'STACKTRACE'
  | 'LUA'
  | 'TYPESYSTEM'
  | 'RESPONSE'
  | 'LOGS'
  | 'GENERIC'
  | 'NONE'

/** A long text that belongs to an event: a stack trace, a script, logs. */
export interface DUUIPayload {
  readonly content: string
  readonly type: DUUIPayloadKind
}

/** The fields of every context. */
export interface DUUIContextBase {
  /** Simple class name of the context, which discriminates the union. */
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
  /** Status by component name. */
  readonly pipeline_status: Readonly<Record<string, string>>
  readonly progress: number
  readonly total: number
}

/** A driver that starts components: Docker, a remote endpoint, Kubernetes … */
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

/** A document on its way through the pipeline; durations and times in milliseconds. */
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
  /** UUID of the component. */
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

/** A document that a component is processing. */
export interface DocumentComponentProcessContext extends DUUIContextBase {
  readonly kind: 'DocumentComponentProcessContext'
  readonly document: DocumentProcessContext
  readonly instantiated_component: InstantiatedComponentContext
}

/** The progress of the reader; sizes in bytes. */
export interface ReaderContext extends DUUIContextBase {
  readonly kind: 'ReaderContext'
  readonly total: number
  readonly skipped: number
  readonly read: number
  readonly remaining: number
  readonly used_bytes: number
  readonly total_bytes: number
}

/** The union of the nine contexts, discriminated by `kind`. */
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

/** An event of a process, with its context: the state of the object that the event concerns. */
export interface DUUIEvent {
  readonly _id: string
  readonly process_id: string
  readonly sender: string | null
  readonly message: string
  readonly level: string
  readonly context: DUUIContext
}

/** A message on the wire, and a stored record. */
export interface DUUIEnvelope {
  /** Time of the event, in milliseconds since the Unix epoch. */
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
