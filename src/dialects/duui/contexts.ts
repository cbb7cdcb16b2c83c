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
  /** The text itself. */
  readonly content: string
  /** The kind of the text. */
  readonly type: DUUIPayloadKind
}

/** The fields of every context. */
export interface DUUIContextBase {
  /** Simple class name of the context, which discriminates the union. */
  readonly kind: string
  /** Id of the event that reported this state. */
  readonly event_id: string
  /** Status of the object, such as `ACTIVE` or `COMPLETED`. */
  readonly status: string
  /** Name of the thread that reported the event. */
  readonly thread: string
  /** A long text that belongs to the event. */
  readonly payload?: DUUIPayload
}

/** The pipeline as a whole. */
export interface ComposerContext extends DUUIContextBase {
  readonly kind: 'ComposerContext'
  /** Key of the run of the pipeline. */
  readonly runKey: string
  /** Status by component name. */
  readonly pipeline_status: Readonly<Record<string, string>>
  /** Progress so far, out of `total`. */
  readonly progress: number
  /** Number of all documents. */
  readonly total: number
}

/** A driver that starts components: Docker, a remote endpoint, Kubernetes … */
export interface DriverContext extends DUUIContextBase {
  readonly kind: 'DriverContext'
  /** Name of the driver. */
  readonly driver: string
}

/** A thread that takes documents through the pipeline. */
export interface WorkerContext extends DUUIContextBase {
  readonly kind: 'WorkerContext'
  /** The pipeline that the worker belongs to. */
  readonly composer: ComposerContext
  /** Name of the worker. */
  readonly name: string
  /** Number of workers that are running. */
  readonly activeWorkers: number
}

/** A document on its way through the pipeline; durations and times in milliseconds. */
export interface DocumentContext extends DUUIContextBase {
  readonly kind: 'DocumentContext'
  /** Path of the document. */
  readonly path: string
  /** Name of the document. */
  readonly name: string
  /** Size of the document, in bytes. */
  readonly size: number
  /** Progress of the document, as the gateway counts it. */
  readonly progress: number
  /** The error that ended the processing; `null` if there was none. */
  readonly error: string | null
  /** Whether the pipeline is done with the document. */
  readonly is_finished: boolean
  /** Duration of the decoding, in milliseconds. */
  readonly duration_decode: number
  /** Duration of the deserialization, in milliseconds. */
  readonly duration_deserialize: number
  /** Time that the document waited for a worker, in milliseconds. */
  readonly duration_wait: number
  /** Time of the start, in milliseconds since the Unix epoch. */
  readonly started_at: number
  /** Time of the end, in milliseconds since the Unix epoch. */
  readonly finished_at: number
}

/** A document within a pipeline. */
export interface DocumentProcessContext extends DUUIContextBase {
  readonly kind: 'DocumentProcessContext'
  /** The document. */
  readonly document: DocumentContext
  /** The pipeline that processes the document. */
  readonly composer: ComposerContext
}

/** A step of the pipeline. */
export interface ComponentContext extends DUUIContextBase {
  readonly kind: 'ComponentContext'
  /** UUID of the component. */
  readonly component: string
  /** Name of the component. */
  readonly name: string
  /** Name of the driver that starts the component. */
  readonly driver: string
  /** Ids of the running copies. */
  readonly instance_ids: readonly string[]
}

/** A running copy of a component. */
export interface InstantiatedComponentContext extends DUUIContextBase {
  readonly kind: 'InstantiatedComponentContext'
  /** The component that this is a copy of. */
  readonly component: ComponentContext
  /** Id of the copy. */
  readonly instance_id: string
  /** Address at which the copy accepts documents. */
  readonly endpoint: string
}

/** A document that a component is processing. */
export interface DocumentComponentProcessContext extends DUUIContextBase {
  readonly kind: 'DocumentComponentProcessContext'
  /** The document within its pipeline. */
  readonly document: DocumentProcessContext
  /** The copy that processes the document. */
  readonly instantiated_component: InstantiatedComponentContext
}

/** The progress of the reader; sizes in bytes. */
export interface ReaderContext extends DUUIContextBase {
  readonly kind: 'ReaderContext'
  /** Number of all documents. */
  readonly total: number
  /** Number of documents that the reader skipped. */
  readonly skipped: number
  /** Number of documents that the reader has read. */
  readonly read: number
  /** Number of documents that the reader has not read yet. */
  readonly remaining: number
  /** Size of the documents in work, in bytes. */
  readonly used_bytes: number
  /** Limit of `used_bytes`. */
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
  /** Id of the event. */
  readonly _id: string
  /** Id of the process that the event belongs to. */
  readonly process_id: string
  /** Name of the part that sent the event; `null` if unknown. */
  readonly sender: string | null
  /** Text for people. */
  readonly message: string
  /** Severity of the event, such as `INFO` or `ERROR`. */
  readonly level: string
  /** State of the object that the event concerns. */
  readonly context: DUUIContext
}

/** An event of a process with its time, as the gateway sends and stores it. */
export interface DUUIEnvelope {
  /** Time of the event, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** The event itself. */
  readonly event: DUUIEvent
}

/** Returns whether a context is of the given kind. */
export function isContextKind<Kind extends DUUIContext['kind']>(
  context: DUUIContextBase,
  kind: Kind,
): context is Extract<DUUIContext, { kind: Kind }> {
  return context.kind === kind
}
